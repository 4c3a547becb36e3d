package draw

import (
	"bytes"
	"encoding/json"
	stdxml "encoding/xml"
	"errors"
	"fmt"
	"image/png"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

// random is a graph of n nodes in groups, with edges that lead from earlier to
// later nodes.
func random(rng *rand.Rand, n, groups int) *Graph {
	g := &Graph{Title: "a <graph> & more", Legend: []Kind{{Name: "kind", Fill: "#ffffff", Stroke: "#000000"}}, Notes: []string{"a note"}}
	for i := range groups {
		g.Groups = append(g.Groups, Group{ID: fmt.Sprint("g", i), Title: fmt.Sprint("group ", i)})
	}
	for i := range n {
		node := Node{ID: fmt.Sprint("n", i), Label: strings.Repeat("x", 1+rng.IntN(30)), Kind: Kind{Name: "kind", Fill: "#ffffff", Stroke: "#123456", Dashed: rng.IntN(3) == 0}}
		if groups > 0 && rng.IntN(4) > 0 {
			node.Group = fmt.Sprint("g", i*groups/n)
		}
		g.Nodes = append(g.Nodes, node)
		for range rng.IntN(4) {
			if i > 0 {
				g.Edges = append(g.Edges, Edge{From: fmt.Sprint("n", rng.IntN(i)), To: node.ID, Dashed: rng.IntN(3) == 0, Critical: rng.IntN(9) == 0})
			}
		}
	}
	g.Reduce()
	return g
}

func eachGraph(t *testing.T, fn func(t *testing.T, g *Graph)) {
	t.Helper()
	rng := rand.New(rand.NewPCG(3, 5))
	for _, size := range [][2]int{{0, 0}, {1, 0}, {1, 1}, {8, 0}, {30, 0}, {12, 3}, {60, 12}, {150, 30}} {
		for k := range 2 {
			g := random(rng, size[0], size[1])
			t.Run(fmt.Sprintf("%d nodes %d groups %d", size[0], size[1], k), func(t *testing.T) { fn(t, g) })
		}
	}
}

// TestBoxesApart looks for boxes that lie on each other: two nodes, or a node
// and a group that it is no part of.
func TestBoxesApart(t *testing.T) {
	eachGraph(t, func(t *testing.T, g *Graph) {
		s, err := newScene(g)
		if err != nil {
			t.Fatal(err)
		}
		var groups, nodes []rect
		for _, r := range s.rects {
			switch {
			case r.radius == 9:
				groups = append(groups, r)
			case r.radius == boxRadius:
				nodes = append(nodes, r)
			}
		}
		if len(nodes) != len(g.Nodes) {
			t.Fatalf("%d of %d nodes are painted", len(nodes), len(g.Nodes))
		}
		for i, a := range nodes {
			if a.x < 0 || a.y < 0 || a.x+a.w > s.w || a.y+a.h > s.h {
				t.Errorf("node %d lies outside the picture", i)
			}
			for k, b := range nodes[:i] {
				if overlap(a, b) {
					t.Errorf("nodes %d and %d lie on each other", i, k)
				}
			}
			for k, b := range groups {
				if overlap(a, b) && !within(a, b) {
					t.Errorf("node %d lies on the edge of group %d", i, k)
				}
			}
		}
		for i, a := range groups {
			for k, b := range groups[:i] {
				if overlap(a, b) {
					t.Errorf("groups %d and %d lie on each other", i, k)
				}
			}
		}
	})
}

func overlap(a, b rect) bool {
	const slack = 0.5
	return a.x+slack < b.x+b.w && b.x+slack < a.x+a.w && a.y+slack < b.y+b.h && b.y+slack < a.y+a.h
}

func within(a, b rect) bool {
	return a.x >= b.x && a.y >= b.y && a.x+a.w <= b.x+b.w && a.y+a.h <= b.y+b.h
}

// TestOneWay holds every edge inside a layout to its direction.
func TestOneWay(t *testing.T) {
	eachGraph(t, func(t *testing.T, g *Graph) {
		s, err := newScene(g)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range s.lines {
			for i := 1; i < len(l.points); i++ {
				a, b := l.points[i-1], l.points[i]
				if !l.down && b.x < a.x-1.5 || l.down && b.y < a.y-1.5 {
					t.Errorf("an edge runs back, from %v to %v", a, b)
				}
			}
		}
	})
}

func TestCircle(t *testing.T) {
	g := &Graph{Nodes: []Node{{ID: "a", Label: "a"}, {ID: "b", Label: "b"}}, Edges: []Edge{{From: "a", To: "b"}, {From: "b", To: "a"}, {From: "a", To: "a"}}}
	if err := SVG(io.Discard, g); err != nil {
		t.Error(err)
	}
	if err := SVG(io.Discard, &Graph{Edges: []Edge{{From: "a", To: "b"}}}); err == nil {
		t.Error("an edge without ends is taken")
	}
}

func TestReduce(t *testing.T) {
	g := &Graph{Edges: []Edge{{From: "a", To: "b"}, {From: "b", To: "c"}, {From: "c", To: "d"}, {From: "a", To: "d"}, {From: "a", To: "c", Critical: true}}}
	g.Reduce()
	var implied []string
	for _, e := range g.Edges {
		if e.Implied {
			implied = append(implied, e.From+e.To)
		}
	}
	if got := strings.Join(implied, " "); got != "ad" {
		t.Errorf("implied are %q, not ad: what is critical is drawn", got)
	}
}

func TestFormats(t *testing.T) {
	eachGraph(t, func(t *testing.T, g *Graph) {
		for name, write := range map[string]func(io.Writer, *Graph) error{
			"svg": SVG, "dot": DOT, "mermaid": Mermaid, "json": JSON,
			"png": func(w io.Writer, g *Graph) error { return PNG(w, g, 1) },
		} {
			var a, b bytes.Buffer
			if err := errors.Join(write(&a, g), write(&b, g)); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if !bytes.Equal(a.Bytes(), b.Bytes()) {
				t.Errorf("%s: two runs differ", name)
			}
			switch name {
			case "svg":
				wellFormed(t, a.Bytes())
			case "json":
				if !json.Valid(a.Bytes()) {
					t.Error("not JSON")
				}
			case "png":
				img, err := png.Decode(&a)
				if err != nil {
					t.Fatal(err)
				}
				s, _ := newScene(g)
				if w := img.Bounds().Dx(); w < int(s.w) || w > int(s.w)+1 {
					t.Errorf("the picture is %d wide, not %.0f", w, s.w)
				}
			}
		}
	})
}

func wellFormed(t *testing.T, data []byte) {
	t.Helper()
	d := stdxml.NewDecoder(bytes.NewReader(data))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("not XML: %v", err)
		}
	}
}

// TestPainted looks at pixels: a filled box has its colour, the paper is white.
func TestPainted(t *testing.T) {
	g := &Graph{Nodes: []Node{{ID: "a", Label: "aaaaaaaaaa", Kind: Kind{Fill: "#ff8800", Stroke: "#000000"}}}}
	var buf bytes.Buffer
	if err := PNG(&buf, g, 2); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(&buf)
	if err != nil {
		t.Fatal(err)
	}
	x, y := int((margin+4)*2), int((margin+oneLine/2)*2)
	if r, gr, b, _ := img.At(x, y).RGBA(); r>>8 != 0xff || gr>>8 != 0x88 || b>>8 != 0 {
		t.Errorf("the box is painted %x %x %x", r>>8, gr>>8, b>>8)
	}
	if r, gr, b, _ := img.At(2, 2).RGBA(); r>>8 != 0xff || gr>>8 != 0xff || b>>8 != 0xff {
		t.Error("the paper is not white")
	}
}
