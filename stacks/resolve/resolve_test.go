package resolve_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/catalog"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/lock"
	"github.com/org/jetson-frontend/stacks/plan"
	"github.com/org/jetson-frontend/stacks/platform"
	"github.com/org/jetson-frontend/stacks/resolve"
)

var update = flag.Bool("update", false, "write the golden files anew")

// input reads a scenario: a stack with its own catalog and platforms, and in
// the head lines "arg K=V", "lock git KEY COMMIT", "fact image REF DIGEST",
// "instead NAME DIGEST" and "contexts NAME …".
func input(t testing.TB, ar *txtar.Archive) resolve.Input {
	t.Helper()
	fsys := fstest.MapFS{}
	for _, f := range ar.Files {
		fsys[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	s, diags := stacks.Parse(&diag.File{Name: "stack.toml", Data: fsys["stack.toml"].Data})
	must(t, diags.Err())
	cat, err := catalog.New(fsys, "")
	must(t, err)
	db, diags := platform.Load(fsys, "platform", "")
	must(t, diags.Err())
	in := resolve.Input{Stack: s, Catalog: cat, Platforms: db}
	args := map[string]string{}
	for line := range strings.Lines(string(ar.Comment)) {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		switch f[0] {
		case "arg":
			k, v, _ := strings.Cut(f[1], "=")
			args[k] = v
		case "lock":
			in.Lock = &lock.File{Git: map[string]string{f[2]: f[3]}}
		case "fact":
			in.Facts.Images = map[string]string{f[2]: f[3]}
		case "contexts":
			in.Facts.Contexts = f[1:]
		case "instead":
			in.Facts.Instead = map[string]string{f[1]: f[2]}
		}
	}
	in.Overrides, diags = resolve.ParseOverrides(args, nil, cat, db)
	must(t, diags.Err())
	return in
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// summary is a result in a form that people can check.
func summary(r resolve.Result) string {
	var b bytes.Buffer
	_ = diag.Style{}.Render(&b, r.Diags)
	for _, m := range r.Missing {
		fmt.Fprintln(&b, "missing", m.Key())
	}
	p := r.Plan
	if p == nil {
		return b.String()
	}
	fmt.Fprintf(&b, "for %s, sm %v, versions %v\nbase %s@%s\n", p.Platform.Name, p.Platform.SMs, p.Platform.Versions, p.Base.Ref, p.Base.Digest)
	for _, c := range p.Components {
		fmt.Fprintf(&b, "\n%s %s", c.ID(), c.Version)
		for _, k := range []struct {
			name string
			v    any
			show bool
		}{
			{"shipped", "", c.Shipped}, {"why", c.Why, c.Why != nil}, {"variants", c.Variants, c.Variants != nil}, {"options", c.Options, c.Options != nil},
			{"env", c.Env, c.Env != nil}, {"tools", c.Tools, c.Tools != nil},
		} {
			if k.show {
				fmt.Fprintf(&b, " %s%v", k.name, k.v)
			}
		}
		fmt.Fprintln(&b)
		links(&b, "  target packages", c.Apt)
		links(&b, "  host packages", c.HostApt)
		for _, s := range c.Sources {
			fmt.Fprintf(&b, "  source %s %s%s %s%s %s\n", s.To, s.Git, s.HTTP, s.Commit, s.SHA256, s.Ref+s.Replaced)
		}
		for _, s := range c.Steps {
			fmt.Fprintf(&b, "  step %s %s", s.Name, s.Kind)
			if s.CMake != nil {
				fmt.Fprintf(&b, " %v", s.CMake.Options)
			}
			if s.Wheel != nil && s.Wheel.Indexes != nil {
				fmt.Fprintf(&b, " from %v", s.Wheel.Indexes)
			}
			fmt.Fprintln(&b)
		}
	}
	for _, w := range p.Worlds {
		for _, l := range w.Links {
			fmt.Fprintf(&b, "\nworld %s/%s %v from %v", w.Name, l.Name, l.Requirements, l.Indexes)
		}
	}
	links(&b, "\nimage packages", p.Apt.Run)
	links(&b, "dev packages", p.Apt.Dev)
	if p.Apt.Forbid != nil {
		fmt.Fprintln(&b, "forbidden", p.Apt.Forbid)
	}
	for _, a := range p.Archives {
		fmt.Fprintln(&b, "archive", a.Name, a.URLs, a.Suites)
	}
	for _, t := range p.Tests {
		fmt.Fprintln(&b, "test", t.ID(), "with", t.With)
		links(&b, "  packages", t.Apt)
	}
	if p.Config.Env != nil || p.Config.Prepend != nil {
		fmt.Fprintln(&b, "env", p.Config.Env, p.Config.Prepend)
	}
	if c := p.Config; len(c.Source)+len(c.Entrypoint)+len(c.Cmd) > 0 {
		fmt.Fprintf(&b, "starts %q with %q, after %q\n", c.Entrypoint, c.Cmd, c.Source)
	}
	if run := fmt.Sprintf("run %+v", p.Run); run != fmt.Sprintf("run %+v", plan.Run{}) {
		fmt.Fprintln(&b, run)
	}
	if p.Storage.Parts != nil {
		fmt.Fprintf(&b, "storage %+v\n", p.Storage)
	}
	if p.OneSoname != nil {
		fmt.Fprintln(&b, "one of", p.OneSoname)
	}
	for _, n := range p.Notes {
		fmt.Fprintln(&b, "note", n)
	}
	for _, f := range p.FirstRun {
		fmt.Fprintf(&b, "first run %+v\n", f)
	}
	for _, h := range p.Host {
		fmt.Fprintf(&b, "host %+v\n", h)
	}
	return b.String()
}

func links(b *bytes.Buffer, what string, ls []plan.Link) {
	for _, l := range ls {
		fmt.Fprintf(b, "%s %s%v\n", what, l.Archive, l.Packages)
	}
}

// TestScenarios resolves every scenario and holds the outcome against a golden
// file beside it.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	must(t, err)
	if len(files) < 10 {
		t.Fatalf("%d scenarios", len(files))
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			ar, err := txtar.ParseFile(file)
			must(t, err)
			r := resolve.Resolve(input(t, ar))
			got := summary(r)
			golden := strings.TrimSuffix(file, ".txtar") + ".golden"
			if *update {
				must(t, os.WriteFile(golden, []byte(got), 0o644))
			}
			want, err := os.ReadFile(golden)
			must(t, err)
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("the outcome has changed (run with -update to accept):\n%s", diff)
			}
			if r.Plan != nil {
				text, err := r.Plan.Canonical()
				must(t, err)
				back, err := plan.Decode(text)
				must(t, err)
				if diff := cmp.Diff(r.Plan, back); diff != "" {
					t.Errorf("the plan does not survive JSON:\n%s", diff)
				}
			}
		})
	}
}

