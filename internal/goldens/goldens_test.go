// Package goldens keeps what the examples come to, on every release that the
// platform data has, as text that is read in a review: a change of data or of
// code shows here as what it changes for a user.
//
// go test ./internal/goldens -update writes the files anew.
package goldens

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/jetson-frontend/frontend"
	"github.com/org/jetson-frontend/internal/harness"
	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/platform"
	"github.com/org/jetson-frontend/stacks/resolve"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares text with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		must(t, os.MkdirAll(filepath.Dir(file), 0o755))
		must(t, os.WriteFile(file, []byte(got), 0o644))
		return
	}
	want, err := os.ReadFile(file)
	must(t, err)
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s is another now; if that is right, run go test ./internal/goldens -update\n%s", file, diff)
	}
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// example is a stack of examples/, read as the command line reads it.
type example struct{ name, dir string }

func examples(t *testing.T) []example {
	t.Helper()
	root, err := harness.Root()
	must(t, err)
	files, err := filepath.Glob(filepath.Join(root, "examples", "*", "stack.toml"))
	must(t, err)
	if len(files) == 0 {
		t.Fatal("there are no examples")
	}
	var out []example
	for _, f := range files {
		dir := filepath.Dir(f)
		out = append(out, example{filepath.Base(dir), dir})
	}
	return out
}

// resolve plans the example with build arguments, without a network. The
// builder is always the same.
func (e example) resolve(t *testing.T, args map[string]string) (*stacks.Stack, resolve.Result) {
	t.Helper()
	return e.resolveFor(t, "", args)
}

// resolveFor plans it for an architecture; "" is the platform's own.
func (e example) resolveFor(t *testing.T, arch string, args map[string]string) (*stacks.Stack, resolve.Result) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(e.dir, "stack.toml"))
	must(t, err)
	here := os.DirFS(e.dir)
	prep := frontend.Prepare(&diag.File{Name: "stack.toml", Data: data}, args,
		frontend.Files{Context: here, Beside: here, Lock: frontend.LockName("stack.toml")})
	must(t, prep.Diags.Err())
	prep.Input.Arch, prep.Input.Native = arch, "amd64"
	prep.Input.Facts.Offline = true
	r := resolve.Resolve(prep.Input)
	frontend.Lint(&r)
	r.Diags = append(prep.Diags, r.Diags...).Sorted()
	return prep.Input.Stack, r
}

// target is a release, or one of its chips, with the build arguments for it.
type target struct {
	title, distro string
	args          map[string]string
}

// targets are every release, previews too. Where one set of packages
// serves several chips, each of them stands apart too.
func targets(t *testing.T) []target {
	t.Helper()
	db, diags := platform.Embedded()
	must(t, diags.Err())
	var out []target
	for _, r := range db.Releases {
		title := "JetPack " + r.JetPack.V
		out = append(out, target{title, r.Distro.V, map[string]string{"JETPACK": r.JetPack.V}})
		if len(r.SoCs) < 2 || r.Flavour.V != "sbsa" {
			continue
		}
		for _, s := range r.SoCs {
			out = append(out, target{title + " on " + s.V, r.Distro.V, map[string]string{"JETPACK": r.JetPack.V, "DEVICE": s.V}})
		}
	}
	if len(out) == 0 {
		t.Fatal("there are no releases")
	}
	return out
}

// TestPlans holds the plan of every example on every release against its
// golden. An example that is not for JetPack is also planned as it is.
func TestPlans(t *testing.T) {
	all := targets(t)
	for _, e := range examples(t) {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			var w writer
			if s, r := e.resolve(t, nil); !s.JetPack.Set() {
				w.result("as it is", r)
			}
			w.results(t, e, all)
			golden(t, e.name+".txt", w.String())
		})
	}
}

