package draw

import (
	"cmp"
	"slices"
)

// scene is a picture: shapes in the order in which they are painted.
type scene struct {
	w, h  float64
	rects []rect
	lines []line
	texts []text
	fonts *fonts
}

type point struct{ x, y float64 }

type rect struct {
	x, y, w, h, radius float64
	fill, stroke       string
	border             float64
	dashed             bool
	tip                string
}

// line is a row of straight pieces and curves: between points 1 and 2, 3 and 4
// and so on it bends, elsewhere it is straight.
type line struct {
	points []point
	down   bool // it runs downwards, not to the right
	color  string
	width  float64
	dashed bool
	arrow  bool
}

type text struct {
	x, y  float64 // of the base line's beginning, or of its middle
	mid   bool
	color string
	style style
	text  string
}

// The measures of a picture, in pixels.
const (
	margin     = 28.0
	nodePadX   = 11.0
	maxLabel   = 230.0
	oneLine    = 28.0
	twoLines   = 40.0
	groupPad   = 12.0
	groupHead  = 24.0
	legendRow  = 26.0
	portStep   = 9.0
	arrowSize  = 6.0
	columnGap  = 56.0
	insideGap  = 26.0
	rowGap     = 14.0
	groupsGap  = 22.0
	boxRadius  = 6.0
	titleSize  = 18.0
	labelSize  = 12.5
	subSize    = 10.5
	inkColor   = "#1f2430"
	softColor  = "#5c6473"
	edgeColor  = "#9aa3b2"
	hotColor   = "#d1242f"
	groupFill  = "#f7f8fa"
	groupLine  = "#c9cfd8"
	paperColor = "#ffffff"
)

func labelStyle() style { return style{size: labelSize, bold: true} }
func subStyle() style   { return style{size: subSize} }

// unit is what the outer layout places: a group, or a node without one.
type unit struct {
	group *Group
	nodes []int // of the graph
	inner *layering
	down  bool        // the layers of inner lie below each other
	index map[int]int // node → vertex of inner
	w, h  float64
	x, y  float64 // of the upper left corner
}

// picture lays a graph out and paints it.
type picture struct {
	g      *Graph
	s      *scene
	units  []unit
	unitOf []int // by node
	outer  *layering
	arcs   [][2]int // between units
	hot    map[[2]int]bool
	dashed map[[2]int]bool
}

// newScene lays a graph out.
func newScene(g *Graph) (*scene, error) {
	if err := g.check(); err != nil {
		return nil, err
	}
	f, err := newFonts()
	if err != nil {
		return nil, err
	}
	p := &picture{g: g, s: &scene{fonts: f}, unitOf: make([]int, len(g.Nodes)), hot: map[[2]int]bool{}, dashed: map[[2]int]bool{}}
	p.gather()
	p.bundle()
	var sizes [][2]float64
	for _, u := range p.units {
		sizes = append(sizes, [2]float64{u.w, u.h})
	}
	p.outer = lay(sizes, p.arcs, columnGap, groupsGap)
	top := margin
	if g.Title != "" {
		top += titleSize + 16
	}
	for i := range p.units {
		v := p.outer.vs[i]
		p.units[i].x, p.units[i].y = margin+v.x-v.w/2, top+v.y-v.h/2
	}
	w, h := p.outer.size()
	p.s.w, p.s.h = w+2*margin, h+top+margin
	p.paint(top)
	return p.s, nil
}

