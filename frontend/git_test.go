package frontend

import (
	"errors"
	"strings"
	"testing"

	"github.com/org/jetson-frontend/stacks/resolve"
)

// What BuildKit v0.34 says of repositories is said in a user's words.
func TestGitWords(t *testing.T) {
	const commit = "1111111111111111111111111111111111111111"
	for _, tc := range []struct{ text, why, help string }{
		{`repository does not contain ref v2, output: ""`, "the repository has no tag or branch v2", "git ls-remote"},
		{`failed to load: repository does not contain ref v2+x, output: "a\tb"`, "the repository has no tag or branch v2+x", "git ls-remote"},
		{"git stderr:\nfatal: reference is not a tree: " + commit + "\n: exit status 128", "the repository has no commit " + commit, "git ls-remote"},
		{"failed to fetch remote https://x: git stderr:\nfatal: remote error: upload-pack: not our ref " + commit + "\n: exit status 128", "the repository has no commit " + commit, ""},
		{"failed to fetch remote https://x: git stderr:\nfatal: could not read Username for 'https://x': terminal prompts disabled\n: exit status 128",
			"could not read Username for 'https://x': terminal prompts disabled", "GIT_AUTH_TOKEN"},
		{"failed to fetch remote git://x: git stderr:\nfatal: remote error: access denied or repository not exported: /x\n: exit status 128",
			"access denied or repository not exported: /x", ""},
		{"failed to do request: Head", "", ""},
	} {
		if why, help := GitWords(tc.text); why != tc.why || !strings.Contains(help, tc.help) {
			t.Errorf("%s\nis %q, help %q", tc.text, why, help)
		}
	}
}

func TestNotFound(t *testing.T) {
	request := resolve.Request{Git: &resolve.GitRef{URL: "https://x/y.git", Ref: "v2"}}
	for text, want := range map[string]string{
		`repository does not contain ref v2, output: ""`:                                           "the repository https://x/y.git has no tag or branch v2 (git ls-remote https://x/y.git prints the tags and branches that it has)",
		"failed to fetch remote: git stderr:\nfatal: Could not resolve host: x\n: exit status 128": "v2 of https://x/y.git cannot be looked up: Could not resolve host: x",
		"something else": "https://x/y.git#v2 cannot be looked up: something else",
	} {
		if got := notFound(request, errors.New(text), false).Message(); got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
}
