package cli

import (
	"strconv"
	"strings"

	"github.com/org/jetson-frontend/internal/draw"
	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/plan"
)

// The kinds of box, by how what they stand for comes about.
func compiled() draw.Kind { return draw.Kind{Name: "compiled", Fill: "#ffe3c7", Stroke: "#d9822b"} }
func downloaded() draw.Kind {
	return draw.Kind{Name: "downloaded", Fill: "#d6e6ff", Stroke: "#4a7fd0"}
}
func packaged() draw.Kind { return draw.Kind{Name: "packages", Fill: "#d5f0dd", Stroke: "#3a9d5d"} }
func scripted() draw.Kind { return draw.Kind{Name: "script", Fill: "#e9defa", Stroke: "#8a63c9"} }
func copied() draw.Kind   { return draw.Kind{Name: "files", Fill: "#e3e9f0", Stroke: "#7a8aa0"} }
func base() draw.Kind     { return draw.Kind{Name: "base image", Fill: "#d9dde6", Stroke: "#4a5468"} }
func joined() draw.Kind   { return draw.Kind{Name: "put together", Fill: "#ffffff", Stroke: "#9aa3b2"} }
func tested() draw.Kind   { return draw.Kind{Name: "test or check", Fill: "#fff4bf", Stroke: "#c9a227"} }

// unshipped is a kind whose result is not part of the image.
func unshipped(k draw.Kind) draw.Kind {
	k.Dashed = true
	return k
}

func dashedKind() draw.Kind {
	return draw.Kind{Name: "not part of the image", Fill: "#ffffff", Stroke: "#7a8aa0", Dashed: true}
}

// kindOf is the kind of a component: what most decides how it comes about.
func kindOf(c *plan.Component) draw.Kind {
	k := packaged()
	for _, s := range c.Steps {
		switch s.Kind {
		case stacks.KindCMake, stacks.KindColcon, stacks.KindWheel:
			k = compiled()
		case stacks.KindScript:
			if k.Name != compiled().Name {
				k = scripted()
			}
		case stacks.KindFiles:
			if k.Name == packaged().Name {
				k = copied()
				if fetched(c) {
					k = downloaded()
				}
			}
		}
	}
	if c.Host || !c.Shipped {
		k = unshipped(k)
	}
	return k
}

// fetched reports whether a component's files come from elsewhere.
func fetched(c *plan.Component) bool {
	for _, s := range c.Sources {
		if s.HTTP != "" || s.Git != "" || s.Image != nil {
			return true
		}
	}
	return false
}

// called is a node's name outside its group.
func called(g *draw.Graph, n *draw.Node) string {
	for _, gr := range g.Groups {
		if gr.ID == n.Group {
			return gr.Title + " " + n.Label
		}
	}
	return n.Label
}

// The weights by which the critical path is the longest.
const (
	weightHeavy    = 30
	weightCompile  = 8
	weightScript   = 3
	weightPackages = 2
	weightOther    = 1
	emulation      = 10 // times
)

// stepWeight is what a step is taken to cost.
func stepWeight(s *plan.Step) int {
	switch {
	case s.Heavy:
		return weightHeavy
	case s.Kind == stacks.KindCMake || s.Kind == stacks.KindColcon || s.Kind == stacks.KindWheel:
		return weightCompile
	case s.Kind == stacks.KindScript:
		return weightScript
	}
	return weightOther
}

// critical marks the longest way through a graph by the weights of its nodes,
// to the node last or, without one, to wherever it is the longest, and says it.
// Nodes stand after what they need.
func critical(g *draw.Graph, weight []int, last string) string {
	index := map[string]int{}
	for i, n := range g.Nodes {
		index[n.ID] = i
	}
	best, from := make([]int, len(g.Nodes)), make([]int, len(g.Nodes))
	end, total := -1, 0
	for i := range g.Nodes {
		from[i] = -1
		for _, e := range g.Edges {
			if p, ok := index[e.From]; ok && !e.Dashed && index[e.To] == i && (from[i] < 0 || best[p] > best[from[i]]) {
				from[i] = p
			}
		}
		best[i] = weight[i]
		if from[i] >= 0 {
			best[i] += best[from[i]]
		}
		total += weight[i]
		if last == "" && (end < 0 || best[i] > best[end]) || g.Nodes[i].ID == last {
			end = i
		}
	}
	if end < 0 || best[end] == 0 {
		return ""
	}
	var names []string
	for i := end; i >= 0; i = from[i] {
		g.Nodes[i].Critical = true
		if weight[i] > 0 {
			names = append([]string{called(g, &g.Nodes[i])}, names...)
		}
		for k := range g.Edges {
			e := &g.Edges[k]
			if from[i] >= 0 && e.From == g.Nodes[from[i]].ID && e.To == g.Nodes[i].ID {
				e.Critical = true
			}
		}
	}
	return "critical path, " + strconv.Itoa(best[end]) + " of " + strconv.Itoa(total) + " by weight: " + strings.Join(names, " → ")
}
