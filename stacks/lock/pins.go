package lock

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// What a lock says goes to apt, to pip and into addresses of BuildKit's: each
// has one form, and none can be taken for an option.
var (
	commit   = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)
	imageSum = regexp.MustCompile(`^(sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$`)
	fileSum  = regexp.MustCompile(`^[0-9a-f]{64}$`)
	aptExact = regexp.MustCompile(`^[a-z0-9][a-z0-9.+-]+(:[a-z0-9-]+)?=[0-9][A-Za-z0-9.+:~-]*$`)
	pipExact = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9][A-Za-z0-9._+!-]* --hash=sha256:[0-9a-f]{64}$`)
)

// check refuses what cannot be a pin: whoever takes a lock's word for one
// has no further look at it.
func (f *File) check() error {
	for _, p := range []struct {
		what string
		of   map[string]string
		is   *regexp.Regexp
	}{{"the digest of an image", f.Images, imageSum}, {"a full commit", f.Git, commit}, {"a sha256", f.HTTP, fileSum}} {
		for _, name := range slices.Sorted(maps.Keys(p.of)) {
			if pin := p.of[name]; !p.is.MatchString(pin) {
				return fmt.Errorf("the lock has %.80q for %.200q, which is not %s", pin, name, p.what)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.Packages)) {
		// A download is named by its architecture, its kind and what it is for.
		form := pipExact
		if _, rest, _ := strings.Cut(name, "/"); strings.HasPrefix(rest, "apt/") {
			form = aptExact
		}
		for _, line := range f.Packages[name].Exact {
			if !form.MatchString(line) {
				return fmt.Errorf("the lock has %.80q for %.200q, which names no package with its version", line, name)
			}
		}
	}
	return nil
}

// notALock says why a text is no lock. A file that is cut short is told from one
// that is empty.
func notALock(err error) error {
	switch {
	case errors.Is(err, io.EOF):
		return errors.New("the lock is empty")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the lock ends before its JSON does")
	}
	return fmt.Errorf("reading the lock: %w", err)
}
