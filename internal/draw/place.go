package draw

// place gives coordinates: layers beside each other, and within a layer each
// vertex as near as it can be to the mean of its neighbours.
func (l *layering) place() {
	x := 0.0
	for _, layer := range l.layers {
		widest := 0.0
		for _, v := range layer {
			widest = max(widest, l.vs[v].w)
		}
		for _, v := range layer {
			l.vs[v].x = x + widest/2
		}
		x += widest + l.gapX
	}
	for _, layer := range l.layers {
		y := 0.0
		for i, v := range layer {
			if i > 0 {
				y += l.apart(layer[i-1], v)
			}
			l.vs[v].y = y
		}
		for _, v := range layer {
			l.vs[v].y -= y / 2
		}
	}
	const rounds = 40
	for round := range rounds {
		last := round >= rounds-6
		if round%2 == 0 {
			for k := range l.layers {
				l.relax(k, true, last)
			}
		} else {
			for k := len(l.layers) - 1; k >= 0; k-- {
				l.relax(k, last, true)
			}
		}
	}
	l.toOrigin()
}

// apart is the distance that the centres of two neighbours in a layer need.
func (l *layering) apart(a, b int) float64 {
	gap := l.gapY
	if l.vs[a].dummy || l.vs[b].dummy {
		gap = max(l.gapY/2, 9)
	}
	return l.vs[a].h/2 + l.vs[b].h/2 + gap
}

// relax moves the vertices of a layer towards their neighbours on the left, on
// the right, or both. Bends pull harder than boxes, so that long edges are
// straight.
func (l *layering) relax(k int, left, right bool) {
	layer := l.layers[k]
	for _, i := range layer {
		v := &l.vs[i]
		sum, weight := 0.0, 0.0
		pull := func(list []int) {
			for _, n := range list {
				w := 1.0
				if v.dummy {
					w = 2
				}
				if v.dummy && l.vs[n].dummy {
					w = 8
				}
				sum += w * l.vs[n].y
				weight += w
			}
		}
		if left {
			pull(v.in)
		}
		if right {
			pull(v.out)
		}
		v.desired, v.weight = v.y, 0.01
		if weight > 0 {
			v.desired, v.weight = sum/weight, weight
		}
	}
	l.settle(layer)
}

// block is a run of vertices that touch each other and move as one.
type block struct {
	first, last int
	pos, weight float64 // of the first vertex, and how hard it is held
	offset      []float64
}

// settle finds the places nearest to the desired ones, by least squares, that
// keep the order and the distances: neighbours that would be too near are
// joined into blocks until no two touch (the pool adjacent violators method).
func (l *layering) settle(layer []int) {
	var blocks []block
	for i, v := range layer {
		b := block{first: i, last: i, pos: l.vs[v].desired, weight: l.vs[v].weight, offset: []float64{0}}
		blocks = append(blocks, b)
		for len(blocks) > 1 {
			p, q := &blocks[len(blocks)-2], &blocks[len(blocks)-1]
			gap := l.apart(layer[p.last], layer[q.first])
			start := p.offset[len(p.offset)-1] + gap
			if p.pos+start <= q.pos {
				break
			}
			pos := (p.pos*p.weight + (q.pos-start)*q.weight) / (p.weight + q.weight)
			for _, o := range q.offset {
				p.offset = append(p.offset, start+o)
			}
			p.pos, p.weight, p.last = pos, p.weight+q.weight, q.last
			blocks = blocks[:len(blocks)-1]
		}
	}
	for _, b := range blocks {
		for k, o := range b.offset {
			l.vs[layer[b.first+k]].y = b.pos + o
		}
	}
}

// toOrigin moves everything so that it begins at 0, 0.
func (l *layering) toOrigin() {
	top := 0.0
	for i, v := range l.vs {
		if i == 0 || v.y-v.h/2 < top {
			top = v.y - v.h/2
		}
	}
	for i := range l.vs {
		l.vs[i].y -= top
	}
}

// size is the width and height of the whole.
func (l *layering) size() (w, h float64) {
	for _, v := range l.vs {
		w, h = max(w, v.x+v.w/2), max(h, v.y+v.h/2)
	}
	return w, h
}
