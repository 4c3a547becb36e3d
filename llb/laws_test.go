package llb_test

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"testing"
	"testing/fstest"

	digest "github.com/opencontainers/go-digest"
	"golang.org/x/tools/txtar"

	"github.com/org/jetson-frontend/llb"
	"github.com/org/jetson-frontend/llb/graph"
	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/catalog"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/plan"
	"github.com/org/jetson-frontend/stacks/platform"
	"github.com/org/jetson-frontend/stacks/resolve"
)

// archive reads a txtar file as a file system.
func archive(tb testing.TB, file string) fstest.MapFS {
	tb.Helper()
	data, err := os.ReadFile(file)
	must(tb, err)
	fsys := fstest.MapFS{}
	for _, f := range txtar.Parse(data).Files {
		fsys[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	return fsys
}

// planOf resolves the stack.toml of a file system with its own catalog and
// platforms.
func planOf(tb testing.TB, fsys fs.FS) *plan.Plan {
	tb.Helper()
	text, err := fs.ReadFile(fsys, "stack.toml")
	must(tb, err)
	s, ds := stacks.Parse(&diag.File{Name: "stack.toml", Data: text})
	must(tb, ds.Err())
	cat, err := catalog.New(fsys, "")
	must(tb, err)
	db, ds := platform.Load(fsys, "platform", "")
	must(tb, ds.Err())
	r := resolve.Resolve(resolve.Input{Stack: s, Catalog: cat, Platforms: db})
	must(tb, r.Diags.Err())
	if r.Plan == nil {
		tb.Fatalf("no plan; missing %v", r.Missing)
	}
	return r.Plan
}

var capable = llb.Caps{Merge: true, NoContentCache: true, GitSkipSubmodules: true}

func compile(tb testing.TB, p *plan.Plan, build string) *llb.Build {
	tb.Helper()
	b, err := llb.Compile(tb.Context(), p, llb.Options{Options: graph.Options{Build: build}, Caps: capable})
	must(tb, err)
	return b
}

func digests(tb testing.TB, b *llb.Build) map[string]digest.Digest {
	tb.Helper()
	d, err := b.Digests(context.Background())
	must(tb, err)
	return d
}

// TestRebuildLaw changes every component in every way and holds the nodes that
// got another digest against those that had to: no fewer and no more.
func TestRebuildLaw(t *testing.T) {
	for _, build := range []string{"amd64", "arm64"} {
		base := archive(t, "testdata/laws.txtar")
		before := compile(t, planOf(t, base), build)
		old := digests(t, before)
		for _, m := range mutations() {
			for _, c := range m.on {
				t.Run(fmt.Sprintf("on-%s/%s/%s", build, m.name, c), func(t *testing.T) {
					fsys := maps.Clone(base)
					file := "components/a/" + c + ".toml"
					if base[file] == nil {
						file = "components/a/" + c + "/" + c + ".toml"
					}
					if m.file != "" {
						file = m.file
					}
					fsys[file] = &fstest.MapFile{Data: []byte(m.change(string(base[file].Data)))}
					p := planOf(t, fsys)
					after := compile(t, p, build)
					fresh := digests(t, after)
					l := law{p: p, nodes: slices.Sorted(maps.Keys(fresh))}
					compareSets(t, changedNodes(old, fresh), m.changes(l, c))
				})
			}
		}
	}
}

// changedNodes are the nodes that are new or have another digest.
func changedNodes(old, fresh map[string]digest.Digest) []string {
	var out []string
	for id, d := range fresh {
		if old[id] != d {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

func compareSets(t *testing.T, got, want []string) {
	t.Helper()
	slices.Sort(want)
	want = slices.Compact(want)
	for _, n := range want {
		if !slices.Contains(got, n) {
			t.Errorf("%s kept its digest", n)
		}
	}
	for _, n := range got {
		if !slices.Contains(want, n) {
			t.Errorf("%s got another digest", n)
		}
	}
}
