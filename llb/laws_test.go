package llb_test

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
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

var capable = llb.Caps{Merge: true, NoContentCache: true}

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

// a mutation changes one thing about one component.
type mutation struct {
	name string
	// on lists the components that it can be done to.
	on     []string
	change func(text string) string
	// file is what is changed; "" is the component's own file.
	file string
	// changes says which nodes must get another digest, given the component's
	// name; every other must keep its own.
	changes func(l law, component string) []string
}

// law answers what depends on what, from the plan alone: it does not look at
// the graph's edges, which are what is tested.
type law struct {
	p     *plan.Plan
	nodes []string
}

// sees reports whether c's steps see the tree of another component.
func sees(c plan.Component, name string) bool {
	return c.Name == name || slices.Contains(c.Env, name) ||
		slices.ContainsFunc(c.Tools, func(t string) bool { return strings.HasPrefix(t, name+"@") })
}

// built are the components that are built anew if one's tree changes: it, and
// whoever sees it, and whoever sees them.
func (l law) built(name string) []string {
	out := []string{name}
	for again := true; again; {
		again = false
		for _, c := range l.p.Components {
			if !slices.Contains(out, c.Name) && slices.ContainsFunc(out, func(o string) bool { return sees(c, o) }) {
				out, again = append(out, c.Name), true
			}
		}
	}
	return out
}

// links are the components whose environment holds the packages that one
// declares as link needs.
func (l law) linking(name string) []string {
	out := []string{name}
	for _, c := range l.p.Components {
		if slices.Contains(c.Env, name) && linksTo(l.p, c, name) {
			out = append(out, c.Name)
		}
	}
	return out
}

func linksTo(p *plan.Plan, c plan.Component, name string) bool { return slices.Contains(c.Env, name) }

// match returns the nodes whose ID has one of the prefixes.
func (l law) match(prefixes ...string) []string {
	var out []string
	for _, n := range l.nodes {
		if slices.ContainsFunc(prefixes, func(p string) bool { return n == p || strings.HasPrefix(n, p) }) {
			out = append(out, n)
		}
	}
	return out
}

// of are a component's nodes of some kinds.
func (l law) of(name string, kinds ...string) []string {
	var out []string
	for _, n := range l.nodes {
		for _, k := range kinds {
			rest, ok := strings.CutPrefix(n, k)
			if !ok {
				continue
			}
			if rest == name || strings.HasPrefix(rest, name+"/") || strings.HasPrefix(rest, name+"@") || strings.HasPrefix(rest, name+"-") {
				out = append(out, n)
			}
		}
	}
	return out
}

// whole is what changes with any tree or package of the image: the merges,
// finalize, the checks and all tests, and what the image says about itself.
func (l law) whole() []string {
	return append(l.match("rootfs", "finalize", "check/", "test/", "testroot/", "apt/test-", "env/test"), l.said()...)
}

// said is what changes if only the image's description does.
func (l law) said() []string {
	return slices.DeleteFunc(l.match("meta", "image"), func(n string) bool { return strings.HasPrefix(n, "image/") })
}

// trees are the vertices of components that are built anew because a tree that
// they see has changed.
func (l law) trees(names []string, own string) []string {
	var out []string
	for _, n := range names {
		out = append(out, l.of(n, "step/", "out/")...)
		if n != own {
			// What merges the changed tree into an environment.
			out = append(out, l.of(n, "sysroot/", "env/env-", "env/host-", "env/")...)
		}
	}
	return out
}

// chain is the part of an apt chain that comes after an archive's link began
// to differ.
func (l law) chain(what, archive string) []string {
	var out []string
	for _, n := range l.match("apt/" + what + "/") {
		if archive == "distribution" && !strings.Contains(n, "/distribution/") {
			continue // the distribution's link is the last
		}
		out = append(out, n)
	}
	return out
}

func appended(text string) func(string) string {
	return func(s string) string { return s + "\n" + text + "\n" }
}

func replaced(from, to string) func(string) string {
	return func(s string) string {
		if !strings.Contains(s, from) {
			panic("the mutation finds nothing to change: " + from)
		}
		return strings.Replace(s, from, to, 1)
	}
}

// steps are what an environment that changed makes anew.
func (l law) environments(names []string, archive string) []string {
	var out []string
	for _, n := range names {
		for _, what := range []string{"sysroot-" + n, "env-" + n + "-arm64", "env-" + n + "-amd64"} {
			out = append(out, l.chain(what, archive)...)
		}
		out = append(out, l.of(n, "sysroot/", "env/")...)
	}
	return out
}

var compiled = []string{"lib", "app", "other", "hdr", "gen"}

