package llb_test

import (
	"fmt"
	"runtime/debug"
	"testing"

	"github.com/org/jetson-frontend/internal/genstack"
	"github.com/org/jetson-frontend/llb"
	"github.com/org/jetson-frontend/llb/graph"
	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/catalog"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/platform"
	"github.com/org/jetson-frontend/stacks/resolve"
)

// BenchmarkCompile is everything between a stack file and the bytes that go to
// the daemon: load the catalog, parse, resolve, compile, marshal.
func BenchmarkCompile(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // as both programs do
	fsys := genstack.Catalog(110)
	for _, n := range []int{1, 12, 90} {
		text := genstack.Stack(n)
		b.Run(fmt.Sprintf("stack-of-%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s, ds := stacks.Parse(&diag.File{Name: "stack.toml", Data: text})
				must(b, ds.Err())
				cat, err := catalog.New(fsys, "")
				must(b, err)
				db, ds := platform.Embedded()
				must(b, ds.Err())
				r := resolve.Resolve(resolve.Input{Stack: s, Catalog: cat, Platforms: db})
				must(b, r.Diags.Err())
				c, err := llb.Compile(b.Context(), r.Plan, llb.Options{Options: graph.Options{Build: "amd64"}, Caps: llb.Caps{Merge: true, NoContentCache: true, GitSkipSubmodules: true}})
				must(b, err)
				_, err = c.Definition(c.Result)
				must(b, err)
				_, err = c.Definition(c.Checks)
				must(b, err)
			}
		})
	}
}

// BenchmarkStages times the stages of the larger stack one by one.
func BenchmarkStages(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // as both programs do
	fsys, text := genstack.Catalog(110), genstack.Stack(90)
	load := func() resolve.Input {
		s, ds := stacks.Parse(&diag.File{Name: "stack.toml", Data: text})
		must(b, ds.Err())
		cat, err := catalog.New(fsys, "")
		must(b, err)
		db, ds := platform.Embedded()
		must(b, ds.Err())
		return resolve.Input{Stack: s, Catalog: cat, Platforms: db}
	}
	options := llb.Options{Options: graph.Options{Build: "amd64"}, Caps: llb.Caps{Merge: true, NoContentCache: true, GitSkipSubmodules: true}}
	b.Run("read-catalog", func(b *testing.B) {
		for b.Loop() {
			_, ds := load().Catalog.All()
			must(b, ds.Err())
		}
	})
	in := load()
	r := resolve.Resolve(in)
	must(b, r.Diags.Err())
	b.Run("resolve", func(b *testing.B) {
		for b.Loop() {
			resolve.Resolve(in)
		}
	})
	b.Run("graph", func(b *testing.B) {
		for b.Loop() {
			_, err := graph.New(r.Plan, options.Options)
			must(b, err)
		}
	})
	b.Run("compile", func(b *testing.B) {
		for b.Loop() {
			_, err := llb.Compile(b.Context(), r.Plan, options)
			must(b, err)
		}
	})
	b.Run("compile-and-marshal", func(b *testing.B) {
		for b.Loop() {
			c, err := llb.Compile(b.Context(), r.Plan, options)
			must(b, err)
			_, err = c.Definition(c.Result)
			must(b, err)
			_, err = c.Definition(c.Checks)
			must(b, err)
		}
	})
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
