package resolve

import (
	"path"
	"slices"
	"strings"

	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/plan"
	"github.com/org/jetson-frontend/stacks/tree"
)

// Trace says why each part of a plan is there.
type Trace struct {
	// Components are in the plan's order.
	Components []ComponentTrace
	// Packages are all needs of Debian packages that hold in this plan, by
	// component in the plan's order; those of the stack itself come last.
	Packages []PackageTrace
	// Replaced maps a Debian package to the component that stands in for it.
	Replaced map[string]string
}

// ComponentTrace is the reasons for one component.
type ComponentTrace struct {
	ID, Name string
	// Chain leads from a name of the stack to this one, by the shortest way.
	Chain []string
	// Line is the part of the stack file that brought the component in.
	Line    diag.Range
	Demands []Demand
	// Version is the one taken; Others are those that could be had on this
	// platform too, the newest first. Each was kept away by a demand, is older, or
	// is one of Asked, which are taken only where a demand leaves no other.
	Version string
	Others  []string
	Asked   []string
	// Follows names the platform's version that is the component's.
	Follows string
	File    string // the component's own file
}

// Demand is one reason for which a component is wanted, or wanted so.
type Demand struct {
	// From is the ID of the component that asks; "" is the stack, a build
	// argument or [versions].
	From string
	// Edge is stack, version, tools, build, link, run or test.
	Edge string
	// Text is the reference as written, such as "name:variant@>=2".
	Text string
	At   diag.Range
	// Keeps are versions, available here, that this demand excludes.
	Keeps []string
}

// PackageTrace is one need of a Debian package.
type PackageTrace struct {
	Package string
	Archive string // "" is the distribution's
	// Component is the ID of who needs it; "" is the stack.
	Component string
	// Edge is tools, build, link, run or test, as in a needs table; "step" and
	// "step dev" for what an apt step installs; "pip" for a Python package.
	Edge string
	At   diag.Range
}

// Trace returns the reasons for the plan. It is empty if there is no plan.
func (r Result) Trace() Trace {
	var t Trace
	if r.made == nil || r.Plan == nil {
		return t
	}
	e := *r.made
	t.Replaced = e.replaced
	for _, n := range e.graph.order {
		t.Components = append(t.Components, e.componentTrace(n))
		t.Packages = append(t.Packages, e.packageTraces(n)...)
	}
	own := e.in.Stack.Apt
	for _, w := range own.Packages {
		t.Packages = append(t.Packages, PackageTrace{Package: w.V, Archive: own.Archive.V, Edge: "packages", At: w.At})
	}
	for _, w := range own.Dev {
		t.Packages = append(t.Packages, PackageTrace{Package: w.V, Archive: own.Archive.V, Edge: "dev", At: w.At})
	}
	return t
}

func (e *evaluator) componentTrace(n *node) ComponentTrace {
	c := ComponentTrace{ID: n.key.id(), Name: n.key.name, Chain: n.chain(), Line: n.line(), Version: n.versionText(), Follows: n.entry.Follows.V, File: n.entry.File}
	var here []string
	for _, v := range available(n.entry, e.situation(n)) {
		here = append(here, v.Version.V)
		if v.Version.V != c.Version {
			c.Others = append(c.Others, v.Version.V)
			if v.Asked {
				c.Asked = append(c.Asked, v.Version.V)
			}
		}
	}
	for _, d := range append(slices.Clone(n.demands), e.pins(n)...) {
		out := Demand{Edge: d.edge, Text: d.text, At: d.at}
		if d.from != nil {
			out.From = d.from.key.id()
		}
		for _, v := range here {
			if !d.allowsVersion(v) {
				out.Keeps = append(out.Keeps, v)
			}
		}
		c.Demands = append(c.Demands, out)
	}
	return c
}

// packageTraces are the needs of packages of one component that hold here.
func (e *evaluator) packageTraces(n *node) []PackageTrace {
	var out []PackageTrace
	add := func(edge, archive string, words tree.Words) {
		for _, w := range words {
			out = append(out, PackageTrace{Package: e.text(n, w), Archive: archive, Component: n.key.id(), Edge: edge, At: w.At})
		}
	}
	s := e.situation(n)
	for _, need := range n.needs() {
		if !need.When.Holds(s) {
			continue
		}
		a := need.Apt
		add("tools", a.Archive.V, a.Tools)
		add("build", a.Archive.V, a.Build)
		add("link", a.Archive.V, a.Link)
		add("run", a.Archive.V, a.Run)
		add("test", a.Archive.V, a.Test)
	}
	for _, step := range n.entry.Steps {
		if step.Pip != nil && step.When.Holds(s) {
			for _, r := range step.Pip.Requirements {
				out = append(out, PackageTrace{Package: requirement(e.text(n, r)), Component: n.key.id(), Edge: "pip", At: r.At})
			}
		}
		if step.Apt == nil || !step.When.Holds(s) {
			continue
		}
		add("step", step.Apt.Archive.V, step.Apt.Packages)
		add("step", step.Apt.Archive.V, step.Apt.UnpackOnly)
		add("step dev", step.Apt.Archive.V, step.Apt.Dev)
		for _, deb := range step.Apt.Debs {
			out = append(out, PackageTrace{Package: path.Base(e.text(n, deb.HTTP)), Component: n.key.id(), Edge: "step", At: deb.At})
		}
	}
	return out
}

// requirement is the name of a Python package that a requirement asks for.
func requirement(text string) string {
	end := strings.IndexAny(text, " <>=!~;[@(")
	if end < 0 {
		end = len(text)
	}
	return strings.ToLower(text[:end])
}

// Component returns the trace of a component by its ID.
func (t Trace) Component(id string) (ComponentTrace, bool) {
	for _, c := range t.Components {
		if c.ID == id {
			return c, true
		}
	}
	return ComponentTrace{}, false
}

// Installs says which of a plan's links name a package: the run and dev chains
// of the image, the environments of components, the tests.
func Installs(p *plan.Plan, pkg string) []string {
	var out []string
	in := func(links []plan.Link) bool {
		return slices.ContainsFunc(links, func(l plan.Link) bool { return slices.Contains(l.Packages, pkg) || slices.Contains(l.Unpack, pkg) })
	}
	if in(p.Apt.Run) {
		out = append(out, "every image")
	}
	if in(p.Apt.Dev) {
		out = append(out, "the dev image")
	}
	for _, c := range p.Components {
		if in(c.Apt) || in(c.HostApt) {
			out = append(out, "the build of "+c.ID())
		}
	}
	for _, t := range p.Tests {
		if in(t.Apt) {
			out = append(out, "the test "+t.ID())
		}
	}
	if slices.Contains(p.Tools.Packages, pkg) || slices.Contains(p.Tools.Fetch, pkg) {
		out = append(out, "the toolchain of the distribution")
	}
	for _, kind := range sortedKeys(p.Tools.Kinds) {
		if slices.Contains(p.Tools.Kinds[kind], pkg) {
			out = append(out, "the tools of "+kind+" steps")
		}
	}
	for _, arch := range sortedKeys(p.Tools.Cross) {
		if slices.Contains(p.Tools.Cross[arch], pkg) {
			out = append(out, "the cross compiler for "+arch)
		}
	}
	return out
}
