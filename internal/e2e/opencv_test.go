package e2e

import (
	"debug/elf"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/org/jetson-frontend/internal/harness"
)

// realOpenCV is a world in which OpenCV comes from the original archives in
// Debian's pool. It is held to the modules that the tests of the catalog look at,
// and to what these need: all of them would take hours here. Debian takes copies
// of other projects out of the archive; what is made of them is switched off.
func realOpenCV(t *testing.T) world {
	t.Helper()
	dir := folder(t, map[string]string{"stack.toml": "# syntax=" + suite.Frontend + `
stack    = "opencv:source@4.10.0"
platform = "debian-12"

[options.opencv.cmake]
BUILD_LIST       = "highgui,imgcodecs,imgproc,python3,videoio"
WITH_CAROTENE    = false
WITH_FLATBUFFERS = false
WITH_ITT         = false
WITH_PROTOBUF    = false
`})
	root, err := harness.Root()
	must(t, err)
	const name = "components/vision/opencv.toml"
	data, err := os.ReadFile(filepath.Join(root, "stacks/catalog", name))
	must(t, err)
	text := string(data)
	for repo, archive := range map[string][2]string{
		"opencv":         {"opencv_4.10.0+dfsg.orig", "4ca619efbad524c550771ab110332fc81293fb720bd03980fe58bc15f9ca3be8"},
		"opencv_contrib": {"opencv_4.10.0+dfsg.orig-contrib", "bc499ce3a1421b2474c20cce9949a574311bb3b6a71a5527e00e6f71cdb646b9"},
	} {
		pin := regexp.MustCompile(`git += "https://github.com/opencv/` + repo + `\.git"\ntag += "4\.10\.0"\ncommit = "[0-9a-f]{40}"`)
		if !pin.MatchString(text) {
			t.Fatalf("the catalog has no 4.10.0 of %s", repo)
		}
		text = pin.ReplaceAllString(text, `http = "http://ftp.debian.org/debian/pool/main/o/opencv/`+archive[0]+`.tar.xz"`+"\n"+`sha256 = "`+archive[1]+`"`)
	}
	w := world{dir: dir, catalog: filepath.Join(dir, "catalog")}
	write(t, filepath.Join(w.catalog, name), text)
	return w
}

// TestOpenCVStack resolves what TestFullOpenCV builds, which is too long for
// every change.
func TestOpenCVStack(t *testing.T) {
	w := realOpenCV(t)
	text, err := os.ReadFile(filepath.Join(w.dir, "stack.toml"))
	must(t, err)
	if c, ok := w.plan(t, string(text)).Component("opencv"); !ok || c.Version != "4.10.0" || c.Variants["python"] != "cv2" {
		t.Errorf("OpenCV is %s %v", c.Version, c.Variants)
	}
}

// TestFullOpenCV cross-compiles the catalog's OpenCV, with its bindings for the
// distribution's python3, from its real source.
func TestFullOpenCV(t *testing.T) {
	ctx := deadline(t, 90*minute)
	d := fullDaemon(t, ctx)
	w := realOpenCV(t)
	r := debian(t, w.dir, "linux/arm64")
	r.Contexts["catalog"] = w.catalog
	r.Target = "runtime"
	o, err := d.Build(ctx, r)
	t.Logf("the slowest:%s", slowest(o))
	if err != nil {
		t.Fatalf("%v\n%s", err, tail(o.Logs))
	}
	if built := o.Executed("[opencv 4.10.0] cmake build"); len(built) != 1 || !strings.Contains(built[0], "(cross)") {
		t.Errorf("it was not cross-compiled: %v", built)
	}
	for _, test := range []string{"opencv/sees", "opencv/cv2", "opencv/one-cv2", "opencv/one-and-whole"} {
		if len(o.Executed("[test] "+test)) != 1 {
			t.Errorf("test %s did not run", test)
		}
	}
	files, err := o.Files()
	must(t, err)
	var bindings []string
	for p := range files {
		if strings.HasPrefix(p, "/usr/local/lib/python3.11/dist-packages/cv2/") && filepath.Base(p) == "cv2.so" {
			bindings = append(bindings, p)
		}
	}
	if len(bindings) != 1 {
		t.Fatalf("the bindings are %v", bindings)
	}
	f, err := elf.NewFile(strings.NewReader(files[bindings[0]]))
	must(t, err)
	if f.Machine != elf.EM_AARCH64 {
		t.Errorf("%s is for %v", bindings[0], f.Machine)
	}
	needed, err := f.ImportedLibraries()
	must(t, err)
	if !slices.ContainsFunc(needed, func(l string) bool { return strings.HasPrefix(l, "libopencv_core.so") }) {
		t.Errorf("%s needs %v", bindings[0], needed)
	}
}
