package resolve

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/catalog"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/tree"
	"github.com/org/jetson-frontend/stacks/version"
)

// key names a component in the graph. A host tool has the architecture of the
// build platform that it is for; a component of the target has none.
type key struct{ name, arch string }

func (k key) host() bool { return k.arch != "" }

func (k key) id() string {
	if k.host() {
		return k.name + "@host-" + k.arch
	}
	return k.name
}

func (k key) less(o key) int {
	if c := strings.Compare(k.name, o.name); c != 0 {
		return c
	}
	return strings.Compare(k.arch, o.arch)
}

// demand is one reason for which a component is wanted.
type demand struct {
	at       diag.Range
	from     *node // nil: the stack itself
	edge     string
	variants []tree.Text
	allows   []version.Constraint
	text     string // the reference as written
}

// node is a component of the graph, chosen.
type node struct {
	key      key
	entry    *catalog.Entry
	demands  []demand
	variants map[string]string
	version  *stacks.Version // nil if the component has no versions
	followed string          // the platform's version that is the component's
	options  map[string]string
	edges    map[string][]key // by kind, sorted
	parent   *node            // through which it came in first; nil for the stack
}

func (n *node) versionText() string {
	if n.version == nil {
		return n.followed
	}
	return n.version.Version.V
}

// needs are the component's, and those of the version that was chosen.
func (n *node) needs() []stacks.Needs {
	if n.version == nil || len(n.version.Needs) == 0 {
		return n.entry.Needs
	}
	return slices.Concat(n.entry.Needs, n.version.Needs)
}

func (n *node) axes() []string { return sortedKeys(n.variants) }

// line is the part of the stack file that brought the node in.
func (n *node) line() diag.Range {
	for m := n; ; m = m.parent {
		if m.parent == nil {
			return m.demands[0].at
		}
	}
}

// chain gives the names from the stack to the node.
func (n *node) chain() []string {
	var out []string
	for m := n; m != nil; m = m.parent {
		out = append(out, m.key.name)
	}
	slices.Reverse(out)
	return out
}

// graph is a settled set of components.
type graph struct {
	nodes map[key]*node
	order []*node // topological: needs first
}

// conflict is two demands that exclude each other.
type conflict struct {
	node    *node
	a, b    demand
	summary string
}

const (
	maxRounds   = 64 // until a stack settles; each adds a component or a demand
	maxAttempts = 96 // of backtracking
	maxProbes   = 8  // the same, where it is only asked whether a stack resolves
)

// solve chooses components until nothing changes. On a conflict of versions it
// gives up versions of those who made the demands: of the ways to do so that
// lead to a graph the one that gives up fewest. If none does, the first
// conflict is what there is to say.
func (r *resolver) solve(refs []stacks.Ref) *graph {
	before, most := len(r.diags), maxAttempts
	if r.probe {
		most = maxProbes
	}
	var first *conflict
	tried := map[string]bool{"": true}
	for queue, attempts := []bans{nil}, 0; len(queue) > 0 && attempts < most; attempts++ {
		banned := queue[0]
		queue = queue[1:]
		g, c := r.settle(refs, banned)
		switch {
		case c == nil && g != nil:
			r.sort(g)
			return g
		case first == nil && c == nil:
			return nil // why is said
		case c == nil: // a version of others led to what cannot be: another way
			r.diags = r.diags[:before]
			continue
		case first == nil:
			first = c
		}
		for _, k := range r.older(g, c, banned) {
			next := banned.with(k)
			if sig := strings.Join(next, ";"); !tried[sig] {
				tried[sig] = true
				queue = append(queue, next)
			}
		}
	}
	r.diags = r.diags[:before]
	r.explain(first)
	return nil
}

// bans are versions that are given up, sorted.
type bans []string

func (b bans) has(k string) bool { return slices.Contains(b, k) }

func (b bans) with(k string) bans {
	next := append(slices.Clone(b), k)
	slices.Sort(next)
	return next
}

