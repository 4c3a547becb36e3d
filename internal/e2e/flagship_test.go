package e2e

import (
	"cmp"
	"debug/elf"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/org/jetson-frontend/frontend"
	"github.com/org/jetson-frontend/internal/engine"
	"github.com/org/jetson-frontend/internal/harness"
	"github.com/org/jetson-frontend/llb/graph"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/plan"
	"github.com/org/jetson-frontend/stacks/resolve"
)

// A world is what the flagship is built in here: the catalog's own data, laid
// over with Debian 12 in the place of Ubuntu 22.04, stand-ins for the archives
// of ROS and NVIDIA, and stand-ins for sources that no test machine reaches.
// See testdata/flagship/README.md.
type world struct {
	dir     string // the build context, with catalog/ and standin/ in it
	catalog string
}

// layWorld copies the data with changes, and says what the stack comes to with
// them. Replacements are made in the components' files, by path.
func layWorld(t *testing.T, dir, stack string, changes map[string][][2]string) (world, *plan.Plan) {
	t.Helper()
	root, err := harness.Root()
	must(t, err)
	w := world{dir: dir, catalog: filepath.Join(dir, "catalog")}
	components := filepath.Join(root, "stacks/catalog/components")
	for name, edits := range changes {
		from := filepath.Join(components, name)
		if st, err := os.Stat(from); err == nil && st.IsDir() {
			must(t, os.CopyFS(filepath.Join(w.catalog, "components", name), os.DirFS(from)))
			name = filepath.Join(name, filepath.Base(name)+".toml")
			from = filepath.Join(components, name)
		}
		data, err := os.ReadFile(from)
		must(t, err)
		text := string(data)
		for _, e := range edits {
			re := regexp.MustCompile(e[0])
			if !re.MatchString(text) {
				t.Fatalf("%s has nothing like %s", name, e[0])
			}
			text = re.ReplaceAllString(text, e[1])
		}
		write(t, filepath.Join(w.catalog, "components", name), text)
	}
	write(t, filepath.Join(w.dir, "stack.toml"), stack)
	w.platform(t, root, nil)
	return w, w.plan(t, stack)
}

// newWorld serves the archives that a stack asks for in its world.
func newWorld(t *testing.T, r engine.Request, stack string, changes map[string][][2]string) world {
	t.Helper()
	root, err := harness.Root()
	must(t, err)
	w, p := layWorld(t, r.Dir, stack, changes)
	archives := map[string]string{}
	cudart := cudartFiles(t, r)
	for _, name := range []string{"ros2", "l4t"} {
		url, key := standInArchive(t, standInPackages(packagesFrom(p, name), cudart))
		archives[name] = fmt.Sprintf("url = { any = %q }\nsuites = [\"/\"]\nkey = { http = %q, sha256 = %q }\n", url, url+"/key.asc", key)
	}
	w.platform(t, root, archives)
	return w
}

// platform writes Debian 12 under Ubuntu's name, and the stand-in archives.
func (w world) platform(t *testing.T, root string, archives map[string]string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, "stacks/platform/data/distributions.toml"))
	must(t, err)
	_, rest, ok := strings.Cut(string(data), "name     = \"debian-12\"\n")
	if !ok {
		t.Fatal("there is no debian-12 in the data")
	}
	row, _, _ := strings.Cut(rest, "[[distribution]]")
	for _, e := range [][2]string{{`id       = "debian"`, `id = "ubuntu"`}, {`version  = "12"`, `version = "22.04"`}} {
		if !strings.Contains(row, e[0]) {
			t.Fatalf("the row of debian-12 has no %s", e[0])
		}
		row = strings.Replace(row, e[0], e[1], 1)
	}
	text := "[[distribution]]\nname = \"ubuntu-22.04\"\n" + row
	for _, name := range slices.Sorted(maps.Keys(archives)) {
		text += fmt.Sprintf("\n[[archive]]\nname = %q\norder = 100\nsource = \"a stand-in of this test\"\n%s", name, archives[name])
	}
	write(t, filepath.Join(w.catalog, "platform/standin.toml"), text)
}

