package llb_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	bk "github.com/moby/buildkit/client/llb"

	"github.com/org/jetson-frontend/llb"
	"github.com/org/jetson-frontend/llb/graph"
)

// TestCopyKeepsRoot: a copied tree holds nothing that would change the root that
// it is merged with: no real /lib, and /root as only root sees it.
func TestCopyKeepsRoot(t *testing.T) {
	fsys := archive(t, "testdata/laws.txtar")
	fsys["stack.toml"].Data = slices.Concat(fsys["stack.toml"].Data, []byte(`
[[copy]]
from = "rules"
to   = "/lib/udev/rules.d/"
[[copy]]
from = "x"
to   = "/root/.config/x"
`))
	context := bk.Local("context")
	b, err := llb.Compile(t.Context(), planOf(t, fsys), llb.Options{Options: graph.Options{Build: "amd64"}, Caps: capable, Context: &context})
	must(t, err)
	var got []string
	for _, op := range ops(t, b, b.State(b.Graph.Node("copy"))) {
		for _, a := range op.GetFile().GetActions() {
			if m := a.GetMkdir(); m != nil && m.Mode == 0o700 {
				got = append(got, "private "+m.Path)
			}
			if c := a.GetCopy(); c != nil {
				got = append(got, c.Dest)
			}
		}
	}
	if diff := cmp.Diff([]string{"private /root", "/usr/lib/udev/rules.d/", "/root/.config/x"}, got); diff != "" {
		t.Error(diff)
	}
}
