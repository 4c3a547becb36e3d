package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/org/jetson-frontend/internal/harness"
)

// newDaemon is a builder that has built nothing.
func newDaemon(t *testing.T) *harness.Daemon {
	t.Helper()
	bin, err := harness.Tool("buildkitd")
	must(t, err)
	dir, err := os.MkdirTemp("", "jt-") // a socket's path may not be long
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	d, err := harness.StartDaemon(t.Context(), harness.DaemonOptions{Binary: bin, Root: dir + "/root", Run: dir})
	must(t, err)
	t.Cleanup(d.Stop)
	return d
}

// ranParts are the parts of a build of which something ran, by its summary.
// Tests are no part of an image and not kept with it.
func ranParts(log string) []string {
	var out []string
	_, table, _ := strings.Cut(log, "\n  PART ")
	for _, m := range regexp.MustCompile(`(?m)^  (\S.*?)  +[1-9]\d* +\d+ +[\d.]+m?s `).FindAllStringSubmatch(table, -1) {
		if m[1] != "tests" {
			out = append(out, m[1])
		}
	}
	return out
}

// TestCache leaves the cache of a build in a registry and in a folder, and
// builds on builders that have nothing: no step of the image runs, and its
// digest is the same.
func TestCache(t *testing.T) {
	c := newTool(t)
	r := fast(t, `stack = "made+setup"`, nil)
	registry, local := suite.Registry.Addr, filepath.Join(t.TempDir(), "cache")
	got := c.build(r, "--addr", newDaemon(t).Addr, "-t", registry+"/cached:1", "--push",
		"--cache-to", "type=registry,mode=max,ref="+registry+"/cache:1", "--cache-to", "type=local,mode=max,dest="+local)
	if ran := ranParts(got.err); !slices.Contains(ran, "made 0.1") {
		t.Fatalf("the first build ran %q:\n%s", ran, got.err)
	}
	for name, from := range map[string]string{"registry": registry + "/cache:1", "local": "type=local,src=" + local} {
		t.Run(name, func(t *testing.T) {
			there := c.build(r, "--addr", newDaemon(t).Addr, "--cache-from", from, "-o", "type=oci,dest="+filepath.Join(t.TempDir(), "x.tar"))
			if ran := ranParts(there.err); len(ran) > 0 {
				t.Errorf("ran %q:\n%s", ran, there.err)
			}
			if there.out != got.out {
				t.Errorf("the image is %s, the first was %s", there.out, got.out)
			}
		})
	}
	none := filepath.Join(t.TempDir(), "none")
	there := c.build(r, "--cache-from", "type=local,src="+none)
	if !strings.Contains(there.err, "jetson: no cache is taken from "+none+": there is none in it\n") {
		t.Errorf("a cache that is missing is not missed:\n%s", there.err)
	}
	if _, err := os.Stat(none); err == nil {
		t.Error("it was made, to be empty")
	}
}

// TestOneOfTwoPlatforms: an image is the same whether its platform is built
// alone or beside another, and whoever builds first.
func TestOneOfTwoPlatforms(t *testing.T) {
	c := newTool(t)
	both, alone := suite.Daemon.Addr, newDaemon(t).Addr
	r := fast(t, `stack = "texts"`, nil)
	ref := suite.Registry.Addr + "/both:1"
	two := r
	two.Platforms = []string{"linux/amd64", "linux/arm64"}
	c.build(two, "--addr", both, "-t", ref, "--push")
	index, err := pushed(t, ref).ImageIndex()
	must(t, err)
	m, err := index.IndexManifest()
	must(t, err)
	for _, addr := range []string{both, alone} {
		if got := c.build(r, "--addr", addr, "-o", "type=oci,dest="+filepath.Join(t.TempDir(), "x.tar")); got.out != m.Manifests[0].Digest.String()+"\n" {
			t.Errorf("alone %s, with another platform %s", got.out, m.Manifests[0].Digest)
		}
	}
}
