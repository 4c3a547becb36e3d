package graph

import (
	"fmt"
	"slices"

	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/plan"
)

// out is a component's tree: what all its steps install. It is nil for a
// component that is made of packages alone.
func (b *builder) out(id string) *Node {
	if n, ok := b.outs[id]; ok {
		return n
	}
	c, ok := b.p.Component(id)
	if !ok {
		b.fail("the plan has no component %s", id)
		return nil
	}
	var trees []*Node
	for i := range c.Steps {
		if c.Steps[i].Kind != stacks.KindWheel { // wheels go into worlds
			trees = append(trees, b.step(c, i, slices.Clone(trees)))
		}
	}
	var n *Node
	if len(trees) > 0 {
		n = b.merged("out/"+c.ID(), label(c)+" result", c.ID(), trees)
	}
	b.outs[id] = n
	return n
}

func label(c *plan.Component) string { return "[" + c.Title() + "]" }

// trees are the trees of components, in the order given, without those that
// have none.
func (b *builder) trees(ids []string) []*Node {
	var out []*Node
	for _, id := range ids {
		if n := b.out(id); n != nil {
			out = append(out, n)
		}
	}
	return out
}

// arch is the architecture that a component is built for.
func (b *builder) archOf(c *plan.Component) string {
	if c.Host {
		return c.Arch
	}
	return b.arch
}

// mode decides where a step runs.
func (b *builder) mode(c *plan.Component, s *plan.Step) Mode {
	arch := b.archOf(c)
	switch {
	case s.Native || arch == b.o.Build:
		return Native
	case s.Cross && !c.Host && b.o.Cross != CrossNever && b.canCross():
		return Cross
	case b.o.Cross == CrossAlways:
		b.fail("the step %s of %s cannot be cross-compiled, and CROSS=always was asked for", s.Name, c.Name)
	}
	if b.o.Cross == CrossAuto && !s.Cross {
		b.notice("%s: the step %s runs under emulation, which costs about ten times as much", c.Name, s.Name)
	}
	return Emulated
}

// canCross reports whether the distribution has a cross compiler for the
// target.
func (b *builder) canCross() bool { return len(b.p.Tools.Cross[b.arch]) > 0 }

// step is one step of a component. It sees the trees of the steps before it.
func (b *builder) step(c *plan.Component, i int, earlier []*Node) *Node {
	s := &c.Steps[i]
	mode := b.mode(c, s)
	n := &Node{
		ID: "step/" + c.ID() + "/" + s.Name, Kind: Step, Component: c.ID(), Owner: c, Step: s, Mode: mode,
		Title: fmt.Sprintf("%s %s", label(c), title(s, mode)), Arch: b.archOf(c), Exec: b.o.Build,
	}
	switch {
	case mode == Cross:
		n.In = append(n.In, In{Root, b.hostEnv(c, b.arch)}, In{Sysroot, b.sysroot(c, earlier)})
	case mode == Emulated:
		n.Exec = n.Arch
		n.In = append(n.In, In{Root, b.env(c, n.Arch, earlier)})
	case s.Kind == "files":
		n.In = append(n.In, In{Root, b.base(b.o.Build)})
	case n.Arch != b.o.Build:
		// What makes the same on every architecture needs no environment of
		// the target.
		n.In = append(n.In, In{Root, b.hostEnv(c, "")})
	default:
		n.In = append(n.In, In{Root, b.env(c, n.Arch, earlier)})
	}
	for k := range c.Sources {
		n.In = append(n.In, In{Src, b.source(c, k)})
	}
	if s.Wheel != nil && len(s.Wheel.Tools) > 0 {
		n.In = append(n.In, In{Debs, b.buildTools(c, s)})
	}
	return b.node(n)
}

func title(s *plan.Step, m Mode) string {
	t := s.Kind
	if s.Kind == "cmake" {
		t = "cmake build"
	}
	switch m {
	case Cross:
		t += " (cross)"
	case Emulated:
		t += " (emulated)"
	}
	return t
}

// hostEnv is the build platform's root for a step: the toolchain and the
// component's own tools.
func (b *builder) hostEnv(c *plan.Component, crossTo string) *Node {
	what := "host-" + c.ID()
	if crossTo != "" {
		what += "-to-" + crossTo
	}
	root := b.chain(what, c.Title()+" tools", c.ID(), b.toolchain(b.o.Build, crossTo), c.HostApt, false)
	return b.merged("env/"+what, label(c)+" tools", c.ID(), append([]*Node{root}, b.trees(b.toolsOf(c, b.o.Build))...))
}

// toolsOf are the tools of a component that run on an architecture.
func (b *builder) toolsOf(c *plan.Component, arch string) []string {
	var out []string
	for _, id := range c.Tools {
		if t, ok := b.p.Component(id); ok && t.Arch == arch {
			out = append(out, id)
		}
	}
	return out
}

// env is the root for a step that runs on its own architecture: the toolchain,
// what the component needs as packages, and the trees that it builds against.
func (b *builder) env(c *plan.Component, arch string, earlier []*Node) *Node {
	root := b.chain("env-"+c.ID()+"-"+arch, c.Title()+" env", c.ID(), b.toolchain(arch, ""), together(c.Apt, c.HostApt), false)
	inputs := []*Node{root}
	inputs = append(inputs, b.trees(b.toolsOf(c, arch))...)
	inputs = append(inputs, b.trees(c.Env)...)
	inputs = append(inputs, earlier...)
	return b.merged(fmt.Sprintf("env/%s-%s/%d", c.ID(), arch, len(earlier)), label(c)+" environment", c.ID(), inputs)
}

// sysroot is the target's root as a cross compiler sees it.
func (b *builder) sysroot(c *plan.Component, earlier []*Node) *Node {
	root := b.extract("sysroot-"+c.ID(), c.Title()+" sysroot", c.ID(), b.base(b.arch), c.Apt)
	inputs := append([]*Node{root}, b.trees(c.Env)...)
	inputs = append(inputs, earlier...)
	return b.merged(fmt.Sprintf("sysroot/%s/%d", c.ID(), len(earlier)), label(c)+" sysroot", c.ID(), inputs)
}

// source is one source of a component. Unpacking and patching need tools, and
// are the same on every platform.
func (b *builder) source(c *plan.Component, k int) *Node {
	s := &c.Sources[k]
	n := &Node{
		ID: fmt.Sprintf("source/%s%s", c.ID(), s.To), Kind: Source, Component: c.ID(), Owner: c, Source: s,
		Title: fmt.Sprintf("%s source", label(c)), Arch: b.o.Build,
	}
	if s.Unpack || len(s.Patches) > 0 {
		n.Exec = b.o.Build
		n.In = []In{{Root, b.toolchain(b.o.Build, "")}}
	}
	return b.node(n)
}
