package e2e

import (
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/org/jetson-frontend/internal/engine"
)

// junk is larger than everything else that a build of the fast base transfers.
const junk = 16 << 20

// manyPaths is a stack that takes paths of all kinds from its context, which has
// junk beside each of them.
func manyPaths(t *testing.T) engine.Request {
	t.Helper()
	r := fast(t, `stack = "texts"
[[copy]]
from = "data"
to   = "/opt/data/"
[[copy]]
from = "conf/*.yaml"
to   = "/opt/conf/"
[[copy]]
from = "pack*/one"
to   = "/opt/packs/"
[[copy]]
from = "link"
to   = "/opt/link/"
[[copy]]
from = "a [1]" # a pattern, as in a Dockerfile
to   = "/opt/odd/"
[[component]]
path = "own"
[[component]]
name = "src"
[[component.version]]
version = "1"
date    = "2024-01-01"
sources = [{ to = "/src/src", context = "program" }]
[[component.step]]
kind = "files"
put = [{ to = "/usr/local/src", source = "/src/src" }]
`, nil)
	for path, text := range map[string]string{
		"data/a": "a", "data/deep/b": "b", "data/left.out": "x", "data/kept.out": "kept",
		"conf/x.yaml": "x", "conf/x.json": "x", "pack1/one": "1", "pack2/two": "2", "real/file": "linked", "a 1": "odd",
		"own/own.toml": "name = \"own\"\n[[step]]\nkind = \"files\"\nput = [{ to = \"/usr/local/own\", file = \"files/x\" }]\n",
		"own/files/x":  "own", "src/main/main.c": "main", ".dockerignore": "**/*.out\n!data/kept.out\n",
	} {
		write(t, r.Context+"/"+path, text)
	}
	must(t, os.Symlink("real", r.Context+"/link"))
	must(t, os.Symlink("src/main", r.Context+"/program"))
	must(t, os.Symlink("../conf/x.yaml", r.Context+"/data/inner"))
	for _, path := range []string{"/junk", "/src/junk", "/conf/junk", "/pack1/junk"} {
		must(t, os.WriteFile(r.Context+path, make([]byte, junk), 0o644))
	}
	must(t, os.WriteFile(r.Contexts["catalog"]+"/junk", make([]byte, junk), 0o644))
	return r
}

// TestContextIsFiltered: of the build context the daemon gets what the stack
// names, through links and globs, without what .dockerignore leaves out.
func TestContextIsFiltered(t *testing.T) {
	ctx := deadline(t, 2*minute)
	r := manyPaths(t)
	o, err := suite.Daemon.BuildThroughImage(ctx, r)
	must(t, err)
	files, err := o.Files()
	must(t, err)
	got := map[string]string{}
	for path, text := range files {
		if under := strings.HasPrefix(path, "/opt/") || strings.HasPrefix(path, "/usr/local/src") || path == "/usr/local/own"; under && text != "/" {
			got[path] = text
		}
	}
	want := map[string]string{
		"/opt/data/a": "a", "/opt/data/deep/b": "b", "/opt/data/inner": "→ ../conf/x.yaml", "/opt/data/kept.out": "kept", "/opt/conf/x.yaml": "x", "/opt/packs/one": "1",
		"/opt/link/file": "linked", "/opt/odd/a 1": "odd", "/usr/local/own": "own", "/usr/local/src/main.c": "main",
	}
	if !maps.Equal(got, want) {
		t.Errorf("the image has %v, want %v", got, want)
	}
	if o.Transferred >= junk {
		t.Errorf("%d bytes were transferred", o.Transferred)
	}
	if o.Transferred == 0 {
		t.Error("nothing is said to have been transferred; this test sees nothing")
	}
}
