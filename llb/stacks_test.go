package llb_test

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"

	"github.com/org/jetson-frontend/llb"
	"github.com/org/jetson-frontend/llb/graph"
	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/catalog"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/plan"
	"github.com/org/jetson-frontend/stacks/platform"
	"github.com/org/jetson-frontend/stacks/resolve"
)

// These tests hold the catalog's own stacks to what the rebuild law promises
// for them. Their subject is the digest of a vertex: what has the same one is
// built once.

const flagship = "humble+qt5+vtk9+cupcl"

// real plans a stack of the embedded catalog on a release; device may be "".
func real(tb testing.TB, stack, jetpack, device string) *plan.Plan {
	tb.Helper()
	text := fmt.Sprintf("stack = %q\njetpack = %q\n", stack, jetpack)
	if device != "" {
		text += fmt.Sprintf("device = %q\n", device)
	}
	s, ds := stacks.Parse(&diag.File{Name: "stack.toml", Data: []byte(text)})
	must(tb, ds.Err())
	cat, err := catalog.Embedded()
	must(tb, err)
	db, ds := platform.Embedded()
	must(tb, ds.Err())
	r := resolve.Resolve(resolve.Input{Stack: s, Catalog: cat, Platforms: db, Facts: resolve.Facts{Offline: true}})
	if r.Plan == nil {
		tb.Fatalf("%s on JetPack %s %s: %v", stack, jetpack, device, r.Diags.Err())
	}
	return r.Plan
}

// vertices are the nodes of a compiled stack, with their digests.
type vertices struct {
	plan    *plan.Plan
	nodes   []*graph.Node
	digests map[string]digest.Digest
}

func of(tb testing.TB, p *plan.Plan, build string) vertices {
	tb.Helper()
	b := compile(tb, p, build)
	return vertices{p, b.Graph.Nodes, digests(tb, b)}
}

// made are the nodes that make a component's tree: its sources, environment
// and steps. Its tests are the whole image's.
func (v vertices) made(component string) []string {
	var out []string
	for _, n := range v.nodes {
		own := n.Component == component || strings.HasPrefix(n.Component, component+"@")
		if own && !strings.HasPrefix(n.ID, "test") && !strings.HasPrefix(n.ID, "apt/test-") {
			out = append(out, n.ID)
		}
	}
	return out
}

// same fails for every node of the components that another stack makes in
// another way, or not at all.
func (v vertices) same(t *testing.T, o vertices, components ...string) {
	t.Helper()
	for _, c := range components {
		ids := v.made(c)
		if len(ids) < 4 || !slices.Contains(ids, "out/"+c) && !slices.ContainsFunc(ids, func(id string) bool { return strings.HasPrefix(id, "step/"+c+"/") }) {
			t.Errorf("%s is made of %q: too little to compare", c, ids)
		}
		for _, id := range ids {
			switch {
			case o.digests[id] == "":
				t.Errorf("the other stack has no %s", id)
			case o.digests[id] != v.digests[id]:
				t.Errorf("%s differs", id)
			}
		}
	}
}

// samePackages fails for every install of the image's own packages that another
// stack makes in another way. On one release both have the same archives.
func (v vertices) samePackages(t *testing.T, o vertices) {
	t.Helper()
	installs := 0
	for _, n := range v.nodes {
		if !strings.HasPrefix(n.ID, "apt/run/") && !strings.HasPrefix(n.ID, "apt/dev/") {
			continue
		}
		installs++
		if o.digests[n.ID] != v.digests[n.ID] {
			t.Errorf("%s differs", n.ID)
		}
	}
	if installs < 4 {
		t.Errorf("%d installs are too little to compare", installs)
	}
}

// differing are the components with a tree that is made in another way.
func (v vertices) differing(o vertices) []string {
	var out []string
	for _, c := range v.plan.Components {
		if len(c.Steps) > 0 && slices.ContainsFunc(v.made(c.ID()), func(id string) bool { return v.digests[id] != o.digests[id] }) {
			out = append(out, c.ID())
		}
	}
	slices.Sort(out)
	return out
}

var builders = []string{"amd64", "arm64"}

func onBuilders(t *testing.T, test func(t *testing.T, build string)) {
	for _, build := range builders {
		t.Run("on-"+build, func(t *testing.T) { test(t, build) })
	}
}

