package frontend

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/org/jetson-frontend/stacks/diag"
)

// TestMissing: only the path itself that is not there is a path that is not there.
func TestMissing(t *testing.T) {
	for text, want := range map[string]bool{
		"lstat /var/lib/buildkit/mnt123/stack.lock: no such file or directory":            true,
		"failed to read: open /tmp/buildkit-mount1/stack.lock: no such file or directory": true,
		"failed to mount /var/lib/buildkit/snapshots/12: no such file or directory":       false,
		"lstat stack.lock: no such file or directory":                                     true,
		"lstat my-stack.lock: no such file or directory":                                  false,
		"sha256:aa: not found": false,
		"rpc error: code = Unavailable desc = error reading from server: EOF": false,
		"lstat /tmp/buildkit-mount1/stack.lock: permission denied":            false,
		"ref stack.lock not found":                                            false,
	} {
		if got := errors.Is(missing("stat", "stack.lock", errors.New(text)), fs.ErrNotExist); got != want {
			t.Errorf("%s: not there is %v", text, got)
		}
	}
}

// failing has a lock that cannot be read.
type failing struct{ fs.FS }

func (failing) ReadFile(name string) ([]byte, error) {
	return nil, &fs.PathError{Op: "read", Path: name, Err: errors.New("the daemon has gone")}
}

// TestUnreadableLock: a lock that is there and cannot be read is an error; one
// that is not there is none.
func TestUnreadableLock(t *testing.T) {
	stack := &diag.File{Name: "stack.toml", Data: []byte("stack = \"flann\"\nplatform = \"debian-12\"\n")}
	p := Prepare(stack, nil, Files{Beside: failing{}, Lock: "stack.lock"})
	err := p.Diags.Err()
	if err == nil || !strings.Contains(err.Error(), "the daemon has gone") || p.Diags.Errors()[0].Rule != "bad-lock" {
		t.Errorf("the error is %v", err)
	}
	p = Prepare(stack, nil, Files{Beside: fstest.MapFS{}, Lock: "stack.lock"})
	if err := p.Diags.Err(); err != nil || p.Input.Lock != nil {
		t.Errorf("without a lock: %v", err)
	}
}
