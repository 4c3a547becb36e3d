// Package graph lays a Plan out as what will be run: which vertices there are,
// which of them need which, and on whose platform each runs. It holds no LLB;
// package llb renders it, and drawings and tests read it as it is.
//
// The laws that shape it:
//
//   - One node a database. What writes dpkg's status is one linear chain; only
//     self-contained trees are merged.
//   - A component's environment holds what its own needs use and nothing else,
//     so that its digest does not change with its neighbours.
//   - What can run on the build platform does; an emulator runs maintainer
//     scripts, the target's ldconfig and the tests.
package graph

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/org/jetson-frontend/stacks/lock"
	"github.com/org/jetson-frontend/stacks/plan"
)

// Kind is what a node does.
type Kind string

// The kinds of node.
const (
	Image    Kind = "image"    // a base image
	Fetch    Kind = "fetch"    // resolve and download packages
	Unpack   Kind = "unpack"   // unpack them into a root of another architecture
	Install  Kind = "install"  // install them, or configure what was unpacked
	Extract  Kind = "extract"  // extract them into a sysroot
	Source   Kind = "source"   // a component's source
	Step     Kind = "step"     // one step of a component
	Wheels   Kind = "wheels"   // resolve and download a link of a Python world
	World    Kind = "world"    // install it
	Merge    Kind = "merge"    // several trees as one
	Squash   Kind = "squash"   // several trees as one layer
	Copy     Kind = "copy"     // files of the build context
	Finalize Kind = "finalize" // the root made whole
	Meta     Kind = "meta"     // what the image says about itself
	Check    Kind = "check"    // coherence
	Test     Kind = "test"     // a test in the finished root
)

// Role is what an input is to a node.
type Role string

// The roles of an input.
const (
	Root    Role = "root"    // the root file system that the node runs in
	Target  Role = "target"  // a root that the node reads or extends from outside
	Debs    Role = "debs"    // fetched packages
	Src     Role = "source"  // a source, mounted where it says
	Tree    Role = "tree"    // a tree to merge; the order counts
	Sysroot Role = "sysroot" // the target's root in a cross build
	Built   Role = "built"   // wheels that the graph itself built
	Earlier Role = "earlier" // what earlier links of a Python world downloaded
)

// In is one input of a node.
type In struct {
	Role Role
	Node *Node
}

// Mode is how a step is run.
type Mode string

// The modes of a step.
const (
	Native   Mode = "native"   // on a platform of its own architecture
	Cross    Mode = "cross"    // on the build platform, with a cross compiler
	Emulated Mode = "emulated" // on the target's platform, through an emulator
)

// Node is one vertex, or a few that belong together.
type Node struct {
	// ID is unique in the graph and says what the node is, in a form that does
	// not change when unrelated parts of the stack do.
	ID   string
	Kind Kind
	// Component is the ID of the plan's component that the node belongs to;
	// empty for what several share.
	Component string
	// Title is the vertex's name, as progress displays show it.
	Title string
	// Arch is the architecture of what the node makes, Exec the one on which
	// it runs; Exec is empty if nothing is run.
	Arch, Exec string
	In         []In

	// What the node works on; which of them is set depends on Kind.
	Image  *plan.Image
	Link   *plan.Link
	Source *plan.Source
	Step   *plan.Step
	Test   *plan.Test
	World  *plan.World
	Python *plan.WorldLink
	Copies []plan.Copy
	Mode   Mode
	// Owner is the component of a Source or Step node.
	Owner *plan.Component
	// Keep says that an Install leaves the archive configured in the image.
	Keep bool
	// Pinned says that a Fetch is for the image, from which packages may be
	// kept out. What is only built in does not depend on that.
	Pinned bool
	// Exact is what a download is held to by the lock; empty if by nothing.
	Exact []string
}

// LockName is the name of a download in the lock, "" for what is none.
func (n *Node) LockName() string {
	if n.Kind != Fetch && n.Kind != Wheels {
		return ""
	}
	return n.Arch + "/" + n.ID
}

// Wanted is what a download asks for, in a form that two can be compared by.
func (n *Node) Wanted() []string {
	var out []string
	if n.Link != nil {
		out = append(slices.Clone(n.Link.Packages), n.Link.Unpack...)
	}
	if n.Python != nil {
		out = slices.Concat(n.Python.Requirements, n.Python.NoDeps, n.World.Constraints)
	}
	slices.Sort(out)
	return out
}

// Inputs returns the nodes of a role, in order.
func (n *Node) Inputs(r Role) []*Node {
	var out []*Node
	for _, in := range n.In {
		if in.Role == r {
			out = append(out, in.Node)
		}
	}
	return out
}

// Input returns the one node of a role, or nil.
func (n *Node) Input(r Role) *Node {
	for _, in := range n.In {
		if in.Role == r {
			return in.Node
		}
	}
	return nil
}

// Graph is a plan laid out for one builder and one target.
type Graph struct {
	Plan *plan.Plan
	// Nodes stand in topological order.
	Nodes []*Node
	// Result is what the build returns.
	Result *Node
	// Checks must pass before it is returned: the coherence check and the tests.
	Checks []*Node
	// Notices are what a user should know about how this is built.
	Notices []string
}

