package graph

import (
	"fmt"
	"slices"
	"strings"

	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/lint"
	"github.com/org/jetson-frontend/stacks/plan"
)

// The targets that every stack has.
const (
	TargetDev     = "dev"
	TargetRuntime = "runtime"
	TargetTest    = "test"
	TargetWheels  = "wheels"
)

// TargetInfo is a target with what it gives.
type TargetInfo struct{ Name, Summary string }

// GPUDevice is what a test that needs a GPU asks the builder for, by the name
// that nvidia-ctk gives to all GPUs of a machine.
const GPUDevice = "nvidia.com/gpu=all"

// GPUCommand runs the tests that need a GPU, on a machine that has one.
const GPUCommand = "jetson build --target " + TargetTest + " --build-arg TEST_GPU=1 --allow device=" + GPUDevice

// envSuffix makes a component's name the target of its build environment.
const envSuffix = "-env"

// Targets lists what can be built of a plan.
func Targets(p *plan.Plan) []TargetInfo {
	out := []TargetInfo{
		{TargetDev, "the image with headers and packages to build on (default)"},
		{TargetRuntime, "the image without them"},
		{TargetTest, "the tests alone: their results, no image"},
	}
	if slices.ContainsFunc(p.Components, func(c plan.Component) bool { return !c.Host && buildsWheels(&c) }) {
		out = append(out, TargetInfo{TargetWheels, "the wheels that this stack builds, as a tree"})
	}
	for _, c := range p.Components {
		if c.Host || !shipsTree(&c) {
			continue
		}
		out = append(out,
			TargetInfo{c.Name, fmt.Sprintf("what %s installs, as a tree", c.Title())},
			TargetInfo{c.Name + envSuffix, fmt.Sprintf("the environment in which %s is built", c.Title())})
	}
	return out
}

// UnknownTarget is the error for a target that a plan does not have.
type UnknownTarget struct {
	Name  string
	Known []string
}

func (e *UnknownTarget) Error() string {
	msg := fmt.Sprintf("there is no target %q", e.Name)
	if help := diag.DidYouMean(e.Name, e.Known); help != "" {
		msg += " (" + help + ")"
	}
	return msg
}

func (b *builder) build() error {
	switch name := b.o.Target; name {
	case "", TargetDev:
		b.g.Result = b.finished(true)
	case TargetRuntime:
		b.g.Result = b.finished(false)
	case TargetTest:
		b.finished(true)
		b.g.Result = b.results()
	case TargetWheels:
		b.g.Result = b.allWheels()
	default:
		if err := b.part(name); err != nil {
			return err
		}
	}
	return b.err
}

// part builds one component's tree, or its environment.
func (b *builder) part(name string) error {
	if c, ok := b.p.Component(name); ok && shipsTree(c) {
		b.g.Result = b.out(name)
		return nil
	}
	if base, ok := strings.CutSuffix(name, envSuffix); ok {
		if c, ok := b.p.Component(base); ok && shipsTree(c) {
			b.out(base)
			for _, s := range slices.Backward(c.Steps) {
				if n := b.nodes["step/"+c.ID()+"/"+s.Name]; n != nil {
					b.g.Result = n.Input(Root)
					return nil
				}
			}
		}
	}
	unknown := &UnknownTarget{Name: name}
	for _, t := range Targets(b.p) {
		unknown.Known = append(unknown.Known, t.Name)
	}
	return unknown
}

// finished is the whole image: the chain of packages, every shipped tree, made
// whole, with what it says about itself; and the tests beside it.
func (b *builder) finished(dev bool) *Node {
	base := b.image(b.p.Base, b.arch)
	tip := b.chain("run", "packages", "", base, b.p.Apt.Run, true)
	if dev {
		tip = b.chain("dev", "dev packages", "", tip, b.p.Apt.Dev, true)
	}
	inputs := []*Node{tip}
	for i := range b.p.Components {
		if c := &b.p.Components[i]; c.Shipped && !c.Host {
			if n := b.out(c.ID()); n != nil {
				inputs = append(inputs, n)
			}
		}
	}
	inputs = append(inputs, b.worlds()...)
	if len(b.p.Copies) > 0 {
		inputs = append(inputs, b.node(&Node{ID: "copy", Kind: Copy, Title: "[stack] copy from the context", Arch: b.arch, Copies: b.p.Copies}))
	}
	root := b.merged("rootfs", "[image] merge", "", b.squashed(inputs))
	whole := b.node(&Node{ID: "finalize", Kind: Finalize, Title: "[image] finalize", Arch: b.arch, Exec: b.arch, In: []In{{Root, root}}})
	b.checks(whole)
	meta := b.node(&Node{ID: "meta", Kind: Meta, Title: "[image] describe", Arch: b.arch})
	return b.merged("image", "[image] result", "", []*Node{whole, meta})
}

