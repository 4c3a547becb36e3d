package frontend

import (
	"errors"
	"testing"

	"github.com/org/jetson-frontend/stacks/resolve"
)

func TestNotFound(t *testing.T) {
	request := resolve.Request{Git: &resolve.GitRef{URL: "https://x/y.git", Ref: "v2"}}
	for text, want := range map[string]string{
		`repository does not contain ref v2, output: ""`:                                           "the repository https://x/y.git has no tag or branch v2 (git ls-remote https://x/y.git prints the tags and branches that it has)",
		"failed to fetch remote: git stderr:\nfatal: Could not resolve host: x\n: exit status 128": "v2 of https://x/y.git cannot be looked up: Could not resolve host: x",
		"something else": "v2 of https://x/y.git cannot be looked up: something else",
	} {
		if got := notFound(request, errors.New(text), false).Message(); got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
}
