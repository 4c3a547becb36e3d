package resolve

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/plan"
	"github.com/org/jetson-frontend/stacks/tree"
)

// aptNeeds are one component's packages by kind of edge and archive, its apt
// steps among them: what a step installs is in every image, its dev packages
// are for who builds against it.
type aptNeeds struct {
	tools, build, link, run, test linkSet
}

// linkSet is packages by archive.
type linkSet map[string]*plan.Link

func (s linkSet) at(archive string) *plan.Link {
	l := s[archive]
	if l == nil {
		l = &plan.Link{Archive: archive}
		s[archive] = l
	}
	return l
}

func (s linkSet) add(archive string, packages ...string) {
	if len(packages) > 0 {
		l := s.at(archive)
		l.Packages = append(l.Packages, packages...)
	}
}

// merge adds everything of o.
func (s linkSet) merge(o linkSet) {
	for archive, l := range o {
		m := s.at(archive)
		m.Packages = append(m.Packages, l.Packages...)
		m.Hold(l.Versions)
		m.Debconf = append(m.Debconf, l.Debconf...)
		m.Markers = append(m.Markers, l.Markers...)
		m.Unpack = append(m.Unpack, l.Unpack...)
		m.Debs = append(m.Debs, l.Debs...)
	}
}

func (e *evaluator) aptNeeds(n *node) *aptNeeds {
	a := &aptNeeds{linkSet{}, linkSet{}, linkSet{}, linkSet{}, linkSet{}}
	s := e.situation(n)
	for _, need := range n.needs() {
		if !need.When.Holds(s) {
			continue
		}
		archive := e.archiveName(n, need.Apt.Archive)
		for _, kind := range []struct {
			set   linkSet
			words tree.Words
		}{{a.tools, need.Apt.Tools}, {a.build, need.Apt.Build}, {a.link, need.Apt.Link}, {a.run, need.Apt.Run}, {a.test, need.Apt.Test}} {
			if words := e.packages(n, kind.words); len(words) > 0 {
				kind.set.add(archive, words...)
				kind.set.at(archive).Hold(e.aptVersions(n, need.Apt.Versions))
			}
		}
	}
	for _, step := range n.entry.Steps {
		if step.Apt != nil && step.When.Holds(s) {
			e.aptStep(n, step.Apt, a)
		}
	}
	return a
}

// aptVersions checks what apt is held to, once it is known.
func (e *evaluator) aptVersions(n *node, versions tree.Map[tree.Text]) map[string]string {
	out := map[string]string{}
	for _, v := range versions {
		pattern, want := v.Key.V, e.text(n, v.Val)
		if !stacks.ValidPackage(strings.ReplaceAll(pattern, "*", "a")) || !stacks.ValidDebVersion(want) {
			e.errorf("bad-package", v.Val.At, "%q and %q cannot be a Debian package and its version", pattern, want)
			continue
		}
		out[pattern] = want
	}
	return out
}

func (e *evaluator) aptStep(n *node, step *stacks.AptStep, a *aptNeeds) {
	archive := e.archiveName(n, step.Archive)
	a.run.add(archive, e.packages(n, step.Packages)...)
	a.link.add(archive, e.packages(n, step.Dev)...)
	l := a.run.at(archive)
	l.Debconf = append(l.Debconf, e.textList(n, step.Debconf)...)
	l.Markers = append(l.Markers, e.validList(n, step.Markers, "bad-path", isAbs, "%q is not an absolute path without ..")...)
	l.Unpack = append(l.Unpack, e.packages(n, step.UnpackOnly)...)
	for _, deb := range step.Debs {
		l.Debs = append(l.Debs, e.blob(n, deb.HTTP, deb.SHA256, isAddress, stacks.HTTPURL))
	}
}

// archiveName checks that an archive exists on this platform.
func (e *evaluator) archiveName(n *node, t tree.Text) string {
	if t.V == "" {
		return ""
	}
	if _, ok := e.in.Platforms.Archive(t.V, e.situation(n)); !ok {
		known := e.in.Platforms.ArchiveNames()
		g := diag.Errorf("unknown-archive", t.At, "%s has no archive %q", e.target, t.V)
		if !slices.Contains(known, t.V) {
			g.Help = diag.DidYouMean(t.V, known)
		} else {
			g = g.WithRelated(n.line(), "%s is asked for here", n.key.name)
		}
		e.add(g)
	}
	return t.V
}

// packages expands package names and leaves out those that a component of the
// plan stands in for.
func (e *evaluator) packages(n *node, words tree.Words) []string {
	var out []string
	for _, w := range words {
		p := e.valid(n, w, "bad-package", stacks.ValidPackage, "%q cannot be the name of a Debian package")
		if by, ok := e.replaced[p]; ok && by != n.key.name {
			continue
		}
		out = append(out, p)
	}
	return out
}

// environment fills in what a component's steps see: the trees and packages of
// its own build and link needs, and of the link needs of all that it links to.
func (e *evaluator) environment(n *node, c *plan.Component) {
	target, host := linkSet{}, linkSet{}
	own := e.needs[n.key]
	target.merge(own.build)
	target.merge(own.link)
	host.merge(own.tools)
	seen := map[key]bool{}
	var inherit func(k key)
	inherit = func(k key) {
		if seen[k] {
			return
		}
		seen[k] = true
		target.merge(e.needs[k].link)
		target.merge(e.needs[k].run)
		for _, next := range e.graph.nodes[k].edges["link"] {
			inherit(next)
		}
	}
	for _, kind := range []string{"build", "link"} {
		for _, k := range n.edges[kind] {
			inherit(k)
		}
	}
	for _, k := range n.edges["tools"] {
		host.merge(e.needs[k].run)
	}
	for _, kind := range []string{stacks.KindWheel, stacks.KindColcon} {
		if set, ok := e.target.Distro.Tools.Get(kind); ok && e.usesKind(n, kind) {
			host.add("", set.Values()...)
		}
	}
	if n.key.host() {
		// A tool is built natively: what it builds against is on the host.
		host.merge(target)
		target = linkSet{}
	}
	for _, m := range e.graph.order {
		if seen[m.key] {
			c.Env = append(c.Env, m.key.id())
		}
	}
	c.Apt = e.links(n, target)
	c.HostApt = e.links(n, host)
}

