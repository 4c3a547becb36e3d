package cli

import (
	"strings"

	"github.com/org/jetson-frontend/internal/draw"
	"github.com/org/jetson-frontend/llb/graph"
)

// drawBuild is the picture of a build: every vertex, by component.
func drawBuild(lg *graph.Graph) (*draw.Graph, string) {
	p := lg.Plan
	g := &draw.Graph{Title: "build of " + strings.Join(p.Stack, " + ") + " for " + p.Platform.Name}
	var weight []int
	seen := map[string]bool{}
	for _, n := range lg.Nodes {
		id := groupOf(n)
		if !seen[id] {
			seen[id] = true
			g.Groups = append(g.Groups, groupFor(lg, id))
		}
		g.Nodes = append(g.Nodes, draw.Node{
			ID: n.ID, Label: vertexLabel(n), Sub: vertexSub(n), Group: id, Kind: vertexKind(n), Tip: n.Title + "\n" + n.ID,
		})
		weight = append(weight, vertexWeight(n))
		for _, in := range n.In {
			e := draw.Edge{From: in.Node.ID, To: n.ID}
			if !hasEdge(g, e) {
				g.Edges = append(g.Edges, e)
			}
		}
	}
	path := critical(g, weight, "")
	for i := range g.Groups {
		for _, n := range g.Nodes {
			if n.Critical && n.Group == g.Groups[i].ID {
				g.Groups[i].Critical = true
			}
		}
	}
	g.Reduce()
	g.Legend = legend(g, nil)
	g.Notes = append(notes(path), lg.Notices...)
	return g, path
}

func hasEdge(g *draw.Graph, e draw.Edge) bool {
	for i := len(g.Edges) - 1; i >= 0 && g.Edges[i].To == e.To; i-- {
		if g.Edges[i].From == e.From {
			return true
		}
	}
	return false
}

// groupOf puts a vertex into the group of its component, or of what it is for.
func groupOf(n *graph.Node) string {
	switch {
	case n.Kind == graph.Test || n.Kind == graph.Check || strings.HasPrefix(n.ID, "testroot/") || strings.HasPrefix(n.ID, "apt/test-") || n.ID == "results":
		return "+tests"
	case n.Component != "":
		return n.Component
	case n.World != nil:
		return "+python " + n.World.Name
	case n.Kind == graph.Image:
		return "+base"
	case strings.HasPrefix(n.ID, "apt/run/") || strings.HasPrefix(n.ID, "apt/dev/"):
		return "+packages"
	case strings.HasPrefix(n.ID, "apt/"):
		return "+toolchain"
	}
	return "+image"
}

func groupFor(lg *graph.Graph, id string) draw.Group {
	title, own := strings.CutPrefix(id, "+")
	if own {
		return draw.Group{ID: id, Title: title}
	}
	g := draw.Group{ID: id, Title: id}
	if c, ok := lg.Plan.Component(id); ok {
		g.Title, g.Sub = c.Name, c.Version
		if c.Host {
			g.Sub = strings.TrimSpace(g.Sub + "  build tool")
		}
		if c.Host || !c.Shipped {
			g.Kind.Dashed = true
		}
	}
	return g
}

// vertexLabel is a vertex's title without the component that its group names.
func vertexLabel(n *graph.Node) string {
	t := n.Title
	if strings.HasPrefix(t, "[") && n.Kind != graph.Test {
		if _, rest, ok := strings.Cut(t, "] "); ok {
			t = rest
		}
	}
	if n.Kind == graph.Image {
		return shortRef(t)
	}
	return strings.TrimPrefix(t, "[test] ")
}

// vertexSub says where a vertex runs, where that is not plain.
func vertexSub(n *graph.Node) string {
	switch {
	case n.Kind == graph.Image:
		return "linux/" + n.Arch
	case n.Kind == graph.Step && n.Step.Heavy:
		return "heavy, on " + n.Exec
	case n.Exec != "" && n.Kind != graph.Source:
		return "on " + n.Exec
	}
	return ""
}

func vertexKind(n *graph.Node) draw.Kind {
	switch n.Kind {
	case graph.Image:
		return base()
	case graph.Fetch, graph.Unpack, graph.Install, graph.Extract, graph.Wheels, graph.World:
		return packaged()
	case graph.Source:
		if n.Source != nil && (n.Source.Context != "" || len(n.Source.Files) > 0) {
			return copied()
		}
		return downloaded()
	case graph.Step:
		c := *n.Owner
		c.Steps, c.Host, c.Shipped = nil, false, true
		c.Steps = append(c.Steps, *n.Step)
		return kindOf(&c)
	case graph.Test, graph.Check:
		return tested()
	case graph.Copy:
		return copied()
	}
	return joined()
}

func vertexWeight(n *graph.Node) int {
	w := 0
	switch n.Kind {
	case graph.Step:
		w = stepWeight(n.Step)
	case graph.Fetch, graph.Unpack, graph.Install, graph.Extract, graph.Wheels, graph.World:
		w = weightPackages
	case graph.Source, graph.Finalize, graph.Test, graph.Check, graph.Squash:
		w = weightOther
	}
	if n.Kind == graph.Step && n.Mode == graph.Emulated {
		w *= emulation
	}
	return w
}
