// Package draw makes pictures of graphs that run one way: a layout in layers,
// from left to right, and SVG, PNG, Graphviz and Mermaid of it. It knows
// nothing of what it draws.
package draw

import (
	"fmt"
	"slices"
)

// Graph is what is drawn.
type Graph struct {
	Title  string
	Groups []Group
	Nodes  []Node
	Edges  []Edge
	// Legend explains the kinds; Notes are lines below the picture.
	Legend []Kind
	Notes  []string
}

// Group holds nodes together in a box. A group may stand alone: Title is then
// all there is of it.
type Group struct {
	ID, Title, Sub string
	Kind           Kind
	Critical       bool
}

// Node is a box.
type Node struct {
	ID    string
	Label string
	Sub   string // a second line, smaller
	Group string // "" for none
	Kind  Kind
	// Critical nodes and edges are on the longest way.
	Critical bool
	Tip      string // what a pointer over it says, where pictures can
}

// Edge leads from what is needed to who needs it.
type Edge struct {
	From, To string
	// Dashed edges are needs from which no order follows.
	Dashed   bool
	Critical bool
	// Implied edges follow from others. They count in files for programs and
	// are not drawn.
	Implied bool
}

// Kind is a colour with its meaning.
type Kind struct {
	Name         string
	Fill, Stroke string // #rrggbb
	Dashed       bool   // the border
}

// node returns the index of a node by ID, or -1.
func (g *Graph) node(id string) int {
	return slices.IndexFunc(g.Nodes, func(n Node) bool { return n.ID == id })
}

// check refuses a graph that names what it does not have.
func (g *Graph) check() error {
	ids := map[string]bool{}
	for _, n := range g.Nodes {
		if ids[n.ID] {
			return fmt.Errorf("the graph has two nodes %q", n.ID)
		}
		ids[n.ID] = true
	}
	for _, e := range g.Edges {
		if !ids[e.From] || !ids[e.To] {
			return fmt.Errorf("the edge from %q to %q has an end that is not there", e.From, e.To)
		}
	}
	return nil
}

// Reduce marks the edges that follow from others: a way of two or more edges
// leads from one end to the other. From dashed edges only dashed ones follow.
func (g *Graph) Reduce() {
	all, firm := map[string][]string{}, map[string][]string{}
	for _, e := range g.Edges {
		all[e.From] = append(all[e.From], e.To)
		if !e.Dashed {
			firm[e.From] = append(firm[e.From], e.To)
		}
	}
	for i := range g.Edges {
		e := &g.Edges[i]
		next := firm
		if e.Dashed {
			next = all
		}
		seen := map[string]bool{}
		queue := []string{}
		for _, via := range next[e.From] {
			if via != e.To && !seen[via] {
				seen[via] = true
				queue = append(queue, via)
			}
		}
		for len(queue) > 0 && !seen[e.To] {
			for _, n := range next[queue[0]] {
				if !seen[n] {
					seen[n] = true
					queue = append(queue, n)
				}
			}
			queue = queue[1:]
		}
		e.Implied = seen[e.To] && !e.Critical
	}
}