// older names versions to give up: those of components whose demands are part
// of the conflict and that have another version to offer.
func (r *resolver) older(g *graph, c *conflict, banned bans) []string {
	var out []string
	for _, d := range []demand{c.b, c.a} {
		if d.from == nil {
			continue
		}
		n := g.nodes[d.from.key]
		if n == nil || n.version == nil {
			continue
		}
		others := 0
		for _, v := range n.entry.Versions {
			if !banned.has(banKey(n.key, v.Version.V)) && v.Version.V != n.version.Version.V && v.When.Holds(r.situationOf(n, g)) {
				others++
			}
		}
		if others > 0 {
			out = append(out, banKey(n.key, n.version.Version.V))
		}
	}
	slices.Sort(out) // the stack's order plays no part
	return out
}

func banKey(k key, v string) string { return k.id() + "=" + v }

func (r *resolver) situationOf(n *node, g *graph) situation {
	arch := n.key.arch
	if arch == "" {
		arch = r.target.Arch
	}
	var present func(string) bool
	if g != nil {
		present = presence(g.nodes)
	}
	return situation{target: r.target, arch: arch, variants: n.variants, present: present}
}

// settle expands the stack round by round. Conditions and demands of one round
// are answered from the round before, so that the order in which components
// are met plays no part, and so that what is found wrong counts in the last.
func (r *resolver) settle(refs []stacks.Ref, banned bans) (*graph, *conflict) {
	before := len(r.diags)
	prev, seen := r.named(refs), ""
	for range maxRounds {
		r.diags = r.diags[:before]
		g, c := r.expand(refs, prev, banned)
		if len(g.nodes) > MaxComponents {
			r.errorf("too-many", refs[0].At, "this stack needs more than %d components", MaxComponents)
			return nil, nil
		}
		sig := g.signature()
		if sig == seen {
			if r.diags[before:].HasErrors() {
				return nil, nil
			}
			return g, c
		}
		seen, prev = sig, g
	}
	if !r.diags[before:].HasErrors() {
		last, _ := r.expand(refs, prev, banned)
		r.errorf("unsettled", refs[0].At, "this stack does not settle: conditions contradict each other, of %s", strings.Join(restless(prev, last), ", "))
	}
	return nil, nil
}

// restless are the components that are not the same in two rounds.
func restless(a, b *graph) []string {
	var out []string
	for _, g := range []*graph{a, b} {
		for _, k := range slices.SortedFunc(maps.Keys(g.nodes), key.less) {
			x, y := a.nodes[k], b.nodes[k]
			if x == nil || y == nil || x.title() != y.title() || x.versionText() != y.versionText() {
				out = append(out, k.name)
			}
		}
	}
	return unique(out)
}

func (g *graph) signature() string {
	var b strings.Builder
	for _, k := range slices.SortedFunc(maps.Keys(g.nodes), key.less) {
		n := g.nodes[k]
		fmt.Fprintf(&b, "%s=%s%v%d;", k.id(), n.versionText(), n.variants, len(n.demands))
	}
	return b.String()
}

// expand walks from the stack's references to everything that they need.
func (r *resolver) expand(refs []stacks.Ref, prev *graph, banned bans) (*graph, *conflict) {
	x := &expansion{r: r, g: &graph{nodes: map[key]*node{}}, prev: prev, banned: banned}
	for _, ref := range refs {
		x.want(ref, nil, "stack", "")
	}
	for len(x.queue) > 0 && len(x.g.nodes) <= MaxComponents {
		n := x.queue[0]
		x.queue = x.queue[1:]
		x.choose(n)
		x.needs(n)
	}
	return x.g, x.conflict
}

type expansion struct {
	r        *resolver
	g, prev  *graph
	banned   bans
	queue    []*node
	conflict *conflict
}

