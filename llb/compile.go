package llb

import (
	"context"
	"fmt"
	"time"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/org/jetson-frontend/llb/graph"
	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/plan"
)

// Options are what a rendering depends on besides the plan.
type Options struct {
	graph.Options
	Caps Caps
	// Namespace keeps cache mounts of several users of one daemon apart.
	Namespace string
	// Slots is how many heavy steps a daemon runs at once; 0 is 1.
	Slots   int
	Mirrors Mirrors
	// Image gives the state of an image that a user put in another's place, by
	// the image's context name and architecture. Without it, or where it
	// answers false, the plan's reference is used.
	Image func(img plan.Image, arch string) (bk.State, bool)
	// Named gives a tree that a user put in a source's place, by its name in the
	// plan.
	Named func(name string) (bk.State, bool)
	// Context is the build context, for copies and sources that are part of it.
	Context *bk.State
	// Locate gives the source location of a node, for errors.
	Locate func(n *graph.Node) bk.ConstraintsOpt
	// NoCache says which parts are to be built anew, by component name; the
	// chain of packages is called "apt", the tests "tests".
	NoCache func(name string) bool
	// Fresh has every download of packages made anew.
	Fresh bool
	// Network is set on the vertices that may use one, Exec on all that run
	// something.
	Network []bk.RunOption
	Exec    []bk.RunOption
	// Prefix is put before every vertex's name, where several platforms are
	// built at once.
	Prefix string
	// Marshal are constraints of every vertex, such as the daemon's
	// capability set.
	Marshal []bk.ConstraintsOpt
}

// Build is a rendered plan.
type Build struct {
	Graph *graph.Graph
	// Result is what the build returns.
	Result bk.State
	// Checks, if HasChecks, must be evaluated and pass before Result is
	// returned.
	Checks    bk.State
	HasChecks bool

	marshaler *marshaler
	states    map[*graph.Node]bk.State
}

// Digests names every node's vertex. Equal work has equal digests, whichever
// stack it is part of.
func (b *Build) Digests(ctx context.Context) (map[string]digest.Digest, error) {
	out := map[string]digest.Digest{}
	for _, n := range b.Graph.Nodes {
		o := b.states[n].Output()
		if o == nil {
			continue
		}
		in, err := o.ToInput(ctx, b.marshaler.c)
		if err != nil {
			return nil, fmt.Errorf("marshalling %s: %w", n.ID, err)
		}
		out[n.ID] = digest.Digest(in.Digest)
	}
	return out, nil
}

// State is what a node makes.
func (b *Build) State(n *graph.Node) bk.State { return b.states[n] }

// Definition is a state of the build in the form in which a daemon takes it.
func (b *Build) Definition(st bk.State) (*pb.Definition, error) { return b.marshaler.definition(st) }

// Compile lays a plan out and renders it.
func Compile(ctx context.Context, p *plan.Plan, o Options) (*Build, error) {
	g, err := graph.New(p, o.Options)
	if err != nil {
		return nil, err
	}
	return Render(ctx, g, o)
}

// Render turns a laid-out plan into states and their bytes.
func Render(ctx context.Context, g *graph.Graph, o Options) (*Build, error) {
	m := newMarshaler(ctx, g.Plan.Platform.Arch, o.Marshal...)
	defer m.close()
	if err := needsGPU(g, o.Caps); err != nil {
		return nil, err
	}
	r := &renderer{plan: g.Plan, o: o, states: make(map[*graph.Node]bk.State, len(g.Nodes)), scripts: map[string]bk.State{}, same: m.same}
	for _, n := range g.Nodes {
		st, err := r.node(n)
		if err != nil {
			return nil, fmt.Errorf("rendering %s: %w", n.ID, err)
		}
		r.states[n] = st
		m.add(st)
	}
	b := &Build{Graph: g, Result: r.states[g.Result], marshaler: m, states: r.states}
	if len(g.Checks) > 0 {
		var results []bk.State
		for _, c := range g.Checks {
			results = append(results, r.states[c])
		}
		b.Checks, b.HasChecks = r.merge(results, bk.WithCustomName(o.Prefix+"[test] all")), true
	}
	return b, nil
}

// needsGPU refuses what would reach a daemon as a capability that it has never
// heard of.
func needsGPU(g *graph.Graph, caps Caps) error {
	for _, c := range g.Checks {
		if c.Test != nil && c.Test.GPU && !caps.CDI {
			return fmt.Errorf("the test %s needs a GPU, and this builder cannot give it one: devices (CDI) take BuildKit 0.20; without TEST_GPU the test is left out", c.Test.ID())
		}
	}
	return nil
}

// NodeKey is the description under which a vertex carries its node's ID.
const NodeKey = "jetson.node"

type renderer struct {
	plan    *plan.Plan
	o       Options
	states  map[*graph.Node]bk.State
	scripts map[string]bk.State
	same    func(a, b bk.State) (bool, error)
}

// Platform is the OCI platform of an architecture.
func Platform(arch string) ocispecs.Platform {
	return ocispecs.Platform{OS: "linux", Architecture: arch}
}

// meta are a node's name, ID, place in the user's file, and cache setting.
func (r *renderer) meta(n *graph.Node) []bk.ConstraintsOpt {
	out := []bk.ConstraintsOpt{
		bk.WithCustomName(r.o.Prefix + n.Title),
		bk.WithDescription(map[string]string{NodeKey: n.ID}),
	}
	if r.o.Locate != nil {
		if at := r.o.Locate(n); at != nil {
			out = append(out, at)
		}
	}
	if r.o.NoCache != nil && r.o.NoCache(cacheName(n)) || r.o.Fresh && n.LockName() != "" {
		out = append(out, bk.IgnoreCache)
	}
	return out
}

