package resolve

import (
	"fmt"
	"slices"
	"strings"

	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/catalog"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/tree"
	"github.com/org/jetson-frontend/stacks/version"
)

// choose decides a component's variants, options and version.
func (x *expansion) choose(n *node) {
	demands := x.allDemands(n)
	x.variants(n, demands)
	x.r.options(n)
	refused := x.r.refuse(n, x.prev)
	said := len(x.r.diags)
	x.pick(n, demands)
	if refused {
		x.r.diags = x.r.diags[:said] // that there is no version follows from it
	}
}

func (x *expansion) variants(n *node, demands []demand) {
	n.variants = map[string]string{}
	decidedBy := map[string]demand{}
	for _, d := range demands {
		for _, v := range d.variants {
			axis := axisOf(n.entry.Component, v.V)
			if axis == "" {
				x.r.unknownVariant(n, v)
				continue
			}
			if have, ok := n.variants[axis]; ok && have != v.V {
				x.clash(n, decidedBy[axis], d, fmt.Sprintf("%s is wanted both as %q and as %q", n.key.name, have, v.V))
				continue
			}
			n.variants[axis] = v.V
			if _, ok := decidedBy[axis]; !ok {
				decidedBy[axis] = d
			}
		}
	}
	// Defaults come after what is decided, axis by axis, so that one default
	// can follow another.
	for _, axis := range n.entry.Variants {
		if _, ok := n.variants[axis.Axis.V]; !ok && len(axis.Values) > 0 {
			n.variants[axis.Axis.V] = x.defaultValue(n, axis)
		}
	}
}

func (x *expansion) defaultValue(n *node, axis stacks.Variant) string {
	s := x.r.situationOf(n, x.prev)
	for _, i := range axis.If {
		if i.When.Holds(s) {
			return i.Default.V
		}
	}
	if axis.Default.V != "" {
		return axis.Default.V
	}
	return axis.Values[0].V
}

func (x *expansion) clash(n *node, a, b demand, summary string) {
	if x.conflict == nil {
		x.conflict = &conflict{node: n, a: a, b: b, summary: summary}
	}
}

func (r *resolver) unknownVariant(n *node, v tree.Text) {
	if v.V == "" {
		return // that it is missing is said
	}
	var known []string
	for _, axis := range n.entry.Variants {
		known = append(known, texts(axis.Values)...)
	}
	g := diag.Errorf("unknown-variant", v.At, "%s has no variant %q", n.key.name, v.V)
	g.Help = diag.DidYouMean(v.V, known)
	if len(known) == 0 {
		g.Help = "it has no variants; a version is written with @"
	}
	r.add(g)
}

// pick takes the newest version that is for this platform and that every
// demand allows.
func (x *expansion) pick(n *node, demands []demand) {
	if n.entry.Follows.Set() {
		x.follow(n, demands)
		return
	}
	if len(n.entry.Versions) == 0 {
		return
	}
	s := x.r.situationOf(n, x.prev)
	here := available(n.entry, s)
	if len(here) == 0 {
		x.r.unavailable(n, s)
		return
	}
	here = slices.DeleteFunc(here, func(v *stacks.Version) bool { return x.banned.has(banKey(n.key, v.Version.V)) })
	fits := here
	for i, d := range demands {
		narrowed := slices.DeleteFunc(slices.Clone(fits), func(v *stacks.Version) bool { return !d.allowsVersion(v.Version.V) })
		if len(narrowed) == 0 {
			x.noVersion(n, here, demands, i)
			break
		}
		fits = narrowed
	}
	if len(fits) > 0 {
		n.version = fits[max(0, slices.IndexFunc(fits, func(v *stacks.Version) bool { return !v.Asked }))]
	}
}

// follow takes the platform's version. Who wants another one has to move the
// platform, so that everything else moves with it.
func (x *expansion) follow(n *node, demands []demand) {
	name := n.entry.Follows.V
	n.followed = x.r.target.Versions[name]
	if n.followed == "" {
		x.r.unavailable(n, x.r.situationOf(n, x.prev))
		return
	}
	for _, d := range demands {
		if !d.allowsVersion(n.followed) {
			x.r.add(diag.Errorf("platform-version", d.at, "%s has %s %s, which is not %s", x.r.target, name, n.followed, d.text).
				WithHelp("a platform's version is moved for the whole stack: [versions] %s = …, or the build argument %s", name, VersionArgument(name)))
		}
	}
}

func (d demand) allowsVersion(v string) bool {
	return !slices.ContainsFunc(d.allows, func(c version.Constraint) bool { return !c.Allows(v) })
}

