package e2e

import (
	"archive/zip"
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/org/jetson-frontend/internal/harness"
)

// wheelFile is a wheel, as an index serves it.
type wheelFile struct {
	name string
	data []byte
}

// newWheel makes a wheel of one module. tag is the platform's.
func newWheel(t *testing.T, name, version, tag, module, code string, requires []string, script string) wheelFile {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	info := fmt.Sprintf("%s-%s.dist-info/", name, version)
	meta := fmt.Sprintf("Metadata-Version: 2.1\nName: %s\nVersion: %s\n", name, version)
	for _, r := range requires {
		meta += "Requires-Dist: " + r + "\n"
	}
	files := [][2]string{
		{module + ".py", code}, {info + "METADATA", meta},
		{info + "WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-" + tag + "\n"},
	}
	if script != "" {
		files = append(files, [2]string{info + "entry_points.txt", "[console_scripts]\n" + script + "\n"})
	}
	record := ""
	for _, f := range files {
		record += f[0] + ",,\n"
	}
	for _, f := range append(files, [2]string{info + "RECORD", record + info + "RECORD,,\n"}) {
		w, err := z.Create(f[0])
		must(t, err)
		_, err = w.Write([]byte(f[1]))
		must(t, err)
	}
	must(t, z.Close())
	return wheelFile{fmt.Sprintf("%s-%s-py3-none-%s.whl", name, version, tag), b.Bytes()}
}

// packageIndex is a stand-in for the Python package index, with the wheels of
// this test alone.
func packageIndex(t *testing.T, wheels ...wheelFile) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		last := filepath.Base(r.URL.Path)
		found := false
		for _, f := range wheels {
			if f.name == last {
				_, _ = w.Write(f.data)
				return
			}
			if strings.HasPrefix(f.name, strings.ReplaceAll(last, "-", "_")+"-") {
				found = true
				w.Header().Set("Content-Type", "text/html")
				fmt.Fprintf(w, "<a href=%q>%s</a>\n", "/files/"+f.name, f.name)
			}
		}
		if !found {
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL + "/simple"
}

// TestKinds builds, for linux/arm64, a wheel with a C extension, a Python world
// of that wheel and of what a stand-in index has, and a colcon overlay with
// Debian's ament. The world is resolved for the target: a requirement whose
// marker names another machine does not exist in the index.
func TestKinds(t *testing.T) {
	ctx := deadline(t, 15*minute)
	dir := t.TempDir()
	root, err := harness.Root()
	must(t, err)
	must(t, os.CopyFS(dir, os.DirFS(filepath.Join(root, "internal/e2e/testdata/kinds"))))
	index := packageIndex(t,
		newWheel(t, "jt_greet", "1.0", "manylinux_2_17_aarch64", "jtgreet", "import platform\ndef main(): print('greetings on', platform.machine())\n",
			[]string{"jt-number", "jt-native", `jt-missing; platform_machine == "x86_64"`}, "greet=jtgreet:main"),
		newWheel(t, "jt_greet", "9.0", "manylinux_2_17_x86_64", "jtgreet", "raise SystemExit('the wrong machine')\n", nil, ""),
		// The index has the framework of the first link too, for more machines and
		// without what it is for.
		newWheel(t, "jt_native", "1.0", "manylinux_2_28_aarch64", "jtnative", "raise SystemExit('not the framework')\n", nil, ""),
		newWheel(t, "jt_number", "1.5", "any", "jtnumber", "NUMBER = 1\n", nil, ""),
		newWheel(t, "jt_number", "2.0", "any", "jtnumber", "NUMBER = 2\n", nil, ""),
	)
	r := debian(t, dir, "linux/arm64")
	r.Args["MIRRORS"] += ",https://pypi.org/simple=" + index
	o, err := suite.Daemon.Build(ctx, r)
	if err != nil {
		t.Fatalf("%v\n%s", err, o.Logs)
	}
	files, err := o.Files()
	must(t, err)
	const site = "/opt/python/main/lib/python3.11/site-packages/"
	for _, want := range []string{site + "jtnumber.py", site + "jtgreet.py", "/opt/python/main/bin/greet", "/opt/overlays/talk/local_setup.bash", "/opt/overlays/talk/bin/jt_say"} {
		if _, ok := files[want]; !ok {
			t.Errorf("%s is missing", want)
		}
	}
	if !strings.HasPrefix(files["/opt/python/main/bin/greet"], "#!/opt/python/main/bin/python3\n") {
		t.Errorf("the program of the world does not run in it: %q", files["/opt/python/main/bin/greet"])
	}
	for p := range files {
		if strings.HasSuffix(p, ".whl") || strings.Contains(p, "__pycache__") && strings.HasPrefix(p, "/opt/") {
			t.Errorf("%s is shipped", p)
		}
	}

	t.Run("a lock", func(t *testing.T) { lockedWorld(t, r, index) })

	// A world does not take what the target cannot run: without the wheel for
	// arm64 there is nothing to install.
	missing := packageIndex(t, newWheel(t, "jt_greet", "9.0", "manylinux_2_17_x86_64", "jtgreet", "", nil, ""))
	r.Args["MIRRORS"] = strings.Replace(r.Args["MIRRORS"], index, missing, 1)
	if o, err := suite.Daemon.Build(ctx, r); err == nil {
		t.Error("a wheel for another machine was taken")
	} else if !strings.Contains(o.Logs, "pip cannot get what this Python world needs for aarch64 and Python 3.11") {
		t.Errorf("the failure does not say what is wrong:\n%s", o.Logs)
	}
}
