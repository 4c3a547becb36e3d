package stacks

import (
	"path"
	"slices"
	"strings"

	"github.com/org/jetson-frontend/stacks/tree"
)

// MergedNames are folders at the top of a root that are links to those of the
// same name in /usr. A tree that holds one as a folder destroys such a root when
// it is merged.
func MergedNames() []string { return []string{"bin", "sbin", "lib", "lib32", "lib64", "libx32"} }

// Merged is a path with such a link followed.
func Merged(p string) string {
	top, _, _ := strings.Cut(strings.TrimPrefix(p, "/"), "/")
	if slices.Contains(MergedNames(), top) {
		return "/usr" + p
	}
	return p
}

// refusedCopies are folders whose modes are not those that a copied tree would
// give them, or in which nothing of an image is seen.
var refusedCopies = [...]string{"/tmp", "/proc", "/dev", "/sys", "/run", "/var/tmp", "/var/run", "/var/lock", "/var/mail", "/var/local"}

// rootFolder reports whether p is a folder of any root, in whose place a copy
// would stand.
func rootFolder(p string) bool {
	var known []string
	switch path.Dir(p) {
	case "/":
		known = []string{"boot", "etc", "home", "media", "mnt", "opt", "root", "srv", "usr", "var"}
	case "/usr":
		known = append(MergedNames(), "games", "include", "libexec", "local", "share", "src")
	case "/usr/local":
		known = []string{"bin", "etc", "games", "include", "lib", "libexec", "man", "sbin", "share", "src"}
	case "/var":
		known = []string{"backups", "cache", "lib", "log", "opt", "spool"}
	}
	return slices.Contains(known, path.Base(p))
}

// copy looks at one [[copy]]. What a pattern matches goes into a folder: without
// its slash the files would be written one over the other.
func (c checker) copy(cp Copy) {
	c.relPath(cp.From)
	c.absPath(cp.To)
	if _, err := path.Match(cp.From.V, ""); err != nil {
		c.add(c.errorf("bad-path", cp.From.At, "%q is not a pattern that files can match", cp.From.V).
			WithHelp("a [ that is meant as it stands is written \\[, and every other one is closed by a ]"))
	}
	c.mode(cp.Mode)
	if IsPattern(cp.From.V) && cp.To.V != "" && !strings.HasSuffix(cp.To.V, "/") {
		c.add(c.errorf("bad-path", cp.To.At, "%q may be several files, and %q is not written as a folder", cp.From.V, cp.To.V).
			WithHelp("write %q", cp.To.V+"/"))
		return
	}
	if p, ok := CleanAbs(cp.To.V); ok {
		c.copyPlace(cp.To, Merged(p))
	}
}

// copyPlace refuses places where a copy would do harm to the root.
func (c checker) copyPlace(to tree.Text, p string) {
	below := func(r string) bool { return p == r || strings.HasPrefix(p, r+"/") }
	switch {
	case p == "/":
		c.add(c.errorf("bad-output", to.At, "nothing can be copied over the whole root").WithHelp("name the folders below it, each in a [[copy]] of its own"))
	case slices.ContainsFunc(refusedCopies[:], below):
		c.add(c.errorf("bad-output", to.At, "nothing can be copied to %q", to.V).WithHelp("copy it below /opt, /usr or /etc; not to %s", strings.Join(refusedCopies[:], ", ")))
	case !strings.HasSuffix(to.V, "/") && rootFolder(p):
		c.add(c.errorf("bad-output", to.At, "a copy would stand in the place of %s", p).WithHelp("write %q to put it into that folder", to.V+"/"))
	}
}
