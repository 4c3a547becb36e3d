package cli

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/moby/buildkit/solver/pb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/org/jetson-frontend/internal/timeline"
	"github.com/org/jetson-frontend/stacks/diag"
)

// What BuildKit v0.34 says of common failures is said in a user's words.
func TestInWords(t *testing.T) {
	for name, c := range map[string]struct{ step, why, text, want, help string }{
		"a missing file": {"[stack] copy from the context",
			`failed to calculate checksum of ref 01t18::v76ia: "/nothere.txt": not found`, "", `[stack] copy from the context: the build context has no "nothere.txt"`, ".dockerignore"},
		"a missing commit": {"[mine 1.0] source", "failed to checkout remote git://127.0.0.1/tiny.git: git stderr:\nfatal: reference is not a tree: aa36000000000000000000000000000000000000\n: exit status 128", "",
			"[mine 1.0] source: the repository has no commit aa36000000000000000000000000000000000000", "git ls-remote"},
		"a repository that does not answer": {"[mine 1.0] source", "failed to fetch remote git://127.0.0.1:1/x.git: git stderr:\nfatal: unable to connect to 127.0.0.1:\n127.0.0.1[0: 127.0.0.1]: errno=Connection refused\n\n: exit status 128", "",
			"[mine 1.0] source: unable to connect to 127.0.0.1: 127.0.0.1[0: 127.0.0.1]: errno=Connection refused", ""},
		"a test": {"[test] mine", "test mine: stdout does not contain: 2.0", "", "[test] mine: stdout does not contain: 2.0", ""},
		"a compiler": {"[mine 1.0] cmake build", `process "/bin/sh /run/jetson/op/cmake.sh" did not complete successfully: exit code: 1`, "",
			"[mine 1.0] cmake build: its command ended with exit code 1", ""},
		"a base image": {"[base] docker.io/library/debian:bookworm-slim", "failed to do request: Head", "", "[base] docker.io/library/debian:bookworm-slim: failed to do request: Head",
			"--build-context debian:bookworm-slim=docker-image://"},
		"no step":     {"", "", `failed to solve: there is no target "x"`, `there is no target "x"`, ""},
		"no emulator": {"[mine 1.0] script", "exec /bin/sh: exec format error", "", "exec format error", "qemu-user-static"},
	} {
		t.Run(name, func(t *testing.T) {
			got, help := inWords(timeline.Failure{Step: c.step, Why: c.why}, c.text)
			if !strings.HasSuffix(got, c.want) || !strings.Contains(help, c.help) {
				t.Errorf("%s\nhelp: %s", got, help)
			}
		})
	}
}

// TestLost: what the builder canceled is told from what its user did.
func TestLost(t *testing.T) {
	stopped, stop := context.WithCancel(t.Context())
	stop()
	canceled := fmt.Errorf("failed to solve: %w", status.Error(codes.Canceled, "context canceled"))
	for name, c := range map[string]struct {
		ctx  context.Context
		err  error
		want bool
	}{
		"by the builder": {t.Context(), canceled, true},
		"by the user":    {stopped, canceled, false},
		"another error":  {t.Context(), status.Error(codes.Unknown, "exit code: 1"), false},
		"none":           {t.Context(), nil, false},
	} {
		if got := lost(c.ctx, c.err); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// A place that does not fit its file must not end the program.
func TestOffset(t *testing.T) {
	f := &diag.File{Name: "stack.toml", Data: []byte("ab\ncd\n")}
	for _, c := range []struct{ line, char, want int32 }{{1, 1, 1}, {2, 1, 4}, {9, 0, 6}, {2, 99, 6}, {0, 0, 0}, {1, -3, 0}} {
		if got := offset(f, &pb.Position{Line: c.line, Character: c.char}); got != int(c.want) {
			t.Errorf("line %d, character %d: %d, want %d", c.line, c.char, got, c.want)
		}
	}
	if got := offset(f, nil); got != 0 {
		t.Errorf("nowhere: %d", got)
	}
}
