package resolve

import (
	"fmt"
	"slices"
	"strings"

	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/plan"
	"github.com/org/jetson-frontend/stacks/tree"
	"github.com/org/jetson-frontend/stacks/version"
)

// worldRoot is where Python worlds lie. None of them is the distribution's:
// that one is apt's alone.
const worldRoot = "/opt/python/"

// worldOf is the name of a world as a component or a stack writes it.
func worldOf(t tree.Text) string {
	if t.V == "" {
		return stacks.MainWorld
	}
	return t.V
}

// worlds unites what the shipped components and the stack put into Python
// worlds. A world that nothing joins is not made.
func (e *evaluator) worlds() []plan.World {
	links := map[string]map[string]*plan.WorldLink{}
	open := map[string]diag.Range{} // worlds that an index decides about, and who says so first
	link := func(world, name string) *plan.WorldLink {
		if links[world] == nil {
			links[world] = map[string]*plan.WorldLink{}
		}
		if links[world][name] == nil {
			links[world][name] = &plan.WorldLink{Name: name}
		}
		return links[world][name]
	}
	for _, n := range e.graph.order {
		if n.key.host() || !e.shipped[n.key] {
			continue
		}
		s := e.situation(n)
		for _, st := range n.entry.Steps {
			if st.Pip != nil && st.When.Holds(s) {
				if e.pip(n, st.Pip, link) && !open[worldOf(st.Pip.World)].Known() {
					open[worldOf(st.Pip.World)] = n.line()
				}
			}
		}
	}
	for _, w := range e.in.Stack.Python {
		if len(w.Val.Packages) == 0 {
			continue
		}
		l := link(w.Key.V, "application")
		l.Requirements = append(l.Requirements, texts(w.Val.Packages)...)
		if !open[w.Key.V].Known() {
			open[w.Key.V] = w.Key.At
		}
		l.Indexes = append(l.Indexes, e.worldIndexes(w.Key.V)...)
	}
	var out []plan.World
	for _, name := range sortedKeys(links) {
		if at, ok := open[name]; ok {
			e.unlocked(at, name)
		}
		w := e.world(name)
		e.pipFloor(open[name])
		for _, at := range stacks.WorldLinks() {
			if l := links[name][at]; l != nil {
				l.Requirements, l.NoDeps = sorted(l.Requirements), sorted(l.NoDeps)
				l.Indexes, l.From = foreign(l.Indexes), sorted(l.From)
				slices.SortFunc(l.Wheels, func(a, b plan.Blob) int { return strings.Compare(a.URL, b.URL) })
				w.Links = append(w.Links, *l)
			}
		}
		out = append(out, w)
	}
	return out
}

// pip adds a step to its world's link, and reports whether an index decides
// what comes of it.
func (e *evaluator) pip(n *node, st *stacks.PipStep, link func(world, name string) *plan.WorldLink) bool {
	at := "library"
	if st.Link.Set() {
		at = st.Link.V
	}
	l := link(worldOf(st.World), at)
	reqs := e.requirements(n, st.Requirements)
	if st.NoDeps {
		l.NoDeps = append(l.NoDeps, reqs...)
	} else {
		l.Requirements = append(l.Requirements, reqs...)
	}
	if len(st.Index) > 0 || len(reqs) > 0 || !st.NoDeps {
		l.Indexes = append(l.Indexes, e.stepIndexes(n, st)...)
	}
	for _, w := range st.Wheels {
		if w.When.Holds(e.situation(n)) {
			l.Wheels = append(l.Wheels, e.blob(n, w.HTTP, w.SHA256, stacks.ValidWheelURL, "the address of a wheel"))
		}
	}
	for _, k := range append(slices.Clone(n.edges["build"]), append(slices.Clone(n.edges["link"]), n.key)...) {
		if m := e.graph.nodes[k]; m != nil && hasStep(m.entry.Component, stacks.KindWheel) {
			l.From = append(l.From, k.id())
		}
	}
	return len(reqs) > 0 || len(st.Wheels) > 0 && !st.NoDeps
}

// stepIndexes are where a step's packages come from: what it names, else what its
// world does.
func (e *evaluator) stepIndexes(n *node, st *stacks.PipStep) []string {
	if len(st.Index) == 0 {
		return e.worldIndexes(worldOf(st.World))
	}
	var out []string
	for _, t := range st.Index {
		out = append(out, indexOf(e.address(n, t, isAddress, stacks.HTTPURL, "")))
	}
	return out
}

// worldIndexes are those that the stack names for a world, else PyPI.
func (e *evaluator) worldIndexes(world string) []string {
	own, _ := e.in.Stack.Python.Get(world)
	if len(own.Index) == 0 {
		return []string{plan.PyPI}
	}
	var out []string
	for _, t := range own.Index {
		out = append(out, indexOf(t.V))
	}
	return out
}

