package llb_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/org/jetson-frontend/internal/genstack"
	"github.com/org/jetson-frontend/llb"
	"github.com/org/jetson-frontend/llb/graph"
	"github.com/org/jetson-frontend/stacks/catalog"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/lint"
	"github.com/org/jetson-frontend/stacks/plan"
)

// TestLayerBudget: past the budget, what changes least becomes one layer. What
// counts is what the definition comes to, and the rule says the same.
func TestLayerBudget(t *testing.T) {
	for _, tt := range []struct {
		name               string
		components, steps  int
		copies             int
		squashed, copyLeft bool
	}{
		{"few", 20, 1, 0, false, false},
		{"many components", 130, 1, 0, true, false},
		{"many copies", 20, 1, 140, false, true},
		{"many components and copies", 130, 1, 140, true, true},
		{"components of two steps", 70, 2, 0, true, false},
	} {
		p := planOf(t, many(tt.components, tt.steps, tt.copies))
		warned := len(lint.Plan(p, func(string) diag.Range { return diag.Range{} })) > 0
		if warned != tt.squashed {
			t.Errorf("%s: warned %v", tt.name, warned)
		}
		onBuilders(t, func(t *testing.T, build string) {
			b := compileWithContext(t, p, build)
			if squashed := b.Graph.Node("squash") != nil; squashed != tt.squashed {
				t.Errorf("%s: squashed %v", tt.name, squashed)
			}
			own, copied := ownLayers(t, b)
			switch {
			case own > lint.LayerBudget:
				t.Errorf("%s: the image has %d layers of its own", tt.name, own)
			// As few as need be; a builder of another architecture has the most.
			case tt.squashed && build == "amd64" && own < lint.LayerBudget-(tt.steps-1):
				t.Errorf("%s: the image has %d layers of its own, and might have %d", tt.name, own, lint.LayerBudget)
			case !tt.squashed && build == "amd64" && own != lint.Layers(p):
				t.Errorf("%s: the image has %d layers of its own, the rule counts %d", tt.name, own, lint.Layers(p))
			}
			if want := map[bool]int{true: 1}[tt.copyLeft]; copied != want {
				t.Errorf("%s: copies from the context are %d layers", tt.name, copied)
			}
		})
	}
}

// ownLayers are those that an image has on top of its base, and how many of
// them are copies from the context.
func ownLayers(t *testing.T, b *llb.Build) (own, copies int) {
	t.Helper()
	def, err := b.Definition(b.Result)
	must(t, err)
	all, err := llb.Layers(def, "")
	must(t, err)
	for _, l := range all {
		if !l.Image {
			own++
		}
		if strings.Contains(l.Name, "copy from the context") {
			copies++
		}
	}
	return own, copies
}

func compileWithContext(t *testing.T, p *plan.Plan, build string) *llb.Build {
	t.Helper()
	context := bk.Local("context")
	b, err := llb.Compile(t.Context(), p, llb.Options{Options: graph.Options{Build: build}, Caps: capable, Context: &context})
	must(t, err)
	return b
}

// many is a stack of so many components of so many steps, and copies.
func many(components, steps, copies int) fstest.MapFS {
	fsys := genstack.Catalog(components)
	for name, f := range fsys {
		if strings.HasPrefix(name, catalog.Root) {
			for i := 1; i < steps; i++ {
				f.Data = append(bytes.Clone(f.Data), "\n[[step]]\nkind = \"script\"\nrun = \"true\"\noutputs = [\"/usr/local/x\"]\n"...)
			}
		}
	}
	stack := genstack.Stack(components)
	for i := range copies {
		stack = fmt.Appendf(stack, "[[copy]]\nfrom = \"f%d\"\nto = \"/opt/f%d\"\n", i, i)
	}
	fsys["stack.toml"] = &fstest.MapFile{Data: stack}
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
	return fsys
}