// available returns the versions whose conditions hold, the newest first. Names
// have no order of their own: they stay in the file's.
func available(e *catalog.Entry, s stacks.Situation) []*stacks.Version {
	var out []*stacks.Version
	for i := range e.Versions {
		if v := e.Versions[i].Version.V; e.Versions[i].When.Holds(s) &&
			!slices.ContainsFunc(e.Refuse, func(no stacks.Refuse) bool { return no.Takes(v) && no.When.Holds(s) }) {
			out = append(out, &e.Versions[i])
		}
	}
	slices.SortStableFunc(out, byVersion)
	return out
}

// noVersion reports that the demand at i leaves no version. If an earlier one is
// in its way the two are in conflict, and so are two that exclude each other
// wherever they are met; if it alone asks for what does not exist, that is said.
func (x *expansion) noVersion(n *node, here []*stacks.Version, demands []demand, i int) {
	earlier, d := demands[:i], demands[i]
	alone := func(d demand) bool {
		return slices.ContainsFunc(here, func(v *stacks.Version) bool { return d.allowsVersion(v.Version.V) })
	}
	for _, e := range slices.Backward(earlier) {
		together := slices.ContainsFunc(here, func(v *stacks.Version) bool {
			return e.allowsVersion(v.Version.V) && d.allowsVersion(v.Version.V)
		})
		if alone(d) && !together {
			x.clash(n, e, d, fmt.Sprintf("no version of %s is both %s and %s", n.key.name, e.text, d.text))
			return
		}
	}
	for _, e := range demands {
		if excludes(n.entry, e, d) {
			x.clash(n, e, d, fmt.Sprintf("no version of %s is both %s and %s", n.key.name, e.text, d.text))
			return
		}
	}
	if len(earlier) > 1 && alone(d) && !slices.ContainsFunc(earlier, func(e demand) bool { return !alone(e) }) {
		var all []string
		for _, e := range append(slices.Clone(earlier), d) {
			all = append(all, e.text)
		}
		x.clash(n, earlier[len(earlier)-1], d, fmt.Sprintf("no version of %s is at once %s", n.key.name, strings.Join(unique(all), ", ")))
		return
	}
	var have []string
	for _, v := range here {
		have = append(have, v.Version.V)
	}
	g := diag.Errorf("no-version", d.at, "no version of %s fits %s", n.key.name, d.text).
		WithHelp("%s has %s", x.r.target, strings.Join(have, ", "))
	if variant := x.r.otherVariant(n, x.prev, d); variant != "" {
		g.Help += "; " + variant
	} else if where := x.r.whereAvailable(d.text, n, d.allowsVersion); where != "" {
		g.Help += "; " + where
	} else if other := x.decider(n, d); other != nil {
		g = g.WithRelated(other.line(), "%s decides that it is %s", other.text, n.title())
	}
	if d.from != nil && n.parent != nil {
		g = g.WithRelated(n.parent.line(), "needed by %s", strings.Join(n.chain(), " → "))
	}
	x.r.add(g)
}

// excludes reports whether each of two demands allows versions of a component,
// and none is allowed by both, whatever the platform.
func excludes(entry *catalog.Entry, a, b demand) bool {
	some := func(ok func(v string) bool) bool {
		return slices.ContainsFunc(entry.Versions, func(v stacks.Version) bool { return ok(v.Version.V) })
	}
	return some(a.allowsVersion) && some(b.allowsVersion) &&
		!some(func(v string) bool { return a.allowsVersion(v) && b.allowsVersion(v) })
}

// decider is another demand that chose a variant, because of which no version
// is left.
func (x *expansion) decider(n *node, d demand) *demand {
	for _, o := range x.allDemands(n) {
		if len(o.variants) > 0 && o.text != d.text {
			return &o
		}
	}
	return nil
}

// unavailable reports a component that no version of is for this platform, with
// the reason and with where it could be had.
func (r *resolver) unavailable(n *node, s situation) {
	line := n.line()
	g := diag.Errorf("unavailable", line, "%s cannot be had on %s: %s", n.title(), r.target, lacks(n.entry, s))
	if chain := n.chain(); len(chain) > 1 {
		g.Detail = "needed by " + strings.Join(chain, " → ")
	}
	g.Help = r.whereWanted(n)
	r.add(g)
}

// title is the component with its choices, as a stack would write it.
func (n *node) title() string {
	s := n.key.name
	for _, axis := range n.entry.Variants {
		if v := n.variants[axis.Axis.V]; v != "" && len(axis.Values) > 0 && v != axis.Values[0].V {
			s += ":" + v
		}
	}
	return s
}