// indexOf is an index in the one form in which two can be compared.
func indexOf(address string) string { return strings.TrimSuffix(address, "/") }

// foreign are the indexes of a link as a plan has them: none for PyPI alone.
func foreign(indexes []string) []string {
	out := sorted(indexes)
	if slices.Equal(out, []string{plan.PyPI}) {
		return nil
	}
	return out
}

func (e *evaluator) requirements(n *node, ts []tree.Text) []string {
	return e.validList(n, ts, "bad-requirement", stacks.ValidRequirement, "%q is not a requirement")
}

// unlocked says that an index decides what a world gets. Whether a lock fits
// what is asked for is seen where the download is laid out.
func (e *evaluator) unlocked(at diag.Range, world string) {
	if e.in.Lock != nil {
		for name := range e.in.Lock.Packages {
			if strings.Contains(name, "/world/"+world+"/") {
				return
			}
		}
	}
	what := fmt.Sprintf("the Python world %q takes what its index has on the day", world)
	if e.in.Overrides.Locked {
		e.add(diag.Errorf("not-locked", at, "%s", what).WithHelp("jetson lock writes down what that is, or name wheels by address and sha256"))
		return
	}
	e.add(diag.Warnf("unpinned", at, "%s", what).WithHelp("jetson lock writes down what that is"))
}

// world evaluates everything of a world but its links.
func (e *evaluator) world(name string) plan.World {
	w := plan.World{Name: name, Prefix: worldRoot + name, System: true}
	for _, n := range e.graph.order {
		if n.key.host() || !e.shipped[n.key] {
			continue
		}
		for _, p := range n.entry.Python {
			if worldOf(p.World) != name || !p.When.Holds(e.situation(n)) {
				continue
			}
			w.Constraints = append(w.Constraints, e.requirements(n, p.Constraints)...)
			if p.System != nil {
				w.System = *p.System
			}
		}
	}
	own, _ := e.in.Stack.Python.Get(name)
	w.Constraints = sorted(append(w.Constraints, texts(own.Constraints)...))
	if own.System != nil {
		w.System = *own.System
	}
	w.Interpreter = e.interpreter(name, own.Interpreter)
	return w
}

// interpreter is the version of a world's Python. It has to be one that the
// distribution has.
func (e *evaluator) interpreter(world string, t tree.Text) string {
	v, at := e.target.Versions["python"], e.in.Stack.At
	if t.Set() {
		v, at = t.V, t.At
	}
	if _, ok := e.target.Distro.Pythons.Get(v); !ok {
		var known []string
		for _, p := range e.target.Distro.Pythons {
			known = append(known, p.Key.V)
		}
		g := diag.Errorf("unavailable", at, "%s has no Python %s for the world %q", e.target.Distro.Name.V, v, world)
		g.Help = diag.DidYouMean(v, known)
		e.add(g)
	}
	return v
}

// pipFloor refuses a pip that takes one --platform and no more, before the build
// finds out: a world is made for all that its C library can run.
func (e *evaluator) pipFloor(at diag.Range) {
	const floor = "20.3"
	have, ok := e.target.Distro.ToolVersions.Get(stacks.KindPip)
	if !ok || version.Compare(have.V, floor) >= 0 {
		return
	}
	if !at.Known() {
		at = e.in.Stack.At
	}
	e.errorf("old-tool", at, "%s has pip %s, but a Python world needs %s or newer", e.target.Distro.Name.V, have.V, floor)
}

// pythons are the packages of the interpreters that the worlds use.
func (e *evaluator) pythons(worlds []plan.World) []string {
	var out []string
	for _, w := range worlds {
		if p, ok := e.target.Distro.Pythons.Get(w.Interpreter); ok {
			out = append(out, p.Values()...)
		}
	}
	return sorted(out)
}

func (e *evaluator) wheel(n *node, c *plan.Component, st stacks.Step, step *plan.Step) {
	raw := st.Wheel
	w := &plan.WheelStep{
		Source: e.sourcePath(n, c, raw.Source), Backend: "pep517", Env: e.textMap(n, raw.Env), Tools: sorted(e.requirements(n, raw.Tools)),
	}
	if raw.Backend.Set() {
		w.Backend = raw.Backend.V
	}
	own, _ := e.in.Stack.Python.Get(worldOf(raw.World))
	w.Interpreter = e.interpreter(worldOf(raw.World), own.Interpreter)
	if len(w.Tools) > 0 {
		e.pipFloor(st.At)
	}
	w.Indexes = foreign(e.worldIndexes(worldOf(raw.World)))
	if w.Source == "" {
		e.errorf("missing-key", st.At, "a wheel step needs a source")
	}
	step.Wheel = w
}
