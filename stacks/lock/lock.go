// Package lock reads and writes the lock file: what mutable references stood
// for when the lock was made, and which versions apt and pip chose. With it, a
// build of another day takes the same or fails.
package lock

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Schema is the version of the file's shape.
const Schema = 1

// MaxSize bounds a lock file, in bytes.
const MaxSize = 8 << 20

// File is a lock.
type File struct {
	Schema int `json:"schema"`
	// Images maps a reference to the digest of its index.
	Images map[string]string `json:"images,omitempty"`
	// Git maps "url#ref" to a commit.
	Git map[string]string `json:"git,omitempty"`
	// HTTP maps an address to a sha256.
	HTTP map[string]string `json:"http,omitempty"`
	// Packages maps a download, by architecture and name in the build's graph,
	// to what it brought.
	Packages map[string]Packages `json:"packages,omitempty"`
}

// Packages are what one download brought.
type Packages struct {
	// Wanted is what was asked for. A download that asks for something else is
	// not held to the lock.
	Wanted []string `json:"wanted"`
	// Exact is all that came, sorted: "name:arch=version" of apt, "name==version
	// --hash=sha256:…" of pip.
	Exact []string `json:"exact"`
}

// Decode reads a lock and refuses one of another schema.
func Decode(data []byte) (*File, error) {
	if len(data) > MaxSize {
		return nil, fmt.Errorf("the lock has %d bytes; at most %d are read", len(data), MaxSize)
	}
	f := &File{}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(f); err != nil {
		return nil, fmt.Errorf("reading the lock: %w", err)
	}
	if f.Schema != Schema {
		return nil, fmt.Errorf("the lock's schema is %d, this program knows %d", f.Schema, Schema)
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	return f, nil
}

// What a lock says goes to apt, to pip and into addresses of BuildKit's: each
// has one form, and none can be taken for an option.
var (
	imageDigest = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	gitCommit   = regexp.MustCompile(`^[0-9a-f]{40}$`)
	checksum    = regexp.MustCompile(`^[0-9a-f]{64}$`)
	aptExact    = regexp.MustCompile(`^[a-z0-9][a-z0-9.+-]+(:[a-z0-9-]+)?=[0-9][A-Za-z0-9.+:~-]*$`)
	pipExact    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9][A-Za-z0-9._+!-]* --hash=sha256:[0-9a-f]{64}$`)
)

// check holds every value to its form.
func (f *File) check() error {
	for _, m := range []struct {
		what   string
		values map[string]string
		form   *regexp.Regexp
	}{{"digest", f.Images, imageDigest}, {"commit", f.Git, gitCommit}, {"sha256", f.HTTP, checksum}} {
		for _, key := range slices.Sorted(maps.Keys(m.values)) {
			if !m.form.MatchString(m.values[key]) {
				return fmt.Errorf("the lock says %q for %s, which is not a %s", m.values[key], key, m.what)
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
				return fmt.Errorf("the lock says %q for %s, which names no package with its version", line, name)
			}
		}
	}
	return nil
}

// Encode writes a lock; equal locks give equal bytes.
func (f *File) Encode() ([]byte, error) {
	out := *f
	out.Schema = Schema
	b, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the lock: %w", err)
	}
	return append(b, '\n'), nil
}

// GitKey is the key of File.Git.
func GitKey(url, ref string) string { return url + "#" + ref }
