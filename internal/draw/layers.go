package draw

import (
	"cmp"
	"math"
	"slices"
)

// vertex is a box to place. A dummy is a bend of an edge that crosses layers.
type vertex struct {
	w, h     float64
	x, y     float64 // of the centre
	layer    int
	dummy    bool
	in, out  []int // neighbours in the layers beside
	desired  float64
	weight   float64
	original int
}

// arc is an edge to lay; via are the dummies that it runs through, in the
// order of the layers.
type arc struct {
	from, to int
	via      []int
}

// layering places vertices in layers from left to right, after Sugiyama,
// Tagawa and Toda: layers by longest way, order by barycentres, places by
// least squares.
type layering struct {
	vs     []vertex
	arcs   []arc
	layers [][]int
	gapX   float64
	gapY   float64
}

// lay places n vertices of the given sizes.
func lay(sizes [][2]float64, edges [][2]int, gapX, gapY float64) *layering {
	l := &layering{gapX: gapX, gapY: gapY}
	for i, s := range sizes {
		l.vs = append(l.vs, vertex{w: s[0], h: s[1], original: i})
	}
	for _, e := range acyclic(len(sizes), edges) {
		l.arcs = append(l.arcs, arc{from: e[0], to: e[1]})
	}
	l.assign()
	l.bend()
	l.order()
	l.place()
	return l
}

// acyclic turns edges around that would close a circle, and drops loops.
func acyclic(n int, edges [][2]int) [][2]int {
	next := make([][]int, n)
	for i, e := range edges {
		next[e[0]] = append(next[e[0]], i)
	}
	state := make([]int, n)
	turned := make([]bool, len(edges))
	var visit func(v int)
	visit = func(v int) {
		state[v] = 1
		for _, i := range next[v] {
			switch w := edges[i][1]; state[w] {
			case 0:
				visit(w)
			case 1:
				turned[i] = true
			}
		}
		state[v] = 2
	}
	for v := range n {
		if state[v] == 0 {
			visit(v)
		}
	}
	var out [][2]int
	for i, e := range edges {
		switch {
		case e[0] == e[1]:
		case turned[i]:
			out = append(out, [2]int{e[1], e[0]})
		default:
			out = append(out, e)
		}
	}
	return out
}

// assign gives each vertex its layer: behind all that it needs, and then as
// near as it can be to where most of its edges lead.
func (l *layering) assign() {
	n := len(l.vs)
	layer := make([]int, n)
	for changed := true; changed; {
		changed = false
		for _, a := range l.arcs {
			if layer[a.to] <= layer[a.from] {
				layer[a.to] = layer[a.from] + 1
				changed = true
			}
		}
	}
	for range 8 {
		for v := range n {
			lo, hi, in, out := 0, math.MaxInt, 0, 0
			for _, a := range l.arcs {
				switch v {
				case a.to:
					lo = max(lo, layer[a.from]+1)
					in++
				case a.from:
					hi = min(hi, layer[a.to]-1)
					out++
				}
			}
			if out > in && hi != math.MaxInt {
				layer[v] = max(lo, hi)
			}
		}
	}
	for v := range n {
		l.vs[v].layer = layer[v]
	}
}

// bend puts dummies where an edge crosses a layer.
func (l *layering) bend() {
	for i := range l.arcs {
		a := &l.arcs[i]
		at := a.from
		for k := l.vs[a.from].layer + 1; k < l.vs[a.to].layer; k++ {
			l.vs = append(l.vs, vertex{w: 0, h: 2, layer: k, dummy: true, original: -1})
			d := len(l.vs) - 1
			l.connect(at, d)
			a.via = append(a.via, d)
			at = d
		}
		l.connect(at, a.to)
	}
	deepest := 0
	for _, v := range l.vs {
		deepest = max(deepest, v.layer)
	}
	l.layers = make([][]int, deepest+1)
	for i, v := range l.vs {
		l.layers[v.layer] = append(l.layers[v.layer], i)
	}
}

func (l *layering) connect(from, to int) {
	l.vs[from].out = append(l.vs[from].out, to)
	l.vs[to].in = append(l.vs[to].in, from)
}

// order sorts each layer so that few edges cross.
func (l *layering) order() {
	best := l.copyOrder()
	fewest := l.crossings()
	rounds := 24
	if len(l.vs) > 1500 {
		rounds = 4 // nobody looks at each line of such a picture
	}
	for round := range rounds {
		if round%2 == 0 {
			for k := 1; k < len(l.layers); k++ {
				l.sortLayer(k, func(v *vertex) []int { return v.in })
			}
		} else {
			for k := len(l.layers) - 2; k >= 0; k-- {
				l.sortLayer(k, func(v *vertex) []int { return v.out })
			}
		}
		l.transpose()
		if c := l.crossings(); c < fewest {
			fewest, best = c, l.copyOrder()
		}
	}
	l.layers = best
}

func (l *layering) copyOrder() [][]int {
	out := make([][]int, len(l.layers))
	for i, layer := range l.layers {
		out[i] = slices.Clone(layer)
	}
	return out
}

func (l *layering) ranks() []int {
	rank := make([]int, len(l.vs))
	for _, layer := range l.layers {
		for i, v := range layer {
			rank[v] = i
		}
	}
	return rank
}

// sortLayer sorts a layer by the mean place of its neighbours; who has none
// stays.
func (l *layering) sortLayer(k int, beside func(*vertex) []int) {
	rank := l.ranks()
	mean := map[int]float64{}
	for i, v := range l.layers[k] {
		near := beside(&l.vs[v])
		if len(near) == 0 {
			mean[v] = float64(i)
			continue
		}
		sum := 0
		for _, n := range near {
			sum += rank[n]
		}
		mean[v] = float64(sum) / float64(len(near))
	}
	slices.SortStableFunc(l.layers[k], func(a, b int) int { return cmp.Compare(mean[a], mean[b]) })
}

// transpose swaps neighbours while that saves crossings.
func (l *layering) transpose() {
	rank := l.ranks()
	for improved := true; improved; {
		improved = false
		for _, layer := range l.layers {
			for i := 0; i+1 < len(layer); i++ {
				a, b := &l.vs[layer[i]], &l.vs[layer[i+1]]
				now := pairCrossings(a.in, b.in, rank) + pairCrossings(a.out, b.out, rank)
				swapped := pairCrossings(b.in, a.in, rank) + pairCrossings(b.out, a.out, rank)
				if swapped < now {
					layer[i], layer[i+1] = layer[i+1], layer[i]
					rank[layer[i]], rank[layer[i+1]] = i, i+1
					improved = true
				}
			}
		}
	}
}

// pairCrossings counts how often edges of the upper of two neighbours cross
// those of the lower.
func pairCrossings(upper, lower []int, rank []int) int {
	n := 0
	for _, u := range upper {
		for _, w := range lower {
			if rank[u] > rank[w] {
				n++
			}
		}
	}
	return n
}

func (l *layering) crossings() int {
	rank := l.ranks()
	n := 0
	for _, layer := range l.layers {
		for i := range layer {
			for k := i + 1; k < len(layer); k++ {
				n += pairCrossings(l.vs[layer[i]].out, l.vs[layer[k]].out, rank)
			}
		}
	}
	return n
}
