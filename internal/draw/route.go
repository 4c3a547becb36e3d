package draw

import (
	"cmp"
	"slices"
)

// column is the room of a layer, from its left to its right.
func (l *layering) column(layer int) (left, right float64) {
	for i, v := range l.layers[layer] {
		a, b := l.vs[v].x-l.vs[v].w/2, l.vs[v].x+l.vs[v].w/2
		if i == 0 {
			left, right = a, b
		}
		left, right = min(left, a), max(right, b)
	}
	return left, right
}

// place is where a layout lies in the picture, and whether it runs downwards.
type place struct {
	dx, dy float64
	down   bool
}

// route paints an edge: straight through the columns, bending between them.
// y1 and y2 are where it leaves and arrives.
func (p *picture) route(l *layering, a arc, at place, y1, y2 float64, hot, dashed bool) {
	from, to := l.vs[a.from], l.vs[a.to]
	ln := line{color: edgeColor, width: 1.2, dashed: dashed, arrow: true, down: at.down}
	if hot {
		ln.color, ln.width = hotColor, 2.2
	}
	add := func(x, y float64) {
		if at.down {
			x, y = y, x
		}
		ln.points = append(ln.points, point{x + at.dx, y + at.dy})
	}
	_, right := l.column(from.layer)
	add(from.x+from.w/2, y1)
	add(right, y1)
	for _, d := range a.via {
		left, right := l.column(l.vs[d].layer)
		add(left, l.vs[d].y)
		add(right, l.vs[d].y)
	}
	left, _ := l.column(to.layer)
	add(left, y2)
	add(to.x-to.w/2-1, y2)
	p.s.lines = append(p.s.lines, ln)
}

// port is an end of an edge at a unit.
type port struct {
	arc   int
	other float64 // where the edge comes from or goes to
}

// paintArcs paints the edges between units. Where several meet a side, they
// are spread over it in the order of where they come from.
func (p *picture) paintArcs(top float64) {
	l := p.outer
	leave, arrive := map[int][]port{}, map[int][]port{}
	for i, a := range l.arcs {
		first, last := a.to, a.from
		if len(a.via) > 0 {
			first, last = a.via[0], a.via[len(a.via)-1]
		}
		leave[a.from] = append(leave[a.from], port{i, l.vs[first].y})
		arrive[a.to] = append(arrive[a.to], port{i, l.vs[last].y})
	}
	y1, y2 := make([]float64, len(l.arcs)), make([]float64, len(l.arcs))
	for v := range p.units {
		spread(l.vs[v], leave[v], y1)
		spread(l.vs[v], arrive[v], y2)
	}
	for i, a := range l.arcs {
		key := [2]int{a.from, a.to}
		p.route(l, a, place{dx: margin, dy: top}, y1[i], y2[i], p.hot[key], p.dashed[key])
	}
}

// spread gives the ends of edges at one side of a box their height.
func spread(v vertex, ports []port, y []float64) {
	slices.SortStableFunc(ports, func(a, b port) int { return cmp.Compare(a.other, b.other) })
	step := 0.0
	if len(ports) > 1 {
		step = min(portStep, (v.h-12)/float64(len(ports)-1))
	}
	for k, pt := range ports {
		y[pt.arc] = v.y + (float64(k)-float64(len(ports)-1)/2)*step
	}
}

// legend explains the colours, and adds the notes, below the picture.
func (p *picture) legend() {
	s := p.s
	x, y := margin, s.h
	next := func() {
		x = margin
		y += legendRow
	}
	for i, k := range p.g.Legend {
		w := s.fonts.width(k.Name, subStyle()) + 40
		if i > 0 && x+w > max(s.w, 700)-margin {
			next()
		}
		s.rects = append(s.rects, rect{x: x, y: y - 10, w: 18, h: 13, radius: 3, fill: k.Fill, stroke: k.Stroke, border: 1.2, dashed: k.Dashed})
		s.texts = append(s.texts, text{x: x + 24, y: y, color: softColor, style: subStyle(), text: k.Name})
		x += w
		s.w = max(s.w, x+margin)
	}
	if len(p.g.Legend) > 0 {
		next()
	}
	for _, n := range p.g.Notes {
		s.texts = append(s.texts, text{x: margin, y: y, color: softColor, style: subStyle(), text: n})
		s.w = max(s.w, s.fonts.width(n, subStyle())+2*margin)
		y += 16
	}
	s.h = y + margin/2
}
