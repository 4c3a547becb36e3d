package llb_test

import (
	"testing"
	"testing/fstest"

	"github.com/org/jetson-frontend/internal/genstack"
	"github.com/org/jetson-frontend/llb/graph"
	"github.com/org/jetson-frontend/stacks/lint"
)

// TestLayerBudget: past the budget, what changes least becomes one layer.
func TestLayerBudget(t *testing.T) {
	for _, n := range []int{20, 130} {
		fsys := genstack.Catalog(n)
		fsys["stack.toml"] = &fstest.MapFile{Data: genstack.Stack(n)}
		fsys["platform/p.toml"] = &fstest.MapFile{Data: []byte(`
[[distribution]]
name = "debian-12"
id = "debian"
version = "12"
codename = "bookworm"
image = "example.invalid/debian:12"
digest = "sha256:6666666666666666666666666666666666666666666666666666666666666666"
arches = ["arm64"]
date = "2024-01-01"
cross = { arm64 = ["gcc"] }
source = "made for this test"
`)}
		b := compile(t, planOf(t, fsys), "amd64")
		trees := len(b.Graph.Node("rootfs").Inputs(graph.Tree))
		if trees > lint.LayerBudget {
			t.Errorf("%d components give an image of %d trees", n, trees)
		}
		if squashed := b.Graph.Node("squash") != nil; squashed != (n > lint.LayerBudget) {
			t.Errorf("%d components: squashed %v", n, squashed)
		}
	}
}