// FuzzResolve resolves stacks made of parts of a catalog in every combination:
// there is a plan or a reason, and never a panic.
func FuzzResolve(f *testing.F) {
	files, err := filepath.Glob("testdata/*.txtar")
	must(f, err)
	var archives []*txtar.Archive
	for _, file := range files {
		ar, err := txtar.ParseFile(file)
		must(f, err)
		archives = append(archives, ar)
		i := slices.IndexFunc(ar.Files, func(f txtar.File) bool { return f.Name == "stack.toml" })
		f.Add(uint8(len(archives)-1), string(ar.Files[i].Data))
	}
	f.Fuzz(func(t *testing.T, which uint8, text string) {
		ar := archives[int(which)%len(archives)]
		s, diags := stacks.Parse(&diag.File{Name: "stack.toml", Data: []byte(text)})
		in := input(t, ar)
		in.Stack = s
		if diags.HasErrors() {
			if diff := cmp.Diff(resolve.Names(in), resolve.Names(in), cmp.Comparer(func(a, b *diag.File) bool { return a == b })); diff != "" {
				t.Errorf("asking for names twice gives two outcomes: %s", diff)
			}
			return
		}
		r := resolve.Resolve(in)
		if r.Plan == nil && !r.Diags.HasErrors() && len(r.Missing) == 0 {
			t.Errorf("no plan, and no reason")
		}
		again := resolve.Resolve(in)
		if summary(r) != summary(again) {
			t.Errorf("resolving twice gives two outcomes")
		}
	})
}