// want adds a demand, and its component if it is new.
func (x *expansion) want(ref stacks.Ref, from *node, edge, arch string) (key, bool) {
	entry, alias, diags := x.r.in.Catalog.Find(ref.Name.V)
	x.r.add(diags...)
	if entry == nil {
		if len(diags) == 0 && ref.Name.V != "" {
			x.r.unknownComponent(ref, from)
		}
		return key{}, false
	}
	d := demand{at: ref.At, edge: edge, variants: ref.Variants, allows: []version.Constraint{ref.Allows}, text: ref.String()}
	if alias != nil {
		d.allows = append(d.allows, alias.Allows)
		d.variants = append(d.variants, aliasVariants(entry, alias, ref)...)
	}
	d.from = from
	if _, overridden := x.r.in.Overrides.Versions.Get(entry.Name.V); overridden && from == nil {
		d.allows = nil // so does it for the version in the stack's line
	}
	k := key{entry.Name.V, arch}
	n := x.g.nodes[k]
	if n == nil {
		n = &node{key: k, entry: entry, parent: from}
		x.g.nodes[k] = n
		x.queue = append(x.queue, n)
	}
	n.demands = append(n.demands, d)
	return k, true
}

// aliasVariants returns the variants that an alias chooses, less those whose
// axis the reference itself decides.
func aliasVariants(e *catalog.Entry, a *stacks.Alias, ref stacks.Ref) []tree.Text {
	decided := map[string]bool{}
	for _, v := range ref.Variants {
		decided[axisOf(e.Component, v.V)] = true
	}
	var out []tree.Text
	for _, v := range a.Variants {
		if !decided[axisOf(e.Component, v.V)] {
			out = append(out, v)
		}
	}
	return out
}

func axisOf(c *stacks.Component, value string) string {
	for _, v := range c.Variants {
		if slices.Contains(texts(v.Values), value) {
			return v.Axis.V
		}
	}
	return ""
}

func (r *resolver) unknownComponent(ref stacks.Ref, from *node) {
	g := diag.Errorf("unknown-component", ref.Name.At, "there is no component %q", ref.Name.V)
	g.Help = diag.DidYouMean(ref.Name.V, r.in.Catalog.Words())
	if from != nil {
		g = g.WithRelated(from.line(), "needed by %s", strings.Join(from.chain(), " → "))
	}
	r.add(g)
}

// allDemands are those of this round and of the one before: a component may
// have been chosen before its last demand was met.
func (x *expansion) allDemands(n *node) []demand {
	all := n.demands
	if p := x.prev.nodes[n.key]; p != nil {
		all = p.demands
	}
	return append(slices.Clone(all), x.r.pins(n)...)
}

// pins are the demands of [versions] and of version arguments.
func (r *resolver) pins(n *node) []demand {
	var out []demand
	for _, list := range []tree.Map[tree.Text]{r.in.Overrides.Versions, r.in.Stack.Versions} {
		v, ok := list.Get(n.key.name)
		if !ok || r.isPlatformKey(n.key.name) {
			continue
		}
		c, err := version.ParseConstraint(v.V)
		if err == nil {
			out = append(out, demand{at: v.At, edge: "version", allows: []version.Constraint{c}, text: n.key.name + "@" + v.V})
		}
		break // an argument stands in for the stack's own line
	}
	return out
}

// needs adds what a chosen component needs.
func (x *expansion) needs(n *node) {
	n.edges = map[string][]key{}
	s := x.r.situationOf(n, x.prev)
	for _, need := range n.needs() {
		if !need.When.Holds(s) {
			continue
		}
		for _, kind := range []struct {
			name string
			refs []stacks.Ref
		}{{"tools", need.Tools}, {"build", need.Build}, {"link", need.Link}, {"run", need.Run}, {"test", need.Test}} {
			for _, ref := range kind.refs {
				x.edge(n, kind.name, ref)
			}
		}
	}
	for _, ref := range x.r.supplied(n, s) {
		x.edge(n, "tools", ref)
	}
}

// edge adds one need. Tools are wanted once for each architecture that a
// builder may have: a plan does not know its builder.
func (x *expansion) edge(n *node, kind string, ref stacks.Ref) {
	arches := []string{n.key.arch}
	if kind == "tools" && !n.key.host() {
		arches = BuildArches()
	}
	for _, arch := range arches {
		if k, ok := x.want(ref, n, kind, arch); ok && !slices.Contains(n.edges[kind], k) {
			n.edges[kind] = append(n.edges[kind], k)
		}
	}
	slices.SortFunc(n.edges[kind], key.less)
}

// BuildArches are the architectures that a builder may have.
func BuildArches() []string { return []string{"amd64", "arm64"} }