// gather makes the units: groups with their inner layout, and single nodes.
func (p *picture) gather() {
	byGroup := map[string]int{}
	for i := range p.g.Groups {
		byGroup[p.g.Groups[i].ID] = len(p.units)
		p.units = append(p.units, unit{group: &p.g.Groups[i]})
	}
	for i, n := range p.g.Nodes {
		at, ok := byGroup[n.Group]
		if !ok || n.Group == "" {
			at = len(p.units)
			p.units = append(p.units, unit{})
		}
		p.unitOf[i] = at
		p.units[at].nodes = append(p.units[at].nodes, i)
	}
	kept := p.units[:0]
	moved := make([]int, len(p.units))
	for i, u := range p.units {
		moved[i] = len(kept)
		if len(u.nodes) > 0 {
			kept = append(kept, u)
		}
	}
	p.units = kept
	for i := range p.unitOf {
		p.unitOf[i] = moved[p.unitOf[i]]
	}
	for i := range p.units {
		p.inside(&p.units[i])
	}
}

// inside lays a unit's own nodes out, and gives it its size.
func (p *picture) inside(u *unit) {
	u.index = map[int]int{}
	var sizes [][2]float64
	for k, n := range u.nodes {
		u.index[n] = k
		w, h := p.nodeSize(&p.g.Nodes[n])
		sizes = append(sizes, [2]float64{w, h})
	}
	var edges [][2]int
	for _, e := range p.g.Edges {
		from, ok := u.index[p.g.node(e.From)]
		to, ok2 := u.index[p.g.node(e.To)]
		if ok && ok2 && !e.Implied {
			edges = append(edges, [2]int{from, to})
		}
	}
	u.inner = lay(sizes, edges, insideGap, rowGap)
	u.w, u.h = u.inner.size()
	if u.group != nil {
		u.upright(sizes, edges)

		title := p.s.fonts.width(u.group.Title, labelStyle()) + p.s.fonts.width(u.group.Sub, subStyle()) + 10
		u.w, u.h = max(u.w, title)+2*groupPad, u.h+2*groupPad+groupHead-4
	}
}

// upright turns a group's layers downwards where that makes it less wide than
// it is high: pictures of many groups in a row are wide enough.
func (u *unit) upright(sizes [][2]float64, edges [][2]int) {
	turned := make([][2]float64, len(sizes))
	for i, s := range sizes {
		turned[i] = [2]float64{s[1], s[0]}
	}
	inner := lay(turned, edges, insideGap, rowGap)
	h, w := inner.size()
	if max(w, 1.6*h) < max(u.w, 1.6*u.h) {
		u.inner, u.down, u.w, u.h = inner, true, w, h
	}
}

// corner is where a vertex of the unit's own layout begins, and its size.
func (u *unit) corner(k int) (x, y, w, h float64) {
	v := u.inner.vs[k]
	if u.down {
		return v.y - v.h/2, v.x - v.w/2, v.h, v.w
	}
	return v.x - v.w/2, v.y - v.h/2, v.w, v.h
}

func (p *picture) nodeSize(n *Node) (w, h float64) {
	n.Label = p.s.fonts.clip(n.Label, labelStyle(), maxLabel)
	n.Sub = p.s.fonts.clip(n.Sub, subStyle(), maxLabel)
	w = max(p.s.fonts.width(n.Label, labelStyle()), p.s.fonts.width(n.Sub, subStyle())) + 2*nodePadX
	if n.Sub == "" {
		return w, oneLine
	}
	return w, twoLines
}

// bundle makes one edge of all that lead from one unit to another, and leaves
// out what follows from others.
func (p *picture) bundle() {
	small := &Graph{}
	for i := range p.units {
		small.Nodes = append(small.Nodes, Node{ID: unitID(i)})
	}
	seen := map[[2]int]int{}
	for _, e := range p.g.Edges {
		a := [2]int{p.unitOf[p.g.node(e.From)], p.unitOf[p.g.node(e.To)]}
		if a[0] == a[1] || e.Implied {
			continue
		}
		if _, ok := seen[a]; !ok {
			seen[a] = len(small.Edges)
			small.Edges = append(small.Edges, Edge{From: unitID(a[0]), To: unitID(a[1])})
			p.dashed[a] = true
			p.arcs = append(p.arcs, a)
		}
		p.dashed[a] = p.dashed[a] && e.Dashed
		if e.Critical {
			p.hot[a] = true
			small.Edges[seen[a]].Critical = true
		}
	}
	if len(p.g.Groups) == 0 {
		return
	}
	small.Reduce()
	p.arcs = slices.DeleteFunc(p.arcs, func(a [2]int) bool { return small.Edges[seen[a]].Implied })
}

