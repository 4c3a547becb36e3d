package e2e

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/org/jetson-frontend/internal/harness"
)

const gitToken = "a-token-that-nobody-else-has"

// repository is a bare git repository with one commit, tagged v1.
type repository struct{ root, commit string }

// newRepository makes one that no builder has seen: what a builder has, it
// gives to whoever knows the commit.
func newRepository(t *testing.T) repository {
	t.Helper()
	work := folder(t, map[string]string{"hello": "from a private repository", "which": rand.Text()})
	r := repository{root: t.TempDir()}
	git := func(args ...string) string {
		cmd := exec.CommandContext(t.Context(), "git", args...)
		cmd.Dir = work
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
			"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.invalid", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.invalid")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	git("init", "-q", "-b", "main")
	git("add", ".")
	git("commit", "-q", "-m", "one")
	git("tag", "v1")
	git("clone", "-q", "--bare", ".", r.bare())
	r.commit = git("rev-parse", "HEAD")
	return r
}

func (r repository) bare() string { return filepath.Join(r.root, "private.git") }

// overHTTP serves it to who has the token.
func (r repository) overHTTP(t *testing.T) (url string) {
	t.Helper()
	s := httptest.NewServer(harness.BasicAuth("x-access-token", gitToken, r.backend(t)))
	t.Cleanup(s.Close)
	return s.URL + "/private.git"
}

// openly serves it to everybody.
func (r repository) openly(t *testing.T) (url string) {
	t.Helper()
	s := httptest.NewServer(r.backend(t))
	t.Cleanup(s.Close)
	return s.URL + "/private.git"
}

func (r repository) backend(t *testing.T) http.Handler {
	t.Helper()
	core, err := exec.CommandContext(t.Context(), "git", "--exec-path").Output()
	must(t, err)
	return &cgi.Handler{
		Path: filepath.Join(strings.TrimSpace(string(core)), "git-http-backend"), Env: []string{"GIT_PROJECT_ROOT=" + r.root, "GIT_HTTP_EXPORT_ALL=1"},
		Stderr: new(bytes.Buffer),
	}
}

// overSSH serves it to who has the server's key.
func (r repository) overSSH(t *testing.T) (url string, s *sshServer) {
	t.Helper()
	s = startSSH(t, func(command string, ch ssh.Channel) error {
		if command != "git-upload-pack '/private.git'" {
			return fmt.Errorf("%s is not for you", command)
		}
		cmd := exec.Command("git", "upload-pack", r.bare())
		cmd.Stdin, cmd.Stdout, cmd.Stderr = ch, ch, ch.Stderr()
		return cmd.Run()
	})
	return "ssh://git@" + s.addr + "/private.git", s
}

// fromGit is a stack whose source is a repository; pin is the rest of it.
func fromGit(url, pin string, args ...any) string {
	return fmt.Sprintf(`[[component]]
name = "mine"
[[component.version]]
version = "1"
date = "2024-01-01"
sources = [{ to = "/src/mine", git = %q, %s }]
[[component.step]]
kind = "files"
put = [{ to = "/usr/local/mine", source = "/src/mine" }]
`, url, fmt.Sprintf(pin, args...))
}

// tree builds a folder and reads a file of it.
func (c *tool) tree(stack, file string, args ...string) (string, ran) {
	c.t.Helper()
	out := filepath.Join(c.t.TempDir(), "out")
	got := c.build(fast(c.t, stack, nil), append(args, "-o", out)...)
	data, err := os.ReadFile(filepath.Join(out, file))
	must(c.t, err)
	return string(data), got
}

// TestGitToken takes a private repository over HTTP. Without its token one
// message says what to give, with it nothing of the token is left anywhere.
func TestGitToken(t *testing.T) {
	c := newTool(t)
	c.env = append(c.env, "TOKEN="+gitToken, "WRONG=another", "EMPTY=")
	repo := newRepository(t)
	url := repo.overHTTP(t)
	host := strings.Split(url, "/")[2]
	pinned := fromGit(url, `tag = "v1", commit = %q`, repo.commit)
	tagged := fromGit(url, `tag = "v1"`)
	for _, stack := range []string{pinned, tagged} {
		for _, secret := range []string{"id=jetson,env=TOKEN", "id=GIT_AUTH_TOKEN,env=WRONG"} {
			c.refused(c.try(fast(t, stack, nil), "--secret", secret),
				host+" wants credentials for this repository and was given none that it takes", "stack.toml:7:", "help: --secret id=GIT_AUTH_TOKEN,env=TOKEN")
		}
	}
	r := fast(t, pinned, nil)
	image := filepath.Join(t.TempDir(), "image.tar")
	got := c.build(r, "--secret", "id=GIT_AUTH_TOKEN,env=TOKEN", "--provenance=mode=max", "-o", "type=oci,force-compression=true,compression=uncompressed,dest="+image)
	data, err := os.ReadFile(image)
	must(t, err)
	if !bytes.Contains(data, []byte("from a private repository")) || !bytes.Contains(data, []byte("GIT_AUTH_TOKEN")) {
		t.Error("the image has not the repository's file, or no provenance that tells of the secret's name")
	}
	for _, secret := range []string{gitToken, base64.StdEncoding.EncodeToString([]byte("x-access-token:" + gitToken))} {
		if bytes.Contains(data, []byte(secret)) || strings.Contains(got.err+got.out, secret) {
			t.Error("the token is in the image, its provenance or the log")
		}
	}
	other := newRepository(t)
	url = other.overHTTP(t)
	c.refused(c.try(fast(t, fromGit(url, `tag = "v2"`), nil), "--secret", "id=GIT_AUTH_TOKEN,env=TOKEN"), "the repository "+url+" has no tag or branch v2")
	c.refused(c.try(fast(t, fromGit(url+"x", `commit = %q`, other.commit), nil), "--secret", "id=GIT_AUTH_TOKEN,env=TOKEN"), "there is no repository "+url+"x")
	id := "id=GIT_AUTH_TOKEN." + strings.Split(url, "/")[2] + ",env=TOKEN"
	if text, _ := c.tree(fromGit(url, `branch = "main"`), "usr/local/mine/hello", "--secret", id); text != "from a private repository" {
		t.Errorf("for one host, the tree has %q", text)
	}
}

// TestGitSSH takes a private repository over SSH, from a builder that has never
// seen its host: with the host's key in the stack, by key and by agent.
func TestGitSSH(t *testing.T) {
	c := newTool(t)
	repo := newRepository(t)
	url, server := repo.overSSH(t)
	stranger, strangersFile := newSSHKey(t)
	stack := func(hostKey, pin string) string { return fromGit(url, `host_key = %q, %s`, hostKey, pin) }
	commit := fmt.Sprintf("commit = %q", repo.commit)
	for _, pin := range []string{commit, `tag = "v1"`} {
		known := fast(t, stack(server.hostKey, pin), nil)
		c.refused(c.try(known), "this repository is fetched over SSH and the build was given no key", "stack.toml:7:", "--ssh default=FILE")
		c.refused(c.try(known, "--ssh", "other="+server.keyFile), "the build was given no key")
		c.refused(c.try(known, "--ssh", "default="+strangersFile), "git@127.0.0.1 takes none of the SSH keys that it was offered", "stack.toml:7:")
		c.refused(c.try(fast(t, stack(publicKey(stranger), pin), nil), "--ssh", "default="+server.keyFile), "the SSH server has another key than host_key says", "ssh-keyscan")
	}
	if text, _ := c.tree(stack(server.hostKey, `tag = "v1"`), "usr/local/mine/hello", "--ssh", "default="+server.keyFile); text != "from a private repository" {
		t.Errorf("by key the tree has %q", text)
	}
	repo = newRepository(t)
	url, server = repo.overSSH(t)
	c.env = append(c.env, "SSH_AUTH_SOCK="+agent(t, server.keyFile))
	if text, _ := c.tree(stack(server.hostKey, fmt.Sprintf("commit = %q", repo.commit)), "usr/local/mine/hello", "--ssh", "default"); text != "from a private repository" {
		t.Errorf("by agent the tree has %q", text)
	}
}

// TestGitSSHThroughBuildx: the frontend image, which has no network, takes the
// same repository with the same flags.
func TestGitSSHThroughBuildx(t *testing.T) {
	repo := newRepository(t)
	url, server := repo.overSSH(t)
	r := fast(t, fromGit(url, `host_key = %q, tag = "v1"`, server.hostKey), nil)
	out := filepath.Join(t.TempDir(), "out")
	bx, err := harness.NewBuildx(t.Context(), t.TempDir(), suite.Daemon)
	must(t, err)
	if text, err := bx.Run(deadline(t, minute), r.Context, append(arguments(r), "--ssh", "default="+server.keyFile, "-o", out, ".")...); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if data, err := os.ReadFile(filepath.Join(out, "usr/local/mine/hello")); err != nil || string(data) != "from a private repository" {
		t.Errorf("the tree has %q: %v", data, err)
	}
}

// agent starts an SSH agent that holds a key, and returns its socket.
func agent(t *testing.T, keyFile string) string {
	t.Helper()
	sock := filepath.Join(t.TempDir(), "agent.sock")
	cmd := exec.CommandContext(t.Context(), "ssh-agent", "-D", "-a", sock)
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended by itself
		_ = cmd.Wait()
	})
	ctx := deadline(t, minute/4)
	for { // until it listens
		add := exec.CommandContext(ctx, "ssh-add", "-q", keyFile)
		add.Env = append(os.Environ(), "SSH_AUTH_SOCK="+sock)
		out, err := add.CombinedOutput()
		if err == nil {
			return sock
		}
		if ctx.Err() != nil {
			t.Fatalf("ssh-add: %v\n%s", err, out)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
