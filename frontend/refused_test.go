package frontend

import (
	"strings"
	"testing"
)

// TestRefused goes through the words that BuildKit v0.34, git 2.39 and OpenSSH
// 9.2 have for what a host refuses.
func TestRefused(t *testing.T) {
	for name, c := range map[string]struct{ text, why, help, registry string }{
		"a private repository": {"failed to fetch remote https://git.example/x.git: git stderr:\nfatal: could not read Username for 'https://git.example': terminal prompts disabled\n: exit status 128",
			"git.example wants credentials for this repository and was given none that it takes", "GIT_AUTH_TOKEN.git.example is for this host", ""},
		"a wrong password": {"git stderr:\nfatal: Authentication failed for 'https://git.example/x.git/'\n: exit status 128", "git.example wants credentials", "id=GIT_AUTH_TOKEN", ""},
		"a hidden repository": {"git stderr:\nremote: Repository not found.\nfatal: repository 'https://git.example/x.git/' not found\n: exit status 128",
			"there is no repository https://git.example/x.git, or none that whoever asks may see", "id=GIT_AUTH_TOKEN", ""},
		"no tag": {`repository does not contain ref v7, output: ""`, "the repository has no tag or branch v7", "git ls-remote", ""},
		"a dead host": {"git stderr:\nfatal: unable to access 'http://127.0.0.1:1/x.git/': Failed to connect to 127.0.0.1 port 1 after 0 ms: Couldn't connect to server\n: exit status 128",
			"http://127.0.0.1:1/x.git cannot be reached: Failed to connect to 127.0.0.1 port 1 after 0 ms: Couldn't connect to server", "the builder", ""},
		"no key":   {`no SSH key "default" forwarded from the client`, "the build was given no key", "--ssh default=FILE", ""},
		"no agent": {"unset ssh forward key default", "the build was given no key", "--ssh default", ""},
		"a wrong key": {"git stderr:\ngit@git.example: Permission denied (publickey).\nfatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\nand the repository exists.\n: exit status 128",
			"git@git.example takes none of the SSH keys", "--ssh default", ""},
		"a wrong host":      {"git stderr:\nHost key verification failed.\nfatal: Could not read from remote repository.\n: exit status 128", "another key than host_key says", "ssh-keyscan", ""},
		"a dead ssh host":   {"git stderr:\nssh: connect to host 127.0.0.1 port 1: Connection refused\nfatal: Could not read from remote repository.\n: exit status 128", "the SSH server cannot be reached: host 127.0.0.1 port 1: Connection refused", "the builder", ""},
		"a nameless host":   {"git stderr:\nssh: Could not resolve hostname x.invalid: Name or service not known\nfatal: Could not\n: exit status 128", "the SSH server cannot be reached: Could not resolve hostname x.invalid", "", ""},
		"whatever git says": {"failed to fetch remote https://x: git stderr:\nfatal: the disk is full\n: exit status 128", "the disk is full", "", ""},
		"a lost commit": {"failed to fetch remote https://x: git stderr:\nfatal: remote error: upload-pack: not our ref 1111111111111111111111111111111111111111\n: exit status 128",
			"the repository has no commit 1111111111111111111111111111111111111111", "git ls-remote", ""},
		"no tree": {"git stderr:\nfatal: reference is not a tree: 1111111111111111111111111111111111111111\n: exit status 128", "the repository has no commit 1111111111111111111111111111111111111111", "", ""},
		"no export": {"failed to fetch remote git://x: git stderr:\nfatal: remote error: access denied or repository not exported: /x\n: exit status 128",
			"access denied or repository not exported: /x", "", ""},
		"no ssh": {"git stderr:\nssh -F /dev/null -o StrictHostKeyChecking=no: 1: ssh: not found\nfatal: Could not read from remote repository.\n: exit status 128",
			"the builder needs an SSH client", "openssh-client", ""},
		"a private file": {"failed to load cache key: invalid response status 401", "wants credentials for this file: status 401", "HTTP_AUTH_TOKEN_HOST", ""},
		"no file":        {"invalid response status 404", "the server does not give this file: status 404", "", ""},
		"an error page":  {"digest mismatch sha256:e3b0: sha256:47f5", "what came has the sha256:e3b0, not the sha256:47f5 of the pin", "an error page is another file", ""},
		"a push": {`failed to push r.example/a/b:1: unexpected status from HEAD request to https://r.example/v2/a/b/blobs/sha256:d1: 401 Unauthorized`,
			"the registry r.example refuses the push of a/b:1", "docker login r.example", "r.example"},
		"a push without rights": {"failed to push r.example/a:1: unexpected status from POST request to https://r.example/v2/a/blobs/uploads/: 403 Forbidden", "the registry r.example refuses the push of a:1", "", "r.example"},
		"a push with a token": {"failed to push docker.io/me/a:1: push access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed",
			"the registry docker.io refuses the push of me/a:1", "", "docker.io"},
		"a wrong token": {"[context a.example/b:1] load metadata for r.example:5000/a:1: failed to authorize: failed to fetch oauth token: unexpected status from GET request to https://auth.example/token?scope=x&service=y: 401 Unauthorized: no",
			"the registry r.example:5000 refuses access to a:1", "", "r.example:5000"},
		"a base": {"127.0.0.1:5000/a:1: unexpected status from HEAD request to http://127.0.0.1:5000/v2/a/manifests/1: 401 Unauthorized", "the registry 127.0.0.1:5000 refuses access to a", "", "127.0.0.1:5000"},
		"a dead registry": {`failed to push 127.0.0.1:1/a:1: failed to do request: Head "http://127.0.0.1:1/v2/a/blobs/sha256:d1": dial tcp 127.0.0.1:1: connect: connection refused`,
			"the registry 127.0.0.1:1 cannot be reached: connection refused", "the builder", ""},
		"a plain registry": {`failed to do request: Head "https://r.example/v2/a/blobs/sha256:d1": http: server gave HTTP response to HTTPS client`, "the registry r.example cannot be reached", "registry.insecure=true", ""},
		"no helper":        {"error getting credentials - err: exec: \"docker-credential-x\": executable file not found in $PATH, out: ``", "docker-credential-x, which is not on PATH", "credsStore", ""},
		"a helper's words": {"failed to push r.example/a:1: error getting credentials - err: exit status 1, out: `the vault is locked`", "the credential helper of Docker's config failed: the vault is locked", "", ""},
		"anything else":    {"process \"make\" did not complete successfully: exit code: 2", "", "", ""},
		"a mere mention":   {"cat: /etc/shadow: Permission denied", "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := Refused(c.text)
			if c.why == "" && r.Why != "" || !strings.Contains(r.Why, c.why) || !strings.Contains(r.Help, c.help) || r.Registry != c.registry {
				t.Errorf("%+v", r)
			}
			if strings.Contains(r.Why, "\n") || strings.Contains(r.Why, "status 128") || strings.Contains(r.Why, "failed to") && name != "a dead host" {
				t.Errorf("this is a chain: %s", r.Why)
			}
		})
	}
}
