// Package lock reads and writes the lock file: what mutable references stood
// for when the lock was made, and which versions apt and pip chose. With it, a
// build of another day takes the same or fails.
package lock

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	// Exact is all that came, sorted: "name:arch=version" of apt, with "unpack "
	// before it if it is not installed; "name==version --hash=sha256:…" of pip.
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
		return nil, notALock(err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("reading the lock: something follows its end")
	}
	if f.Schema != Schema {
		return nil, fmt.Errorf("the lock's schema is %d, this program knows %d", f.Schema, Schema)
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	return f, nil
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
