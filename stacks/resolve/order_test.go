package resolve_test

import (
	"testing"

	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/catalog"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/platform"
	"github.com/org/jetson-frontend/stacks/resolve"
)

// TestOrderPlaysNoPart: in whatever order a stack names its components, it is
// the same plan, and the same backtracking.
func TestOrderPlaysNoPart(t *testing.T) {
	cat, err := catalog.Embedded()
	must(t, err)
	db, diags := platform.Embedded()
	must(t, diags.Err())
	for _, tt := range []struct {
		jetpack string
		stacks  []string
		name    string // of the component that is looked at
		version string
	}{
		{"6.2", []string{"torchaudio+torchvision", "torchvision+torchaudio", "pytorch+torchvision+torchaudio", "torchaudio+torchvision+pytorch"}, "pytorch", "2.9.1"},
		{"5.1.6", []string{"noetic+vtk:apt+cupcl", "cupcl+vtk:apt+noetic", "vtk:apt+noetic+cupcl", "cupcl+noetic+pcl:apt+vtk:apt"}, "pcl", "1.10.0"},
	} {
		for _, text := range tt.stacks {
			s, diags := stacks.Parse(&diag.File{Name: "stack.toml", Data: []byte("stack = \"" + text + "\"\njetpack = \"" + tt.jetpack + "\"\n")})
			must(t, diags.Err())
			r := resolve.Resolve(resolve.Input{Stack: s, Catalog: cat, Platforms: db, Facts: resolve.Facts{Offline: true}})
			if r.Plan == nil {
				t.Errorf("%s: %v", text, r.Diags)
				continue
			}
			if c, ok := r.Plan.Component(tt.name); !ok || c.Version != tt.version {
				t.Errorf("%s: %s is %s, not %s", text, tt.name, c.Version, tt.version)
			}
		}
	}
}