// Node returns a node by ID, or nil.
func (g *Graph) Node(id string) *Node {
	for _, n := range g.Nodes {
		if n.ID == id {
			return n
		}
	}
	return nil
}

// CrossMode says what is done where builder and target differ.
type CrossMode string

// The modes of crossing.
const (
	CrossAuto   CrossMode = "auto"   // cross-compile what can be, emulate the rest
	CrossAlways CrossMode = "always" // what cannot be cross-compiled is an error
	CrossNever  CrossMode = "never"  // emulate
)

// Options are what a graph depends on besides its plan.
type Options struct {
	// Build is the architecture of the builder.
	Build string
	// Target is what to build; "" is dev.
	Target string
	Cross  CrossMode
	// GPU says that the user granted tests a GPU.
	GPU bool
	// Pins are what the lock holds downloads to, as lock.File has them. They say
	// which versions come, not what is asked for, and so are no part of a plan.
	Pins map[string]lock.Packages
	// Locked says that what comes into the image must be pinned.
	Locked bool
}

// New lays out a plan.
func New(p *plan.Plan, o Options) (*Graph, error) {
	if o.Cross == "" {
		o.Cross = CrossAuto
	}
	b := &builder{
		g: &Graph{Plan: p}, p: p, o: o, arch: p.Platform.Arch,
		nodes: map[string]*Node{}, outs: map[string]*Node{},
	}
	if err := b.build(); err != nil {
		return nil, err
	}
	return b.g, nil
}

// builder makes nodes. Everything it makes is kept by ID, so that asking twice
// gives the same node.
type builder struct {
	g     *Graph
	p     *plan.Plan
	o     Options
	arch  string
	nodes map[string]*Node
	outs  map[string]*Node // a component's tree; nil if it has none
	err   error
}

// node returns the node with n's ID, adding n if it is new.
func (b *builder) node(n *Node) *Node {
	if have, ok := b.nodes[n.ID]; ok {
		if !have.sameWork(n) {
			b.fail("internal error: two different nodes are called %s", n.ID)
		}
		return have
	}
	b.nodes[n.ID] = n
	b.pin(n)
	b.g.Nodes = append(b.g.Nodes, n)
	return n
}

// sameWork reports whether two nodes work on the same thing. Of two that do not
// and have one ID, one would be left out of the build without a word.
func (n *Node) sameWork(o *Node) bool {
	return n.Step == o.Step && n.Source == o.Source && reflect.DeepEqual(n.Link, o.Link) && reflect.DeepEqual(n.Image, o.Image)
}

// NotLocked is the error for a download that must be in the lock and is not.
type NotLocked struct{ Title string }

func (e *NotLocked) Error() string {
	return e.Title + ": the lock does not hold what this asks for"
}

// pin holds a download to the lock, if that was made for the same wish.
func (b *builder) pin(n *Node) {
	name := n.LockName()
	if name == "" || b.o.Pins == nil && !b.o.Locked {
		return
	}
	p, ok := b.o.Pins[name]
	switch wanted := n.Wanted(); {
	case ok && slices.Equal(p.Wanted, wanted):
		n.Exact = p.Exact
	case b.o.Locked && len(wanted) > 0 && shipped(n.ID) && b.err == nil:
		b.err = &NotLocked{n.Title}
	case ok:
		b.notice("%s: the lock was made for other packages and is not used; jetson lock writes it anew", n.Title)
	}
}

// shipped reports whether a download is for the image. What is only built with
// has one form for each architecture of a builder, and a lock need not know
// them all.
func shipped(id string) bool {
	for _, p := range []string{"apt/run/", "apt/dev/", "world/"} {
		if strings.HasPrefix(id, p) {
			return true
		}
	}
	return false
}

func (b *builder) fail(format string, args ...any) {
	if b.err == nil {
		b.err = fmt.Errorf(format, args...)
	}
}

func (b *builder) notice(format string, args ...any) {
	b.g.Notices = append(b.g.Notices, fmt.Sprintf(format, args...))
}

// base is the plain base image of an architecture, on which environments are
// built.
func (b *builder) base(arch string) *Node {
	return b.image(b.p.Plain, arch)
}

func (b *builder) image(img plan.Image, arch string) *Node {
	return b.node(&Node{ID: imageID(img) + "/" + arch, Kind: Image, Title: "[base] " + img.Ref, Arch: arch, Image: &img})
}

// imageID tells an image by what a user may put another in the place of, and by
// what it is: the base and the plain image may differ in one of the two alone.
func imageID(img plan.Image) string {
	id := "image/"
	if img.Context != img.Ref {
		id += img.Context + "/"
	}
	id += img.Ref
	if img.Digest != "" {
		id += "@" + shortDigest(img.Digest)
	}
	return id
}

// shortDigest is enough of a digest to tell two apart by eye.
func shortDigest(digest string) string {
	_, hex, _ := strings.Cut(digest, ":")
	return hex[:min(12, len(hex))]
}

// merged is several trees as one, on top of the first. A single tree is itself.
func (b *builder) merged(id, title, component string, trees []*Node) *Node {
	if len(trees) == 1 {
		return trees[0]
	}
	n := &Node{ID: id, Kind: Merge, Component: component, Title: title, Arch: trees[0].Arch}
	for _, t := range trees {
		n.In = append(n.In, In{Tree, t})
	}
	return b.node(n)
}
