package stacks

import (
	"regexp"
	"strings"

	"github.com/org/jetson-frontend/stacks/tree"
)

// source looks at where one source comes from, and at its pin.
func (c checker) source(s Source) {
	if p, ok := CleanAbs(s.To.V); !s.To.Set() {
		// that it is missing is said elsewhere
	} else if !ok || !strings.HasPrefix(p, "/src/") || p != s.To.V {
		c.add(c.errorf("bad-path", s.To.At, "a source goes below /src, not to %q", s.To.V).WithHelp(`write it like "/src/%s"`, "name"))
	}
	kinds := c.oneOf(s.At, "a source", map[string]tree.Text{
		"git": s.Git, "http": s.HTTP, "image": s.Image, "context": s.Context, "files": s.Files,
	})
	if kinds != 1 {
		return
	}
	switch {
	case s.Git.Set():
		if !open(s.Git) && !ValidURL(s.Git.V, "https", "http", "git", "ssh") {
			g := BadURL(s.Git, s.Git.V, GitURL, GitSecret)
			if g.Help == "" {
				g.Help = "write it like https://host/path.git"
			}
			c.add(g)
		}
		if s.Commit.Set() && !isHex(s.Commit.V, 40) {
			c.add(c.errorf("bad-pin", s.Commit.At, "%q is not a full commit", s.Commit.V).WithHelp("a commit has 40 hexadecimal digits"))
		}
		if !s.Commit.Set() && !s.Tag.Set() && !s.Branch.Set() {
			c.add(c.errorf("missing-key", s.At, "a git source needs %q, or at least %q or %q", "commit", "tag", "branch"))
		}
		c.gitRef(s.Tag)
		c.gitRef(s.Branch)
		c.hostKey(s)
	case s.HTTP.Set():
		if !open(s.HTTP) && !ValidURL(s.HTTP.V, "https", "http") {
			c.add(BadURL(s.HTTP, s.HTTP.V, HTTPURL, HTTPSecret))
		}
		c.sha256(s.SHA256)
	case s.Context.Set():
		c.relPath(s.Context)
	case s.Files.Set():
		c.relPath(s.Files)
	}
	for _, p := range s.Patches {
		c.relPath(p)
	}
}

var gitRef = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/+-]*$`)

func (c checker) gitRef(t tree.Text) {
	if t.Set() && !open(t) && !ValidGitRef(t.V) {
		c.add(c.errorf("bad-ref", t.At, "%q cannot be a git tag or branch", t.V))
	}
}

var hostKey = regexp.MustCompile(`^[a-z0-9@.-]+ [A-Za-z0-9+/]+=*$`)

// ValidHostKey reports whether s can be the public key of an ssh server: its
// type and its text, without the host's name before it or a comment behind.
func ValidHostKey(s string) bool { return hostKey.MatchString(s) }

func (c checker) hostKey(s Source) {
	switch {
	case !s.HostKey.Set() || open(s.HostKey):
	case !ValidHostKey(s.HostKey.V):
		c.add(c.errorf("bad-pin", s.HostKey.At, "%q is not the public key of an ssh server", s.HostKey.V).
			WithHelp("write its type and the key, as in ssh-ed25519 AAAA…; ssh-keyscan HOST prints both behind the name"))
	case !open(s.Git) && !strings.HasPrefix(s.Git.V, "ssh://"):
		c.add(c.errorf("bad-pin", s.HostKey.At, "host_key is for a repository over ssh://, which %q is not", s.Git.V))
	}
}

// open reports whether a text of a component holds a reference, and so is
// checked once it is expanded.
func open(t tree.Text) bool { return strings.Contains(t.V, "${") }

// literal is its counterpart for what a stack says itself: nothing expands
// that, so that it is checked as it stands.
func literal(tree.Text) bool { return false }

// ValidGitRef reports whether s can be a tag or a branch.
func ValidGitRef(s string) bool {
	return gitRef.MatchString(s) && !strings.Contains(s, "..") && len(s) <= 200
}

func (c checker) sha256(t tree.Text) {
	if t.Set() && !open(t) && !IsSHA256(t.V) {
		c.add(c.errorf("bad-pin", t.At, "%q is not a sha256", t.V).WithHelp("a sha256 has 64 hexadecimal digits in lower case"))
	}
}
