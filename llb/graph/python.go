package graph

import (
	"fmt"
	"slices"

	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/plan"
)

// worlds are the trees of all Python worlds, link by link.
func (b *builder) worlds() []*Node {
	var out []*Node
	for i := range b.p.Worlds {
		out = append(out, b.world(&b.p.Worlds[i])...)
	}
	return out
}

// world is a chain: what a link downloads is constrained by what the links
// before it took, and it installs only what they have not.
func (b *builder) world(w *plan.World) []*Node {
	var trees, fetched []*Node
	label := "[python " + w.Name + "]"
	for i := range w.Links {
		l := &w.Links[i]
		id := fmt.Sprintf("world/%s/%s", w.Name, l.Name)
		fetch := &Node{
			ID: id + "/fetch", Kind: Wheels, Title: fmt.Sprintf("%s fetch %s", label, l.Name), Arch: b.arch, Exec: b.o.Build, World: w, Python: l,
			In: []In{{Root, b.pipRoot()}, {Target, b.base(b.arch)}},
		}
		for _, f := range fetched {
			fetch.In = append(fetch.In, In{Earlier, f})
		}
		for _, from := range l.From {
			for _, n := range b.wheels(from) {
				fetch.In = append(fetch.In, In{Built, n})
			}
		}
		fetch = b.node(fetch)
		fetched = append(fetched, fetch)
		trees = append(trees, b.node(&Node{
			ID: id + "/install", Kind: World, Title: fmt.Sprintf("%s install %s", label, l.Name), Arch: b.arch, Exec: b.o.Build, World: w, Python: l,
			In: []In{{Root, b.pipRoot()}, {Debs, fetch}},
		}))
	}
	return trees
}

// pipRoot is where packages of Python worlds are downloaded and unpacked: on
// the build platform, whatever the target is.
func (b *builder) pipRoot() *Node {
	tip := b.base(b.o.Build)
	if packages := b.p.Tools.Kinds[stacks.KindPip]; len(packages) > 0 {
		tip = b.chain("pip-"+b.o.Build, "pip", "", tip, []plan.Link{{Packages: packages}}, false)
	}
	return tip
}

// wheels are what a component's wheel steps build. They are never shipped.
func (b *builder) wheels(id string) []*Node {
	c, ok := b.p.Component(id)
	if !ok {
		b.fail("the plan has no component %s", id)
		return nil
	}
	var out []*Node
	for i := range c.Steps {
		if c.Steps[i].Kind == stacks.KindWheel {
			out = append(out, b.step(c, i, nil))
		}
	}
	return out
}

// buildTools downloads the requirements of a wheel's build.
func (b *builder) buildTools(c *plan.Component, s *plan.Step) *Node {
	arch := b.archOf(c)
	return b.node(&Node{
		ID: "wheel-tools/" + c.ID() + "/" + s.Name, Kind: Wheels, Component: c.ID(), Title: fmt.Sprintf("%s fetch build tools", label(c)),
		Arch: arch, Exec: b.o.Build,
		World:  &plan.World{Interpreter: s.Wheel.Interpreter},
		Python: &plan.WorldLink{Name: "tools", Requirements: s.Wheel.Tools, Indexes: s.Wheel.Indexes},
		In:     []In{{Root, b.pipRoot()}, {Target, b.base(arch)}},
	})
}

// shipsTree reports whether a component has a step whose tree can be part of
// an image.
func shipsTree(c *plan.Component) bool {
	for i := range c.Steps {
		if c.Steps[i].Kind != stacks.KindWheel {
			return true
		}
	}
	return false
}

func buildsWheels(c *plan.Component) bool {
	return slices.ContainsFunc(c.Steps, func(s plan.Step) bool { return s.Kind == stacks.KindWheel })
}

// allWheels is every wheel that the stack builds.
func (b *builder) allWheels() *Node {
	var out []*Node
	for i := range b.p.Components {
		if c := &b.p.Components[i]; !c.Host {
			out = append(out, b.wheels(c.ID())...)
		}
	}
	if len(out) == 0 {
		b.fail("this stack builds no wheels")
		return nil
	}
	return b.merged("wheels", "[wheels] all", "", out)
}
