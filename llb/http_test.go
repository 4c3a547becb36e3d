package llb_test

import (
	"strings"
	"testing"

	"github.com/moby/buildkit/solver/pb"
)

// TestDownloadsAreForAll: BuildKit gives a download to root alone. A key that
// the image keeps is read by apt's own user, a file by whoever runs it.
func TestDownloadsAreForAll(t *testing.T) {
	b := compile(t, real(t, "humble:base+pytorch", "6.2", ""), "arm64")
	seen := 0
	for _, op := range ops(t, b, b.Result) {
		src := op.GetSource()
		if src == nil || !strings.HasPrefix(src.Identifier, "http") {
			continue
		}
		seen++
		if mode := src.Attrs[pb.AttrHTTPPerm]; mode != "0644" {
			t.Errorf("%s has the mode %q", src.Identifier, mode)
		}
	}
	if seen < 3 {
		t.Errorf("%d downloads: this test looks at the wrong thing", seen)
	}
}