func unitID(i int) string { return string(rune(0x100 + i)) }

// paint fills the scene.
func (p *picture) paint(top float64) {
	if p.g.Title != "" {
		p.s.texts = append(p.s.texts, text{x: margin, y: margin + titleSize - 4, color: inkColor, style: style{size: titleSize, bold: true}, text: p.g.Title})
		p.s.w = max(p.s.w, 2*margin+p.s.fonts.width(p.g.Title, style{size: titleSize, bold: true}))
	}
	for i := range p.units {
		p.paintUnit(&p.units[i])
	}
	p.paintArcs(top)
	slices.SortStableFunc(p.s.lines, func(a, b line) int { return cmp.Compare(a.width, b.width) })
	p.legend()
}

func (p *picture) paintUnit(u *unit) {
	dx, dy := u.x, u.y
	if g := u.group; g != nil {
		stroke, border := groupLine, 1.0
		if g.Kind.Stroke != "" {
			stroke = g.Kind.Stroke
		}
		if g.Critical {
			stroke, border = hotColor, 1.8
		}
		p.s.rects = append(p.s.rects, rect{x: u.x, y: u.y, w: u.w, h: u.h, radius: 9, fill: groupFill, stroke: stroke, border: border, dashed: g.Kind.Dashed})
		p.s.texts = append(p.s.texts, text{x: u.x + groupPad, y: u.y + 19, color: inkColor, style: labelStyle(), text: g.Title})
		p.s.texts = append(p.s.texts, text{x: u.x + groupPad + p.s.fonts.width(g.Title, labelStyle()) + 7, y: u.y + 19, color: softColor, style: subStyle(), text: g.Sub})
		dx, dy = u.x+groupPad, u.y+groupPad+groupHead-4
	}
	for k, n := range u.nodes {
		x, y, w, h := u.corner(k)
		p.paintNode(&p.g.Nodes[n], dx+x, dy+y, w, h)
	}
	for _, a := range u.inner.arcs {
		e := p.edge(u.nodes[a.from], u.nodes[a.to])
		from, to := u.inner.vs[a.from], u.inner.vs[a.to]
		p.route(u.inner, a, place{dx, dy, u.down}, from.y, to.y, e.Critical, e.Dashed)
	}
}

func (p *picture) edge(from, to int) Edge {
	for _, e := range p.g.Edges {
		if e.From == p.g.Nodes[from].ID && e.To == p.g.Nodes[to].ID {
			return e
		}
	}
	return Edge{}
}

func (p *picture) paintNode(n *Node, x, y, w, h float64) {
	r := rect{x: x, y: y, w: w, h: h, radius: boxRadius, fill: n.Kind.Fill, stroke: n.Kind.Stroke, border: 1.2, dashed: n.Kind.Dashed, tip: n.Tip}
	if n.Critical {
		r.stroke, r.border = hotColor, 2.2
	}
	p.s.rects = append(p.s.rects, r)
	mid := x + w/2
	if n.Sub == "" {
		p.s.texts = append(p.s.texts, text{x: mid, y: y + h/2 + 4.4, mid: true, color: inkColor, style: labelStyle(), text: n.Label})
		return
	}
	p.s.texts = append(p.s.texts, text{x: mid, y: y + h/2 - 2.2, mid: true, color: inkColor, style: labelStyle(), text: n.Label})
	p.s.texts = append(p.s.texts, text{x: mid, y: y + h/2 + 12, mid: true, color: softColor, style: subStyle(), text: n.Sub})
}