// TestStacksShareVTK: whoever has VTK has the same one, built once, unless the
// stack says otherwise. PCL's limit holds for stacks without PCL too.
func TestStacksShareVTK(t *testing.T) {
	onBuilders(t, func(t *testing.T, build string) {
		v := of(t, real(t, flagship, "6.2", ""), build)
		for _, stack := range []string{"vtk9+qt5", "vtk", "pcl", "opencv:cuda+tensorrt+vtk9", "humble:base+vtk"} {
			o := of(t, real(t, stack, "6.2", ""), build)
			o.same(t, v, "vtk")
			v.same(t, o, "vtk")
		}
		newest, _ := real(t, "vtk:full@9.6.1", "6.2", "").Component("vtk")
		if newest.Version != "9.6.1" || newest.Variants["profile"] != "full" {
			t.Errorf("vtk:full@9.6.1 is %s %v", newest.Version, newest.Variants)
		}
	})
}

// TestReleasesShareTrees: what knows no CUDA is the same on every release of
// one Ubuntu, and so is what knows a CUDA that did not change.
func TestReleasesShareTrees(t *testing.T) {
	onBuilders(t, func(t *testing.T, build string) {
		on := func(stack, release string) vertices { return of(t, real(t, stack, release, ""), build) }
		newest := on(flagship, "6.2")
		newest.same(t, on(flagship, "6.0"), "vtk", "pcl", "perception-pcl")
		if d := newest.differing(on(flagship, "6.1")); len(d) > 0 {
			t.Errorf("JetPack 6.1 and 6.2 have one CUDA, and make %q in two ways", d)
		}
		jazzy := "jazzy+qt5+vtk9+cupcl"
		on(jazzy, "7.2").same(t, on(jazzy, "7.0"), "vtk", "pcl", "perception-pcl")
	})
}

// TestDevicesShareTrees: of two devices on one release only device code
// differs, and what is built against it.
func TestDevicesShareTrees(t *testing.T) {
	onBuilders(t, func(t *testing.T, build string) {
		stack := "jazzy+qt5+vtk9+pcl+cuda"
		orin, thor := of(t, real(t, stack, "7.2", "t234"), build), of(t, real(t, stack, "7.2", "t264"), build)
		orin.same(t, thor, "vtk", "pcl", "perception-pcl")
		orin.samePackages(t, thor)
		var want []string
		for _, c := range orin.plan.Components {
			if code(c) || slices.ContainsFunc(c.Env, func(id string) bool { e, _ := orin.plan.Component(id); return code(*e) }) {
				want = append(want, c.ID())
			}
		}
		slices.Sort(want)
		if got := orin.differing(thor); !slices.Equal(got, want) || !slices.Contains(want, "cuda-check") {
			t.Errorf("Orin and Thor differ in %q, and device code reaches %q", got, want)
		}
	})
}

// code reports whether a component is made of device code.
func code(c plan.Component) bool {
	return slices.ContainsFunc(c.Steps, func(s plan.Step) bool { return s.CMake != nil && len(s.CMake.CUDA) > 0 })
}

// TestAddingLeavesOthersAlone adds every component of the catalog that goes
// with the flagship to it. What the flagship makes stays as it was, unless the
// newcomer changes the choices that were made.
func TestAddingLeavesOthersAlone(t *testing.T) {
	before := of(t, real(t, flagship, "6.2", ""), "amd64")
	cat, err := catalog.Embedded()
	must(t, err)
	added := 0
	for _, name := range cat.Names() {
		if slices.ContainsFunc(before.plan.Components, func(c plan.Component) bool { return c.Name == name && len(c.Why) == 0 }) {
			continue // it is there
		}
		s, ds := stacks.Parse(&diag.File{Name: "stack.toml", Data: fmt.Appendf(nil, "stack = %q\njetpack = \"6.2\"\n", flagship+"+"+name)})
		must(t, ds.Err())
		db, ds := platform.Embedded()
		must(t, ds.Err())
		p := resolve.Resolve(resolve.Input{Stack: s, Catalog: cat, Platforms: db, Facts: resolve.Facts{Offline: true}}).Plan
		if p == nil {
			continue // the two do not go together
		}
		added++
		after := of(t, p, "amd64")
		for _, c := range before.plan.Components {
			o, ok := p.Component(c.ID())
			if !ok || fmt.Sprint(o.Version, o.Variants, o.Options) != fmt.Sprint(c.Version, c.Variants, c.Options) {
				continue
			}
			for _, id := range before.made(c.ID()) {
				if after.digests[id] != before.digests[id] {
					t.Errorf("with %s, %s differs", name, id)
				}
			}
		}
	}
	if added < 20 {
		t.Errorf("only %d components go with the flagship", added)
	}
}