// TestOtherDistributions plans the flagship with the ROS of the releases that
// do not have the flagship's own.
func TestOtherDistributions(t *testing.T) {
	for distro, ros := range map[string]string{"ubuntu-20.04": "foxy", "ubuntu-24.04": "jazzy"} {
		t.Run(ros, func(t *testing.T) {
			t.Parallel()
			var on []target
			for _, to := range targets(t) {
				if to.distro == distro {
					to.args["STACK"] = ros + "+qt5+vtk9+cupcl"
					on = append(on, to)
				}
			}
			var w writer
			w.results(t, flagship(t), on)
			golden(t, "flagship-with-"+ros+".txt", w.String())
		})
	}
}

// TestWorkstation plans the flagship for a workstation with a discrete GPU, and
// for an arm64 server.
func TestWorkstation(t *testing.T) {
	var w writer
	for _, arch := range []string{"amd64", "arm64"} {
		_, r := flagship(t).resolveFor(t, arch, map[string]string{"PLATFORM": "ubuntu-22.04"})
		w.result("ubuntu-22.04 on "+arch, r)
	}
	golden(t, "flagship-on-a-workstation.txt", w.String())
}

// TestOverrides: a build argument that moves one version moves with it whatever
// depends on that, or is refused.
func TestOverrides(t *testing.T) {
	const vendor = "cuda+cudnn+tensorrt"
	var w writer
	for _, c := range []struct {
		title string
		args  map[string]string
	}{
		{"the flagship", nil},
		{"CUDA 12.8", map[string]string{"CUDA_VERSION": "12.8"}},
		{"VTK 9.3", map[string]string{"VTK_VERSION": "9.3"}},
		{"PCL 1.14.1", map[string]string{"PCL_VERSION": "1.14.1"}},
		{"VTK 9.6", map[string]string{"VTK_VERSION": "9.6"}},
		{"Ubuntu 24.04", map[string]string{"UBUNTU_VERSION": "24.04"}},
		{"Ubuntu 24.04 with Jazzy", map[string]string{"UBUNTU_VERSION": "24.04", "STACK": "jazzy+qt5+vtk9+cupcl"}},
		{"JetPack 7.2 with Ubuntu 22.04", map[string]string{"JETPACK": "7.2", "UBUNTU_VERSION": "22.04"}},
		{"Python 3.11", map[string]string{"PYTHON_VERSION": "3.11"}},
		{vendor, map[string]string{"STACK": vendor}},
		{vendor + ", CUDA 12.9", map[string]string{"STACK": vendor, "CUDA_VERSION": "12.9"}},
		{vendor + ", cuDNN 9.5", map[string]string{"STACK": vendor, "CUDNN_VERSION": "9.5"}},
		{vendor + ", TensorRT 10.7", map[string]string{"STACK": vendor, "TENSORRT_VERSION": "10.7"}},
		{"PyTorch, Python 3.12", map[string]string{"STACK": "pytorch", "PYTHON_VERSION": "3.12"}},
	} {
		_, r := flagship(t).resolve(t, c.args)
		w.result(c.title, r)
	}
	golden(t, "overrides.txt", w.String())
}

// TestDeviceCode plans what has device code of its own for one device, and
// holds every option that CMake is given for it: what a chip's number goes into
// shows nowhere else.
func TestDeviceCode(t *testing.T) {
	var w writer
	for _, stack := range []string{"pcl:cuda", "opencv:cuda"} {
		_, r := flagship(t).resolve(t, map[string]string{"STACK": stack, "JETPACK": "6.2", "DEVICE": "agx-orin"})
		w.result(stack+" on JetPack 6.2 for agx-orin", r)
		if r.Plan == nil {
			t.Fatal(r.Diags.Err())
		}
		w.options(r.Plan)
	}
	golden(t, "device-code.txt", w.String())
}

func flagship(t *testing.T) example {
	t.Helper()
	all := examples(t)
	i := slices.IndexFunc(all, func(e example) bool { return e.name == "flagship" })
	if i < 0 {
		t.Fatal("there is no example flagship")
	}
	return all[i]
}

func (w *writer) results(t *testing.T, e example, on []target) {
	for _, to := range on {
		_, r := e.resolve(t, to.args)
		w.result(to.title, r)
	}
}