// side are the same for a vertex that only serves the node, such as the file
// that holds its script. It is kept out of progress displays.
func (r *renderer) side(n *graph.Node) []bk.ConstraintsOpt {
	return append(r.meta(n), bk.WithCustomName("[internal] "+n.Title), bk.ProgressGroup(n.ID, r.o.Prefix+n.Title, true))
}

// cacheName is what a user calls the node's part in --no-cache-filter.
func cacheName(n *graph.Node) string {
	switch {
	case n.Kind == graph.Test || n.Kind == graph.Check:
		return "tests"
	case n.Component != "":
		return n.Component
	case n.Link != nil:
		return "apt"
	case n.World != nil:
		return stacks.KindPip
	}
	return string(n.Kind)
}

func (r *renderer) node(n *graph.Node) (bk.State, error) {
	switch n.Kind {
	case graph.Image:
		return r.image(n), nil
	case graph.Fetch:
		return r.fetch(n)
	case graph.Unpack, graph.Install:
		return r.install(n)
	case graph.Extract:
		return r.extract(n)
	case graph.Source:
		return r.source(n)
	case graph.Step:
		return r.step(n)
	case graph.Wheels:
		return r.wheels(n)
	case graph.World:
		return r.world(n)
	case graph.Merge:
		return r.merge(r.inputs(n, graph.Tree), r.meta(n)...), nil
	case graph.Squash:
		return copied(append([]bk.State{bk.Scratch()}, r.inputs(n, graph.Tree)...), r.meta(n)...), nil
	case graph.Copy:
		return r.copies(n)
	case graph.Finalize:
		return r.finalize(n)
	case graph.Meta:
		return r.describe(n)
	case graph.Check:
		return r.check(n)
	case graph.Test:
		return r.test(n)
	}
	return bk.State{}, fmt.Errorf("there is no kind of node %q", n.Kind)
}

func (r *renderer) inputs(n *graph.Node, role graph.Role) []bk.State {
	var out []bk.State
	for _, in := range n.Inputs(role) {
		out = append(out, r.states[in])
	}
	return out
}

func (r *renderer) input(n *graph.Node, role graph.Role) bk.State {
	return r.states[n.Input(role)]
}

// oneResult reports whether two nodes come to the same result.
func (r *renderer) oneResult(a, b *graph.Node) (bool, error) {
	if a == b || a.Kind != b.Kind || a.Arch != b.Arch {
		return a == b, nil
	}
	return r.same(r.states[a], r.states[b])
}

// image is a base by digest. Its config plays no part: what runs in it gets
// its environment from us.
func (r *renderer) image(n *graph.Node) bk.State {
	return r.imageOrInstead(*n.Image, n.Arch, r.meta(n)...)
}

// imageOrInstead is an image, or what a user put in its place.
func (r *renderer) imageOrInstead(img plan.Image, arch string, opts ...bk.ConstraintsOpt) bk.State {
	if r.o.Image != nil {
		if st, ok := r.o.Image(img, arch); ok {
			return st
		}
	}
	return r.reference(img, arch, opts...)
}

func (r *renderer) reference(img plan.Image, arch string, opts ...bk.ConstraintsOpt) bk.State {
	ref := img.Ref
	if img.Digest != "" {
		ref += "@" + img.Digest
	}
	imageOpts := []bk.ImageOption{bk.Platform(Platform(arch))}
	for _, o := range opts {
		imageOpts = append(imageOpts, o)
	}
	return bk.Image(ref, imageOpts...)
}

// merge lays trees over the first. Without the capability they are copied, in
// the same order and with the same result.
func (r *renderer) merge(inputs []bk.State, opts ...bk.ConstraintsOpt) bk.State {
	if len(inputs) == 1 {
		return inputs[0]
	}
	if r.o.Caps.Merge {
		return bk.Merge(inputs, opts...)
	}
	return copied(inputs, opts...)
}

// copied lays trees over the first by copying them, in one vertex: every vertex
// is a layer.
func copied(inputs []bk.State, opts ...bk.ConstraintsOpt) bk.State {
	var a *bk.FileAction
	for _, in := range inputs[1:] {
		a = thenCopy(a, in, "/", "/", &bk.CopyInfo{CopyDirContentsOnly: true, CreateDestPath: true})
	}
	if a == nil {
		return inputs[0]
	}
	return inputs[0].File(a, opts...)
}

// thenCopy adds a copy to what one vertex does; nil has done nothing yet.
func thenCopy(a *bk.FileAction, from bk.State, path, to string, info *bk.CopyInfo) *bk.FileAction {
	if a == nil {
		return bk.Copy(from, path, to, info)
	}
	return a.Copy(from, path, to, info)
}

// noHash is the option of a mount whose content is too large to hash.
func (r *renderer) noHash() []bk.MountOption {
	if r.o.Caps.NoContentCache {
		return []bk.MountOption{bk.ContentCache(bk.MountContentCacheOff)}
	}
	return nil
}

func unix(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }

// noNetwork keeps a vertex off the network.
func noNetwork() bk.RunOption { return bk.Network(pb.NetMode_NONE) }