func mutations() []mutation {
	tree := func(l law, c string) []string {
		return slices.Concat(l.trees(l.built(c), c), l.sameComponentMerges(c), l.whole())
	}
	source := func(l law, c string) []string { return slices.Concat(l.of(c, "source/"), tree(l, c)) }
	vendor := "[[needs]]\napt.archive = \"vendor\"\n"
	return []mutation{
		{name: "option", on: compiled, change: replaced(`OPTION = "old"`, `OPTION = "new"`), changes: tree},
		{name: "added option", on: compiled, change: replaced("OPTION = \"old\"", "OPTION = \"old\"\nMORE = true"), changes: tree},
		{name: "commit", on: []string{"lib", "other", "hdr", "gen"}, change: func(s string) string {
			return strings.NewReplacer(strings.Repeat("1", 40), strings.Repeat("a", 40), strings.Repeat("3", 40), strings.Repeat("b", 40),
				strings.Repeat("4", 40), strings.Repeat("c", 40), strings.Repeat("5", 40), strings.Repeat("d", 40)).Replace(s)
		}, changes: source},
		{name: "patch", on: []string{"hdr"}, file: "components/a/hdr/fix.patch", change: replaced("+new", "+newer"), changes: source},
		{name: "checksum", on: []string{"app"}, change: replaced(strings.Repeat("2", 64), strings.Repeat("e", 64)), changes: source},
		{name: "date", on: []string{"other"}, change: replaced("2024-03-01", "2024-03-02"), changes: tree},
		{name: "second step", on: []string{"lib"}, change: replaced("echo hi", "echo ho"), changes: func(l law, c string) []string {
			all := tree(l, c)
			// The first step, and what the second sees of it, stay.
			return slices.DeleteFunc(all, func(n string) bool {
				return n == "step/lib/cmake-1" || strings.HasPrefix(n, "sysroot/lib/") || strings.HasPrefix(n, "env/lib-")
			})
		}},
		{name: "file content", on: []string{"files"}, change: replaced(`content = "old"`, `content = "new"`), changes: tree},
		{name: "environment", on: append([]string{"files"}, compiled[:3]...), change: appended("[[env]]\nset = { NEW = \"1\" }"), changes: func(l law, _ string) []string {
			return slices.Concat(l.match("test/"), l.said())
		}},
		{name: "label facet", on: compiled[:3], change: appended("[[run]]\ngpu = true"), changes: func(l law, _ string) []string { return l.said() }},
		{name: "new test", on: compiled[:3], change: appended("[[test]]\nname = \"new\"\nrun = [\"true\"]"), changes: func(l law, c string) []string {
			return slices.Concat([]string{"test/" + c + "/new"}, l.of(c+"/new", "apt/test-", "testroot/"), l.match("apt/test-"+c+"-new/"), l.said())
		}},
		{name: "changed test", on: []string{"lib", "app"}, change: replaced(`run  = ["true"]`, `run  = ["false"]`), changes: func(l law, c string) []string {
			return slices.Concat(l.of(c, "test/"), l.said())
		}},
		{name: "apt.build", on: compiled[:4], change: appended("[[needs]]\napt.build = [\"libnew-dev\"]"), changes: func(l law, c string) []string {
			return slices.Concat(l.environments([]string{c}, "distribution"), tree(l, c))
		}},
		{name: "apt.build of an archive", on: compiled[:4], change: appended(vendor + "apt.build = [\"libnew-dev\"]"), changes: func(l law, c string) []string {
			return slices.Concat(l.environments([]string{c}, "vendor"), tree(l, c))
		}},
		{name: "apt.link", on: compiled[:2], change: appended("[[needs]]\napt.link = [\"libnew-dev\"]"), changes: func(l law, c string) []string {
			return slices.Concat(l.environments(l.linking(c), "distribution"), l.chain("dev", "distribution"), tree(l, c))
		}},
		{name: "apt.link of an archive", on: compiled[:2], change: appended(vendor + "apt.link = [\"libnew-dev\"]"), changes: func(l law, c string) []string {
			return slices.Concat(l.environments(l.linking(c), "vendor"), l.chain("dev", "vendor"), tree(l, c))
		}},
		{name: "apt.run", on: compiled[:3], change: appended("[[needs]]\napt.run = [\"libnew1\"]"), changes: func(l law, c string) []string {
			return slices.Concat(l.others(c, "distribution"), l.chain("run", "distribution"), l.match("apt/dev/"), l.whole())
		}},
		{name: "apt.run of an archive", on: compiled[:3], change: appended(vendor + "apt.run = [\"libnew1\"]"), changes: func(l law, c string) []string {
			return slices.Concat(l.others(c, "vendor"), l.chain("run", "vendor"), l.match("apt/dev/"), l.whole())
		}},
		{name: "apt.tools", on: compiled[:4], change: appended("[[needs]]\napt.tools = [\"bison\"]"), changes: func(l law, c string) []string {
			return slices.Concat(l.match("apt/host-"+c+"-to-arm64/", "env/host-"+c+"-to-arm64"),
				l.chain("env-"+c+"-arm64", "distribution"), l.chain("env-"+c+"-amd64", "distribution"), l.of(c, "env/env-", "env/"), tree(l, c))
		}},
		{name: "apt.test", on: []string{"lib", "app"}, change: appended("[[needs]]\napt.test = [\"gdb\"]"), changes: func(l law, c string) []string {
			return slices.Concat(l.match("apt/test-"+c+"-"), l.of(c, "test/", "testroot/"), l.said())
		}},
	}
}

// sameComponentMerges are the environments of a component's later steps, which
// hold what its earlier steps made.
func (l law) sameComponentMerges(c string) []string {
	var out []string
	for _, n := range l.nodes {
		for _, kind := range []string{"sysroot/" + c + "/", "env/" + c + "-arm64/", "env/" + c + "-amd64/"} {
			if rest, ok := strings.CutPrefix(n, kind); ok && rest != "0" {
				out = append(out, n)
			}
		}
	}
	return out
}

// others are what is built anew because a package that comes with a library
// changed: whoever links to it has it in its environment.
func (l law) others(c, archive string) []string {
	linking := slices.DeleteFunc(l.linking(c), func(n string) bool { return n == c })
	out := l.environments(linking, archive)
	for _, n := range linking {
		out = append(out, l.trees(l.built(n), n)...)
	}
	return out
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