// refuse applies the component's own statements of where it cannot be had, and
// reports whether one holds.
func (r *resolver) refuse(n *node, g *graph) bool {
	s := r.situationOf(n, g)
	refused := false
	for _, no := range n.entry.Refuse {
		if no.Versions.Set() || !no.When.Holds(s) || no.Unless.V != "" && n.options[no.Unless.V] == "true" {
			continue
		}
		refused = true
		d := diag.Errorf("refused", n.line(), "%s cannot be had on %s: %s", n.title(), r.target, no.Why.V)
		if other := beside(no.When, g); other != nil { // else it is the platform's doing
			d.Summary = fmt.Sprintf("%s cannot be had beside %s: %s", n.title(), other.title(), no.Why.V)
			if other.line() != n.line() {
				d = d.WithRelated(other.line(), "%s", strings.Join(other.chain(), " → "))
			}
		}
		if no.Unless.V != "" {
			d.Help = fmt.Sprintf("to have it all the same, set [options.%s] %s = true", n.key.name, no.Unless.V)
		} else if !no.When.Asks("with") {
			d.Help = r.whereWanted(n)
		}
		if chain := n.chain(); len(chain) > 1 {
			d.Detail = "needed by " + strings.Join(chain, " → ")
		}
		r.add(d)
	}
	return refused
}

// beside is the component of the graph by which a condition holds.
func beside(w stacks.When, g *graph) *node {
	present := presence(g.nodes)
	for _, c := range w.Conds {
		if c.Key != "with" {
			continue
		}
		for _, t := range c.Any {
			if name, _, _ := strings.Cut(t.V, ":"); present(t.V) {
				return g.nodes[key{name: name}]
			}
		}
	}
	return nil
}

// options evaluates [options.<component>] against what the component declares.
func (r *resolver) options(n *node) {
	n.options = map[string]string{}
	for _, o := range n.entry.Options {
		if o.Default.Set() {
			n.options[o.Name.V] = o.Default.V
		}
	}
	given, ok := r.in.Stack.Options.Get(n.key.name)
	if !ok {
		return
	}
	for _, g := range given {
		if g.Key.V == cmakeOptions && hasStep(n.entry.Component, stacks.KindCMake) {
			continue // checked where the step is evaluated
		}
		i := slices.IndexFunc(n.entry.Options, func(o stacks.Option) bool { return o.Name.V == g.Key.V })
		if i < 0 {
			r.unknownOption(n, g.Key)
			continue
		}
		if v, ok := r.optionValue(n.entry.Options[i], g.Val); ok {
			n.options[g.Key.V] = v
		}
	}
}

// cmakeOptions is the option under which a stack sets CMake options of a
// component's cmake steps directly.
const cmakeOptions = "cmake"

func hasStep(c *stacks.Component, kind string) bool {
	return slices.ContainsFunc(c.Steps, func(s stacks.Step) bool { return s.Kind.V == kind })
}

func (r *resolver) unknownOption(n *node, name tree.Text) {
	var known []string
	for _, o := range n.entry.Options {
		known = append(known, o.Name.V)
	}
	if hasStep(n.entry.Component, stacks.KindCMake) {
		known = append(known, cmakeOptions)
	}
	g := diag.Errorf("unknown-option", name.At, "%s has no option %q", n.key.name, name.V)
	g.Help = diag.DidYouMean(name.V, known)
	if len(known) == 0 {
		g.Help = "it has none"
	}
	r.add(g)
}

func (r *resolver) optionValue(o stacks.Option, v *tree.Value) (string, bool) {
	want := map[string]tree.Kind{"bool": tree.Bool, "int": tree.Integer, "string": tree.String, "enum": tree.String}[o.Type.V]
	if v.Kind != want {
		r.errorf("wrong-type", v.At, "option %q must be %s, not %s", o.Name.V, want, v.Kind)
		return "", false
	}
	if o.Type.V == "enum" && !slices.Contains(texts(o.Values), v.Raw) {
		g := diag.Errorf("bad-value", v.At, "option %q cannot be %q", o.Name.V, v.Raw)
		g.Help = diag.DidYouMean(v.Raw, texts(o.Values))
		r.add(g)
		return "", false
	}
	return v.Raw, true
}

// explain reports a conflict with both chains, from the stack's lines.
func (r *resolver) explain(c *conflict) {
	g := diag.Errorf("conflict", c.b.line(), "%s", c.summary)
	g = g.WithRelated(c.a.line(), "%s", c.a.describe())
	g.Detail = "the other side: " + c.b.describe()
	g.Help = "choose one of the two, or leave one out"
	r.add(g)
}

// line is where the stack asked for what the demand stems from.
func (d demand) line() diag.Range {
	if d.from == nil {
		return d.at
	}
	return d.from.line()
}

func (d demand) describe() string {
	switch {
	case d.edge == "version":
		return d.text + " is asked for here"
	case d.from == nil:
		return d.text + " is asked for by the stack"
	}
	return strings.Join(d.from.chain(), " → ") + " needs " + d.text
}
