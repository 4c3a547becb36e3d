package cli

import (
	"slices"
	"strings"

	"github.com/org/jetson-frontend/internal/draw"
	"github.com/org/jetson-frontend/stacks/plan"
)

// drawPlan is the picture of a plan: base, packages, components, image. It
// also says the critical path.
func drawPlan(p *plan.Plan) (*draw.Graph, string) {
	g := &draw.Graph{Title: strings.Join(p.Stack, " + ") + " for " + p.Platform.Name}
	var weight []int
	add := func(n draw.Node, w int) {
		g.Nodes = append(g.Nodes, n)
		weight = append(weight, w)
	}
	add(draw.Node{ID: "base", Label: shortRef(p.Base.Ref), Sub: "base image", Kind: base(), Tip: p.Base.Ref + "@" + p.Base.Digest}, 0)
	tip := "base"
	for _, chain := range []struct {
		name  string
		links []plan.Link
	}{{"", p.Apt.Run}, {"dev ", p.Apt.Dev}} {
		for _, l := range chain.links {
			id := "apt/" + chain.name + l.Archive
			from := l.Archive
			if from == "" {
				from = p.Platform.Distro
			}
			n := len(l.Packages) + len(l.Debs) + len(l.Unpack)
			add(draw.Node{ID: id, Label: count(n, chain.name+"package"), Sub: from, Kind: packaged(), Tip: strings.Join(l.Packages, " ")}, weightPackages)
			g.Edges = append(g.Edges, draw.Edge{From: tip, To: id})
			tip = id
		}
	}
	used := drawComponents(g, p, add)
	drawWorlds(g, p, add)
	add(draw.Node{ID: "image", Label: "image", Sub: p.Platform.Name, Kind: joined()}, weightOther)
	g.Edges = append(g.Edges, draw.Edge{From: tip, To: "image"})
	for _, w := range p.Worlds {
		g.Edges = append(g.Edges, draw.Edge{From: "python/" + w.Name, To: "image"})
	}
	for i := range p.Components {
		if c := &p.Components[i]; c.Shipped && !c.Host {
			g.Edges = append(g.Edges, draw.Edge{From: c.ID(), To: "image"})
		}
	}
	path := critical(g, weight, "image")
	g.Reduce()
	g.Legend = legend(g, used)
	g.Notes = notes(path)
	return g, path
}

// drawWorlds adds the Python worlds, with the components whose wheels they take.
func drawWorlds(g *draw.Graph, p *plan.Plan, add func(draw.Node, int)) {
	for _, w := range p.Worlds {
		id := "python/" + w.Name
		var all []string
		for _, l := range w.Links {
			all = append(all, l.Requirements...)
			for _, from := range l.From {
				g.Edges = append(g.Edges, draw.Edge{From: from, To: id})
			}
		}
		add(draw.Node{ID: id, Label: count(len(all), "requirement"), Sub: "python " + w.Interpreter + ", " + w.Name, Kind: packaged(), Tip: strings.Join(all, " ")}, weightPackages*len(w.Links))
	}
}

// drawComponents adds components and what they need. Tools, which a plan has
// once for each architecture of a builder, are drawn once.
func drawComponents(g *draw.Graph, p *plan.Plan, add func(draw.Node, int)) []draw.Kind {
	var kinds []draw.Kind
	name := func(id string) string {
		if c, ok := p.Component(id); ok && c.Host {
			return "tool/" + c.Name
		}
		return id
	}
	seen := map[string]bool{}
	for i := range p.Components {
		c := &p.Components[i]
		id := name(c.ID())
		if seen[id] {
			continue
		}
		seen[id] = true
		w := weightPackages
		if len(c.Steps) > 0 {
			w = 0
		}
		heavy := false
		for k := range c.Steps {
			w += stepWeight(&c.Steps[k])
			heavy = heavy || c.Steps[k].Heavy
		}
		sub := c.Version
		if heavy {
			sub = strings.TrimSpace(sub + "  heavy")
		}
		if c.Host {
			sub = strings.TrimSpace(sub + "  build tool")
		}
		k := kindOf(c)
		kinds = append(kinds, k)
		add(draw.Node{ID: id, Label: c.Name, Sub: sub, Kind: k, Tip: c.Summary}, w)
		for _, need := range []struct {
			ids    []string
			dashed bool
		}{{c.Link, false}, {c.Build, false}, {c.Run, true}, {c.Tools, false}} {
			for _, from := range need.ids {
				e := draw.Edge{From: name(from), To: id, Dashed: need.dashed}
				if !slices.ContainsFunc(g.Edges, func(o draw.Edge) bool { return o.From == e.From && o.To == e.To }) {
					g.Edges = append(g.Edges, e)
				}
			}
		}
	}
	return kinds
}

