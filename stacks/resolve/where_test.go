package resolve_test

import (
	"strings"
	"testing"

	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/catalog"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/platform"
	"github.com/org/jetson-frontend/stacks/resolve"
)

// TestRealFindings asks the catalog for what cannot be: a finding says
// why, and where it can.
func TestRealFindings(t *testing.T) {
	cat, err := catalog.Embedded()
	must(t, err)
	db, ds := platform.Embedded()
	must(t, ds.Err())
	for _, c := range []struct {
		stack string
		args  string // K=V …
		rule  string
		says  string // part of the summary or of the help
	}{
		{"humble", "JETPACK=5.1.6", "no-version", `humble can be had on JetPack 6.0 to 6.2.3; the nearest is 6.0; or here with ubuntu = "22.04"`},
		{"humble", "PLATFORM=ubuntu-24.04", "no-version", "humble can be had on ubuntu-22.04; or on JetPack 6.0 to 6.2.3"},
		{"humble+vtk9", "JETPACK=4.6", "refused", `can be had with the rest of the stack on JetPack 6.0 to 6.2.3, for other devices than t210, t186 and t194; or here with ubuntu = "22.04"`},
		{"humble+jazzy", "JETPACK=6.2", "conflict", "no version of ros is both humble and jazzy"},
		{"jazzy+humble", "JETPACK=6.2", "conflict", "no version of ros is both humble and jazzy"},
		{"jazzy+pytorch", "JETPACK=6.2", "no-version", "jazzy can be had with the rest of the stack on JetPack 7.2, 7.2.1; the nearest is 7.2"},
		{"humble+pytorch", "JETPACK=7.2 UBUNTU_VERSION=22.04", "refused", "it can be had with the rest of the stack on JetPack 6.1 to 6.2.3; the nearest is 6.2.3"},
		{"foxy:perception", "JETPACK=5.1.6", "refused", "another version of it can be had on JetPack 6.0"},
		{"noetic", "JETPACK=7.2", "unavailable", `or here with ubuntu = "20.04"`},
		{"cuda", "JETPACK=5.0-dp", "unavailable", "the nearest is 5.0.2"},
		{"vtk:data+pcl", "JETPACK=6.2", "refused", "vtk:data cannot draw"},
		{"cudnn", "JETPACK=5.1.6 CUDA_VERSION=12.2", "refused", `set cudnn = "8.9"`},
		{"tensorrt", "JETPACK=5.1.6 CUDA_VERSION=12.2 CUDNN_VERSION=8.9", "refused", "TensorRT 8.4 and 8.5 are made for CUDA 11"},
		{"tensorrt", "JETPACK=6.0 CUDA_VERSION=12.6 CUDNN_VERSION=9.3", "refused", "TensorRT 8 calls cuDNN 8"},
		{"tensorrt", "PLATFORM=ubuntu-22.04 TENSORRT_VERSION=8.6 CUDNN_VERSION=8.9", "refused", "CUDA 11 and 12"},
	} {
		t.Run(c.stack+" "+c.args, func(t *testing.T) {
			s, ds := stacks.Parse(&diag.File{Name: "stack.toml", Data: []byte("stack = \"" + c.stack + "\"\n")})
			must(t, ds.Err())
			args := map[string]string{}
			for _, a := range strings.Fields(c.args) {
				k, v, _ := strings.Cut(a, "=")
				args[k] = v
			}
			over, ds := resolve.ParseOverrides(args, nil, cat, db)
			must(t, ds.Err())
			r := resolve.Resolve(resolve.Input{Stack: s, Catalog: cat, Platforms: db, Overrides: over, Facts: resolve.Facts{Offline: true}})
			for _, g := range r.Diags {
				if g.Severity == diag.Error && g.Rule == c.rule && strings.Contains(g.Summary+"\n"+g.Help, c.says) {
					return
				}
			}
			t.Errorf("nothing says %s: %s\n%s", c.rule, c.says, summary(r))
		})
	}
}