// TestRealMirrors: mirrors for everything that a stack fetches change what
// fetches, and nothing that is run on it.
func TestRealMirrors(t *testing.T) {
	for _, c := range []struct {
		stack             string
		sources, settings int // that have a mirror, at least
		fetches           []string
	}{
		{flagship + "+opencv:cuda", 8, 8, []string{"apt-fetch.sh"}},
		{"humble:base+pytorch+torchvision", 2, 5, []string{"apt-fetch.sh", "pip-fetch.sh"}},
	} {
		t.Run(c.stack, func(t *testing.T) {
			p := real(t, c.stack, "6.2", "")
			b, err := llb.Compile(t.Context(), p, llb.Options{Options: graph.Options{Build: "amd64"}, Caps: capable, Mirrors: mirrorsFor(p)})
			must(t, err)
			before := map[string]bool{}
			for _, o := range withUsers(t, compile(t, p, "amd64")) {
				before[o.text] = true
			}
			sources, settings := 0, 0
			fetches := map[string]bool{}
			for _, o := range withUsers(t, b) {
				switch {
				case before[o.text]:
				case o.op.GetSource() != nil:
					sources++
				case o.op.GetFile() != nil && !slices.ContainsFunc(o.users, func(s string) bool { return !slices.Contains(c.fetches, s) }):
					settings++
					for _, s := range o.users {
						fetches[s] = true
					}
				default:
					t.Errorf("mirrors changed what %q are given: %s", o.users, o.text)
				}
			}
			if sources < c.sources || settings < c.settings || len(fetches) != len(c.fetches) {
				t.Errorf("mirrors changed %d sources and %d settings of %v: this test looks at the wrong thing", sources, settings, fetches)
			}
		})
	}
}

// mirrorsFor puts a mirror in the place of everything that a plan fetches.
func mirrorsFor(p *plan.Plan) llb.Mirrors {
	mirrors := llb.Mirrors{{From: "https://pypi.org/simple", To: "http://127.0.0.1:1/pypi"}}
	add := func(from, name string) {
		if from != "" {
			mirrors = append(mirrors, plan.Mirror{From: from, To: "http://127.0.0.1:1/" + name})
		}
	}
	for _, a := range p.Archives {
		for _, k := range sortedKeys(a.URLs) {
			add(a.URLs[k], a.Name+"/"+k)
		}
	}
	for _, c := range p.Components {
		for _, s := range c.Sources {
			add(s.Git+s.HTTP, c.Name+s.To)
		}
	}
	for _, w := range p.Worlds {
		for _, l := range w.Links {
			for i, index := range l.Indexes {
				add(index, fmt.Sprintf("%s/%d", l.Name, i))
			}
			for _, b := range l.Wheels {
				add(b.URL, "wheels/"+b.SHA256)
			}
		}
	}
	return mirrors.Sorted()
}

// used is an operation without its inputs, and the scripts that are given its
// result.
type used struct {
	op    *pb.Op
	text  string
	users []string
}

func withUsers(t *testing.T, b *llb.Build) map[digest.Digest]*used {
	t.Helper()
	out := map[digest.Digest]*used{}
	get := func(d string) *used {
		if out[digest.Digest(d)] == nil {
			out[digest.Digest(d)] = &used{}
		}
		return out[digest.Digest(d)]
	}
	for _, st := range []bk.State{b.Result, b.Checks} {
		def, err := b.Definition(st)
		must(t, err)
		for _, dt := range def.Def {
			op := &pb.Op{}
			must(t, op.UnmarshalVT(dt))
			name := "a merge"
			if e := op.GetExec(); e != nil {
				name = path.Base(e.Meta.Args[1])
			}
			for _, in := range op.Inputs {
				get(in.Digest).users = append(get(in.Digest).users, name)
			}
			op.Inputs = nil
			u := get(digest.FromBytes(dt).String())
			u.op, u.text = op, op.String()
		}
	}
	return out
}