// plan resolves the stack in this world, without a daemon.
func (w world) plan(t *testing.T, stack string) *plan.Plan {
	t.Helper()
	var context fs.FS = os.DirFS(w.dir)
	p := frontend.Prepare(&diag.File{Name: "stack.toml", Data: []byte(stack)}, nil, frontend.Files{Context: context, Catalog: os.DirFS(w.catalog)})
	p.Input.Facts.Offline, p.Input.Arch = true, "arm64"
	res := resolve.Resolve(p.Input)
	must(t, append(p.Diags, res.Diags...).Err())
	return res.Plan
}

func packagesFrom(p *plan.Plan, archive string) []string {
	all := map[string]bool{}
	lists := [][]plan.Link{p.Apt.Run, p.Apt.Dev}
	for _, c := range p.Components {
		lists = append(lists, c.Apt, c.HostApt)
	}
	for _, links := range lists {
		for _, l := range links {
			if l.Archive == archive {
				for _, name := range l.Packages {
					all[name] = true
				}
			}
		}
	}
	if archive == "ros2" {
		for _, name := range []string{"desktop", "pcl-conversions", "image-tools"} {
			all["ros-humble-"+name] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// throughOpenCV are the packages of ROS's desktop that need the distribution's
// OpenCV, with what leads there: libopencv-dev needs its libopencv-viz, and that
// its VTK. Whoever puts one into the list of desktop's parts hears of it here.
func throughOpenCV() map[string]string {
	return map[string]string{
		"ros-humble-cv-bridge":               "libopencv-dev, python3-opencv",
		"ros-humble-depthimage-to-laserscan": "libopencv-dev", // by image_geometry
		"ros-humble-image-geometry":          "libopencv-dev",
		"ros-humble-image-tools":             "libopencv-dev",
		"ros-humble-intra-process-demo":      "libopencv-dev",
		"ros-humble-rqt-image-view":          "libopencv-dev, python3-opencv", // by cv_bridge
	}
}

// standInPackages are empty but for what the graph uses: ROS's setup files, and
// CUDA's runtime library. Their dependencies are the real ones, to Debian's
// packages of the same libraries.
func standInPackages(names []string, cudart map[string]string) []deb {
	const setup = `AMENT_PREFIX_PATH=/opt/ros/humble${AMENT_PREFIX_PATH:+:$AMENT_PREFIX_PATH}
LD_LIBRARY_PATH=/opt/ros/humble/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export AMENT_PREFIX_PATH LD_LIBRARY_PATH
`
	out := []deb{{name: "ros-humble-ros-workspace", version: "1.0", files: map[string]string{
		"opt/ros/humble/setup.sh": setup, "opt/ros/humble/setup.bash": setup, "opt/ros/humble/local_setup.sh": setup,
	}}}
	for _, n := range names {
		d := deb{name: n, version: "1.0"}
		switch {
		case n == "python3-colcon-common-extensions":
			d.depends = "colcon, python3-colcon-bash, python3-colcon-cmake, python3-colcon-library-path, python3-colcon-output, python3-colcon-package-selection, python3-colcon-ros"
		case n == "ros-humble-desktop":
			d.depends = "ros-humble-image-tools, ros-humble-pcl-conversions, ros-humble-ros-workspace"
		case n == "ros-humble-pcl-conversions":
			d.depends = "libpcl-common1.13, libpcl-io1.13, ros-humble-ros-workspace"
		case throughOpenCV()[n] != "":
			d.depends = throughOpenCV()[n] + ", ros-humble-ros-workspace"
		case strings.HasPrefix(n, "ros-"):
			d.depends = "ros-humble-ros-workspace"
		case strings.HasPrefix(n, "cuda-cudart"):
			d.files = map[string]string{}
			dev := strings.Contains(n, "-dev-")
			for p, content := range cudart {
				if dev == (strings.HasSuffix(p, ".h") || strings.HasSuffix(p, ".so")) {
					d.files[p] = content
				}
			}
		}
		out = append(out, d)
	}
	return out
}

// binaries builds the stand-ins for what NVIDIA publishes as binaries, with
// this project's own cross build.
func binaries(t *testing.T) map[string]string {
	t.Helper()
	root, err := harness.Root()
	must(t, err)
	dir := t.TempDir()
	must(t, os.CopyFS(filepath.Join(dir, "binaries"), os.DirFS(filepath.Join(root, "internal/e2e/testdata/flagship/binaries"))))
	write(t, filepath.Join(dir, "stack.toml"), `platform = "debian-12"
[[component]]
name = "binaries"
[[component.version]]
version = "1"
date    = "2024-01-01"
sources = [{ to = "/src/binaries", context = "binaries" }]
[[component.step]]
kind = "cmake"
`)
	r := debian(t, dir, "linux/arm64")
	r.Target = "binaries"
	o, err := suite.Daemon.Build(deadline(t, 10*minute), r)
	if err != nil {
		t.Fatalf("%v\n%s", err, o.Logs)
	}
	files, err := o.Files()
	must(t, err)
	return files
}

// cudartFiles are the runtime library's, as NVIDIA's packages lay them out;
// cuPCL's stand-ins go into the build context.
func cudartFiles(t *testing.T, r engine.Request) map[string]string {
	t.Helper()
	out := map[string]string{
		"usr/local/cuda-12.6/targets/aarch64-linux/include/cuda_runtime.h": "#pragma once\ntypedef struct CUstream_st* cudaStream_t;\n",
	}
	for p, content := range binaries(t) {
		if rest, ok := strings.CutPrefix(p, "/usr/local/cudart/"); ok {
			out["usr/local/cuda-12.6/targets/aarch64-linux/lib/"+rest] = content
		}
		if rest, ok := strings.CutPrefix(p, "/usr/local/cupcl/"); ok && content != "/" {
			write(t, filepath.Join(r.Dir, "standin/cupcl", rest), content)
		}
	}
	return out
}

// Edits that are the same in every world. Tests of what only has a stand-in
// here are left out; they run where the real thing is.
var (
	noTests    = [2]string{`(?s)\n\[\[test\]\].*$`, "\n"}
	cupclHere  = [2]string{`git += "https://github.com/NVIDIA-AI-IOT/cuPCL.git", commit += "[0-9a-f]*", patches += \["pcl-1.13.patch"\]`, `context = "standin/cupcl"`}
	rosOverlay = [2]string{`(to += "/src/perception_pcl/(\w+)")\ngit .*\ntag .*\ncommit .*\n`, "$1\ncontext = \"standin/perception_pcl/$2\"\n"}
)

func source(name string) [2]string {
	return [2]string{`sources = \[\{ to = "/src/` + name + `", git = .*\}\]`, `sources = [{ to = "/src/` + name + `", context = "standin/` + name + `" }]`}
}

// A variation is one of the two examples, in a world of its own.
type variation struct {
	example string
	more    string // further lines of the stack
	changes map[string][][2]string
}

// lay writes the build context of a variation to dir; it gives the text of the
// stack, and the changes of every world with the variation's own.
func (v variation) lay(t *testing.T, dir string) (string, map[string][][2]string) {
	t.Helper()
	root, err := harness.Root()
	must(t, err)
	must(t, os.CopyFS(filepath.Join(dir, "standin"), os.DirFS(filepath.Join(root, "internal/e2e/testdata/flagship"))))
	text, err := os.ReadFile(filepath.Join(root, "examples", v.example, "stack.toml"))
	must(t, err)
	changes := map[string][][2]string{
		"robotics/ros.toml":  {noTests},
		"nvidia/cudart.toml": {noTests},
		"pointcloud/cupcl":   {cupclHere},
	}
	maps.Copy(changes, v.changes)
	return string(text) + v.more, changes
}

// request is for the variation's image, on archives that are served from now on.
func (v variation) request(t *testing.T) engine.Request {
	t.Helper()
	dir := t.TempDir()
	stack, changes := v.lay(t, dir)
	r := debian(t, dir, "linux/arm64")
	w := newWorld(t, r, stack, changes)
	r.Contexts["catalog"] = w.catalog
	r.Target = graph.TargetRuntime
	return r
}

// TestFlagshipVariations resolves what the tests of this file build, those too
// that are too long for every change.
func TestFlagshipVariations(t *testing.T) {
	for name, tc := range map[string]struct {
		variation
		want map[string]string // component → version
	}{
		"compiled":     {compiled(), map[string]string{"vtk": "9.5.2", "pcl": "1.15.1", "perception-pcl": "2.4.5"}},
		"real sources": {realSources(), map[string]string{"vtk": "9.3.0", "pcl": "1.15.0", "perception-pcl": "2.4.5"}},
		"packages":     {packages(), map[string]string{"vtk": "9.1.0", "pcl": "1.13.0"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			stack, changes := tc.lay(t, dir)
			_, p := layWorld(t, dir, stack, changes)
			for name, version := range tc.want {
				i := slices.IndexFunc(p.Components, func(c plan.Component) bool { return c.Name == name })
				if i < 0 || p.Components[i].Version != version {
					t.Errorf("%s is not in version %s", name, version)
				}
			}
		})
	}
}

// compiled is the flagship itself, which compiles VTK and PCL: here stand-ins
// for their sources.
func compiled() variation {
	return variation{example: "flagship", changes: map[string][][2]string{
		"visualization/vtk.toml": {source("vtk"), {`test += \["vtk-check"\]`, `test = []`}, {`(?s)\n\[\[test\]\]\nname += "writes-and-reads".*$`, "\n"}},
		"pointcloud/pcl.toml": {source("pcl"), {`test += \["pcl-check"\]`, `test = []`}, {`test += \["cloud-check"\]`, `test = []`},
			{`(?s)\n\[\[test\]\]\nname += "filters-and-finds".*$`, "\n"}},
		"robotics/perception-pcl.toml": {rosOverlay},
	}}
}

// realSources is the flagship with VTK and PCL in the versions whose original
// archives Debian's pool has. That of VTK has no copies of what Debian packages.
func realSources() variation {
	return variation{
		example: "flagship", more: "\nversions = { vtk = \"9.3.0\", pcl = \"1.15.0\" }\n",
		changes: map[string][][2]string{
			"visualization/vtk.toml": {
				{`values  = \["vendored", "system"\]`, `values  = ["system", "vendored"]`},
				{`(?s)\[\[refuse\]\]\nwhen = \{ variant.third_party.*?\n\n`, ""},
				{`distro = "debian-12"`, `distro = "ubuntu-22.04"`},
			},
			"robotics/perception-pcl.toml": {rosOverlay},
		},
	}
}

// packages is the twin, on Debian's packages of VTK and PCL.
func packages() variation {
	return variation{example: "flagship-apt", changes: map[string][][2]string{
		"pointcloud/pcl.toml": {{`(libpcl-[a-z-]+)1\.12`, "${1}1.13"}, {`version += "1.12.1"`, `version = "1.13.0"`}},
	}}
}

// TestFlagship builds humble+qt5+vtk9+cupcl for linux/arm64: VTK and PCL are
// compiled, ROS's desktop comes in parts, pcl_conversions and pcl_ros are built
// anew in an overlay, and nothing of the distribution's PCL or VTK gets in.
func TestFlagship(t *testing.T) {
	ctx := deadline(t, 20*minute)
	r := compiled().request(t)
	o, err := suite.Daemon.Build(ctx, r)
	if err != nil {
		t.Fatalf("%v\n%s", err, tail(o.Logs))
	}
	t.Logf("the slowest:%s", slowest(o))
	files, err := o.Files()
	must(t, err)
	for _, want := range []string{
		"/usr/local/lib/libvtkCommonCore-9.5.so.1", "/usr/local/lib/libpcl_common.so.1.15.1", "/opt/overlays/perception-pcl/lib/libpcl_ros.so",
		"/usr/local/lib/libcudaicp.so", "/usr/local/bin/cupcl-icp-demo", "/usr/share/jetson/plan.json", "/usr/share/jetson/entrypoint",
	} {
		if _, ok := files[want]; !ok {
			t.Errorf("%s is missing", want)
		}
	}
	status := files["/var/lib/dpkg/status"]
	for _, p := range []string{"ros-humble-rviz2", "ros-humble-pcl-msgs", "libqt5widgets5", "cuda-cudart-12-6"} {
		if !strings.Contains(status, "Package: "+p+"\nStatus: install ok installed") {
			t.Errorf("%s is not installed", p)
		}
	}
	if m := distributionsOwn.FindAllString(status, -1); m != nil {
		t.Errorf("the distribution's PCL, VTK or OpenCV came in: %v", m)
	}
	if pins := files["/etc/apt/preferences.d/jetson"]; !strings.Contains(pins, "libvtk9*") || !strings.Contains(pins, "libpcl-*") {
		t.Errorf("the image does not keep them out: %q", pins)
	}
	if setup := files["/usr/share/jetson/setup"]; setup != "/opt/ros/humble/setup.bash\n/opt/overlays/perception-pcl/local_setup.bash\n" {
		t.Errorf("the entry point sources %q", setup)
	}
	for _, part := range []string{"vtk", "pcl", "cupcl"} {
		built := slices.DeleteFunc(o.Executed("["+part+" "), func(n string) bool { return !strings.Contains(n, "cmake build") })
		if len(built) == 0 {
			t.Errorf("%s was not compiled", part)
		}
		for _, n := range built {
			if !strings.Contains(n, "(cross)") {
				t.Errorf("%s was not cross-compiled", n)
			}
		}
	}

	// Who asks for what brings the distribution's PCL hears that it cannot be had,
	// and so does who asks for a part that brings VTK with OpenCV. The metapackage
	// itself is refused before (badstacks/cases/mixed-desktop).
	text, err := os.ReadFile(filepath.Join(r.Dir, "stack.toml"))
	must(t, err)
	for name, says := range map[string]string{"ros-humble-pcl-conversions": "libpcl-common1.13", "ros-humble-image-tools": "ros-humble-image-tools : Depends: libopencv-dev"} {
		write(t, filepath.Join(r.Dir, "stack.toml"), string(text)+"\n[apt]\narchive = \"ros2\"\npackages = [\""+name+"\"]\n")
		o, err = suite.Daemon.Build(ctx, r)
		if err == nil {
			t.Fatalf("%s was installed beside a PCL that the stack compiles", name)
		}
		if !strings.Contains(o.Logs, "apt cannot install these packages together") || !strings.Contains(o.Logs, says) {
			t.Errorf("the failure of %s does not say what is wrong:\n%s", name, tail(o.Logs))
		}
	}
}

// TestLongFlagship is the flagship with VTK and PCL from their real sources, in
// the versions whose archives Debian's pool has. For them Debian's VTK wants its
// third-party libraries from the distribution. Nothing is left out of either's
// tests: a point cloud is filtered, written, read and drawn. What the compilers
// made is kept in the builder, so that a second run only needs minutes.
func TestLongFlagship(t *testing.T) {
	ctx := deadline(t, 150*minute)
	d := fullDaemon(t, ctx)
	r := realSources().request(t)
	// The stand-in for pcl_ros calls the stand-in for PCL; here there is a real one.
	write(t, filepath.Join(r.Dir, "standin/perception_pcl/pcl_ros/src/pcl_ros.cpp"),
		"#include <pcl/console/print.h>\nvoid pclRos() { pcl::console::setVerbosityLevel(pcl::console::L_ERROR); }\n")
	o, err := d.Build(ctx, r)
	t.Logf("the slowest:%s", slowest(o))
	if err != nil {
		t.Fatalf("%v\n%s", err, tail(o.Logs))
	}
	files, err := o.Files()
	must(t, err)
	for _, want := range []string{"/usr/local/lib/libvtkGUISupportQt-9.3.so.1", "/usr/local/lib/libpcl_visualization.so.1.15.0", "/usr/local/bin/cupcl-icp-demo", "/opt/overlays/perception-pcl/lib/libpcl_ros.so"} {
		machine, file := elf.EM_NONE, files[want]
		if link, ok := strings.CutPrefix(file, "→ "); ok {
			file = files[filepath.Join(filepath.Dir(want), link)]
		}
		if f, err := elf.NewFile(strings.NewReader(file)); err == nil {
			machine = f.Machine
		}
		if machine != elf.EM_AARCH64 {
			t.Errorf("%s is for %v", want, machine)
		}
	}
	for _, test := range []string{"pcl/filters-and-finds", "pcl/draws", "vtk/writes-and-reads"} {
		if len(o.Executed("[test] "+test)) != 1 {
			t.Errorf("test %s did not run", test)
		}
	}
	if m := distributionsOwn.FindAllString(files["/var/lib/dpkg/status"], -1); m != nil {
		t.Errorf("the distribution's PCL, VTK or OpenCV came in: %v", m)
	}
}

// distributionsOwn are the packages that a flagship which compiles VTK and PCL
// must not have: OpenCV's would bring VTK's.
var distributionsOwn = regexp.MustCompile(`(?m)^Package: (libvtk.*|libpcl.*|libopencv.*|ros-humble-desktop|ros-humble-pcl-conversions)$`)

// TestFullFlagshipApt builds the twin, humble+qt5+vtk:apt+cupcl: ROS's metapackage
// with its real chain to PCL and VTK, Debian's packages of both, and the
// programs that test them, compiled against them.
func TestFullFlagshipApt(t *testing.T) {
	ctx := deadline(t, 60*minute)
	r := packages().request(t)
	o, err := suite.Daemon.Build(ctx, r)
	if err != nil {
		t.Fatalf("%v\n%s", err, tail(o.Logs))
	}
	t.Logf("the slowest:%s", slowest(o))
	files, err := o.Files()
	must(t, err)
	status := files["/var/lib/dpkg/status"]
	for _, p := range []string{"ros-humble-desktop", "ros-humble-pcl-conversions", "libpcl-io1.13", "libvtk9.1", "libpcl-visualization1.13", "libopencv-viz406"} {
		if !strings.Contains(status, "Package: "+p+"\nStatus: install ok installed") {
			t.Errorf("%s is not installed", p)
		}
	}
	for p := range files {
		if strings.HasPrefix(p, "/usr/local/lib/libvtk") || strings.HasPrefix(p, "/usr/local/lib/libpcl") || strings.HasPrefix(p, "/opt/overlays/") {
			t.Errorf("%s was compiled", p)
		}
	}
	if !strings.Contains(strings.Join(o.Ran, "\n"), "pcl/draws") {
		t.Error("nothing was drawn")
	}
}

// slowest names the vertices that took the most time, in seconds.
func slowest(o harness.Outcome) string {
	names := slices.SortedFunc(maps.Keys(o.Times), func(a, b string) int {
		return cmp.Compare(o.Times[b][1]-o.Times[b][0], o.Times[a][1]-o.Times[a][0])
	})
	var b strings.Builder
	for _, n := range names[:min(14, len(names))] {
		fmt.Fprintf(&b, "\n%6.1f %s", float64(o.Times[n][1]-o.Times[n][0])/1e9, n)
	}
	return b.String()
}

// tail is the end of a long log.
func tail(s string) string { return s[max(0, len(s)-6000):] }