// usesKind reports whether a component has a step of a kind here.
func (e *evaluator) usesKind(n *node, kind string) bool {
	s := e.situation(n)
	return slices.ContainsFunc(n.entry.Steps, func(st stacks.Step) bool { return st.Kind.V == kind && st.When.Holds(s) })
}

// links puts a set into the order of the chain.
func (e *evaluator) links(n *node, set linkSet) []plan.Link {
	var out []plan.Link
	for archive, l := range set {
		sortedLink := plan.Link{
			Archive: archive, Packages: sorted(l.Packages), Debconf: sorted(l.Debconf), Markers: sorted(l.Markers), Unpack: sorted(l.Unpack),
			Debs: slices.Clone(l.Debs), Versions: l.Versions,
		}
		slices.SortFunc(sortedLink.Debs, func(a, b plan.Blob) int { return strings.Compare(a.URL, b.URL) })
		sortedLink.Debs = slices.Compact(sortedLink.Debs)
		if len(sortedLink.Packages)+len(sortedLink.Debs)+len(sortedLink.Unpack)+len(sortedLink.Markers)+len(sortedLink.Debconf) == 0 {
			continue
		}
		out = append(out, sortedLink)
	}
	slices.SortFunc(out, func(a, b plan.Link) int {
		return cmp.Or(cmp.Compare(e.order(a.Archive), e.order(b.Archive)), strings.Compare(a.Archive, b.Archive))
	})
	return out
}

// order is an archive's place in the chain; the distribution's own is last.
func (e *evaluator) order(archive string) int {
	if archive == "" {
		return 1 << 20
	}
	if a, ok := e.in.Platforms.Archive(archive, e.plain()); ok {
		return a.Order
	}
	return 0
}

// plain is the situation without a component.
func (e *evaluator) plain() situation {
	return situation{target: e.target, arch: e.target.Arch, present: e.present}
}

// apt unites what all shipped components and the stack itself install, and
// more of the distribution's own packages. What the base image brings is not
// installed again.
func (e *evaluator) apt(more []string) plan.Apt {
	run, dev := linkSet{}, linkSet{}
	run.add("", more...)
	for _, n := range e.graph.order {
		if e.shipped[n.key] && !e.provided[n.key.name] {
			run.merge(e.needs[n.key].run)
			dev.merge(e.needs[n.key].link)
		}
	}
	own := e.in.Stack.Apt
	stackNode := &node{key: key{name: "the stack"}, entry: nil, demands: []demand{{at: own.At}}}
	archive := ""
	if own.Archive.Set() {
		archive = e.archiveName(stackNode, own.Archive)
	}
	run.add(archive, e.unreplaced(own.Packages)...)
	dev.add(archive, e.unreplaced(own.Dev)...)
	var a plan.Apt
	a.Run = e.links(nil, run)
	a.Dev = e.links(nil, without(dev, run))
	a.Forbid = e.forbidden(run, dev)
	return a
}

func (e *evaluator) unreplaced(words tree.Words) []string {
	return slices.DeleteFunc(words.Values(), func(p string) bool { _, ok := e.replaced[p]; return ok })
}

// without removes from set what base has already.
func without(set, base linkSet) linkSet {
	for archive, l := range set {
		if b := base[archive]; b != nil {
			l.Packages = slices.DeleteFunc(slices.Clone(l.Packages), func(p string) bool { return slices.Contains(b.Packages, p) })
		}
	}
	return set
}

// forbidden collects the patterns that must stay out, and refuses a plan that
// asks for one of them.
func (e *evaluator) forbidden(sets ...linkSet) []string {
	var out []string
	for _, n := range e.graph.order {
		if n.key.host() || !e.shipped[n.key] {
			continue
		}
		for _, f := range n.entry.Forbid {
			if !f.When.Holds(e.situation(n)) {
				continue
			}
			for _, pattern := range f.Apt {
				out = append(out, pattern.V)
				e.refuseForbidden(n, pattern.V, f.Why.V)
			}
		}
	}
	out = append(out, e.in.Stack.Apt.Forbid.Values()...)
	return sorted(out)
}

func (e *evaluator) refuseForbidden(n *node, pattern, why string) {
	for _, other := range e.graph.order {
		if !e.shipped[other.key] {
			continue
		}
		for _, set := range []linkSet{e.needs[other.key].run, e.needs[other.key].link} {
			for _, l := range set {
				for _, p := range l.Packages {
					if ok, err := path.Match(pattern, p); ok && err == nil {
						e.add(diag.Errorf("forbidden-package", other.line(), "%s installs %s, which %s keeps out: %s", other.key.name, p, n.key.name, why).
							WithRelated(n.line(), "%s is asked for here", n.key.name))
					}
				}
			}
		}
	}
	for _, p := range append(slices.Clone(e.in.Stack.Apt.Packages), e.in.Stack.Apt.Dev...) {
		if _, ok := e.replaced[p.V]; ok {
			continue // it is left out anyway
		}
		if ok, err := path.Match(pattern, p.V); ok && err == nil {
			e.add(diag.Errorf("forbidden-package", p.At, "%s is kept out by %s: %s", p.V, n.key.name, why).
				WithRelated(n.line(), "%s is asked for here", n.key.name))
		}
	}
}