// legend lists the kinds that a graph uses, in a fixed order.
func legend(g *draw.Graph, used []draw.Kind) []draw.Kind {
	for _, n := range g.Nodes {
		used = append(used, n.Kind)
	}
	var out []draw.Kind
	for _, k := range []draw.Kind{compiled(), downloaded(), packaged(), scripted(), copied(), base(), joined(), tested()} {
		if slices.ContainsFunc(used, func(u draw.Kind) bool { return u.Name == k.Name }) {
			out = append(out, k)
		}
	}
	if slices.ContainsFunc(used, func(u draw.Kind) bool { return u.Dashed }) {
		out = append(out, dashedKind())
	}
	return out
}

func notes(path string) []string {
	if path == "" {
		return nil
	}
	return []string{"Red: the " + path, "Weights are set by kind, not measured; see jetson graph --help. Edges that follow from others are left out."}
}

// shortRef is an image's name without its registry.
func shortRef(ref string) string {
	return ref[strings.LastIndexByte(ref, '/')+1:]
}

// printTree writes what needs what, from the stack's names down.
func printTree(s screen, p *plan.Plan) {
	s.printf("%s\n", s.paint(bold, strings.Join(p.Stack, " + ")+" for "+p.Platform.Name))
	needed := map[string]bool{}
	for _, c := range p.Components {
		for _, id := range slices.Concat(c.Link, c.Build, c.Run, c.Tools) {
			needed[id] = true
		}
	}
	t := needsTree{s: s, p: p, shown: map[string]bool{}}
	var roots []string
	for i := range p.Components {
		if c := &p.Components[i]; len(c.Why) == 0 && !c.Host || !needed[c.ID()] {
			roots = append(roots, c.ID())
		}
	}
	t.list(roots, "")
	if t.again {
		s.printf("%s\n", s.paint(dim, "(*) is shown in full above"))
	}
}

// needsTree prints components below each other.
type needsTree struct {
	s     screen
	p     *plan.Plan
	shown map[string]bool
	again bool
}

func (t *needsTree) list(ids []string, before string) {
	ids = t.once(ids)
	for i, id := range ids {
		c, ok := t.p.Component(id)
		if !ok {
			continue
		}
		mark, next := "├── ", "│   "
		if i == len(ids)-1 {
			mark, next = "└── ", "    "
		}
		text := c.Title() + "  " + t.s.paint(dim, kindOf(c).Name)
		switch {
		case c.Host:
			text += t.s.paint(dim, ", build tool")
		case !c.Shipped:
			text += t.s.paint(dim, ", not part of the image")
		}
		needs := slices.Concat(c.Link, c.Build, c.Run, c.Tools)
		if t.shown[id] && len(needs) > 0 {
			t.again = true
			t.s.printf("%s%s%s (*)\n", before, mark, text)
			continue
		}
		t.s.printf("%s%s%s\n", before, mark, text)
		t.shown[id] = true
		t.list(needs, before+next)
	}
}

// once leaves out what stands there twice: a tool for the other builder.
func (t *needsTree) once(ids []string) []string {
	var out, names []string
	for _, id := range ids {
		c, ok := t.p.Component(id)
		if !ok {
			continue
		}
		name := c.Name
		if c.Host {
			name = "tool/" + name
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
			out = append(out, id)
		}
	}
	return out
}