// squashed keeps an image within its budget of layers: as many trees as need be
// are copied into one. The first trees are what others build on, and change
// least; the very first input is the root, which stays.
func (b *builder) squashed(inputs []*Node) []*Node {
	over := wholeLayers - lint.LayerBudget
	for _, in := range inputs {
		over += layers(in)
	}
	if over <= 0 {
		return inputs
	}
	n := &Node{ID: "squash", Kind: Squash, Arch: b.arch}
	saved, trees := -1, inputs[1:] // -1: the one layer that they become
	for len(trees) > 0 && saved < over {
		saved += layers(trees[0])
		n.In = append(n.In, In{Tree, trees[0]})
		trees = trees[1:]
	}
	n.Title = fmt.Sprintf("[image] %d trees as one layer", len(n.In))
	return append([]*Node{inputs[0], b.node(n)}, trees...)
}

// wholeLayers are those that lie on the merged trees: finalize, and what the
// image says about itself.
const wholeLayers = 2

// layers is how many a node's result has on top of the base image, of which
// nothing is known here. lint.Layers counts the same from a plan.
func layers(n *Node) int {
	switch n.Kind {
	case Image:
		return 0
	case Unpack:
		return layers(n.Input(Target)) + 1
	case Install:
		if n.Input(Root).Kind == Unpack {
			return layers(n.Input(Root)) + 1
		}
		// Two, as on a builder of another architecture, so that all builders
		// give an image the same trees.
		return layers(n.Input(Root)) + 2
	case Merge:
		sum := 0
		for _, t := range n.Inputs(Tree) {
			sum += layers(t)
		}
		return sum
	}
	return 1 // a tree that begins empty
}

// checks are the coherence check and the tests of a finished root.
func (b *builder) checks(whole *Node) {
	if b.hasTrees() {
		// Reading ELF files takes the toolchain's binutils.
		root := b.base(b.o.Build)
		if len(b.p.OneSoname) > 0 {
			root = b.toolchain(b.o.Build, "")
		}
		b.g.Checks = append(b.g.Checks, b.node(&Node{
			ID: "check/coherent", Kind: Check, Title: "[image] check coherence", Arch: b.o.Build, Exec: b.o.Build,
			In: []In{{Root, root}, {Target, whole}},
		}))
	}
	for i := range b.p.Tests {
		t := &b.p.Tests[i]
		if t.GPU && !b.o.GPU {
			b.notice("test %s needs a GPU and is not run here; run it on a device with: %s", t.ID(), GPUCommand)
			continue
		}
		b.g.Checks = append(b.g.Checks, b.test(t, whole))
	}
}

func (b *builder) hasTrees() bool {
	return len(b.p.Worlds) > 0 || slices.ContainsFunc(b.p.Components, func(c plan.Component) bool { return c.Shipped && len(c.Steps) > 0 })
}

// test runs in the finished root, with what only the test needs on top of it.
func (b *builder) test(t *plan.Test, whole *Node) *Node {
	// A colon is what no name holds: two tests have two chains.
	root := b.chain(testChain+strings.ReplaceAll(t.ID(), "/", ":"), "test "+t.ID(), t.Component, whole, t.Apt, false)
	root = b.merged("testroot/"+t.ID(), fmt.Sprintf("[test %s] root", t.ID()), t.Component, append([]*Node{root}, b.trees(t.With)...))
	return b.node(&Node{
		ID: "test/" + t.ID(), Kind: Test, Component: t.Component, Title: fmt.Sprintf("[test] %s", t.ID()),
		Arch: b.arch, Exec: b.arch, Test: t, In: []In{{Root, root}},
	})
}

// results is the tests' own output, for who wants nothing else.
func (b *builder) results() *Node {
	n := &Node{ID: "results", Kind: Merge, Title: "[test] results", Arch: b.arch}
	for _, c := range b.g.Checks {
		n.In = append(n.In, In{Tree, c})
	}
	if len(n.In) == 0 {
		b.fail("this stack has no tests")
	}
	return b.node(n)
}
