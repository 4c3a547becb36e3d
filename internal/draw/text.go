package draw

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// DOT writes the graph for Graphviz.
func DOT(w io.Writer, g *Graph) error {
	if err := g.check(); err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "digraph {\n  label=%q labelloc=t rankdir=LR fontname=\"Helvetica\"\n  node [shape=box style=\"rounded,filled\" fontname=\"Helvetica\" fontsize=11]\n  edge [color=%q]\n", g.Title, edgeColor)
	node := func(in string, n Node) {
		label := n.Label
		if n.Sub != "" {
			label += "\n" + n.Sub
		}
		fmt.Fprintf(b, "%s%q [label=%q fillcolor=%q color=%q%s]\n", in, n.ID, label, n.Kind.Fill, strokeOf(n), penOf(n.Critical))
	}
	for i, gr := range g.Groups {
		fmt.Fprintf(b, "  subgraph cluster_%d {\n    label=%q style=\"rounded,filled\" fillcolor=%q color=%q\n", i, strings.TrimSpace(gr.Title+" "+gr.Sub), groupFill, groupLine)
		for _, n := range g.Nodes {
			if n.Group == gr.ID {
				node("    ", n)
			}
		}
		b.WriteString("  }\n")
	}
	for _, n := range g.Nodes {
		if !g.grouped(n) {
			node("  ", n)
		}
	}
	for _, e := range g.Edges {
		if e.Implied {
			continue
		}
		style := ""
		if e.Dashed {
			style = " style=dashed"
		}
		if e.Critical {
			style += fmt.Sprintf(" color=%q penwidth=2", hotColor)
		}
		fmt.Fprintf(b, "  %q -> %q [%s]\n", e.From, e.To, strings.TrimSpace(style))
	}
	b.WriteString("}\n")
	return flushed(b)
}

func strokeOf(n Node) string {
	if n.Critical {
		return hotColor
	}
	return n.Kind.Stroke
}

func penOf(critical bool) string {
	if critical {
		return " penwidth=2"
	}
	return ""
}

func (g *Graph) grouped(n Node) bool {
	return slices.ContainsFunc(g.Groups, func(gr Group) bool { return gr.ID == n.Group })
}

// Mermaid writes the graph for Markdown pages.
func Mermaid(w io.Writer, g *Graph) error {
	if err := g.check(); err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	b.WriteString("flowchart LR\n")
	ids := map[string]string{}
	for i, n := range g.Nodes {
		ids[n.ID] = fmt.Sprintf("n%d", i)
	}
	var kinds []Kind
	for _, n := range g.Nodes {
		if !slices.Contains(kinds, n.Kind) {
			kinds = append(kinds, n.Kind)
		}
	}
	node := func(in string, n Node) {
		label := n.Label
		if n.Sub != "" {
			label += "<br/>" + n.Sub
		}
		fmt.Fprintf(b, "%s%s[\"%s\"]:::k%d\n", in, ids[n.ID], strings.ReplaceAll(label, `"`, "#quot;"), slices.Index(kinds, n.Kind))
	}
	for i, gr := range g.Groups {
		fmt.Fprintf(b, "  subgraph g%d[\"%s\"]\n", i, strings.ReplaceAll(strings.TrimSpace(gr.Title+" "+gr.Sub), `"`, "#quot;"))
		for _, n := range g.Nodes {
			if n.Group == gr.ID {
				node("    ", n)
			}
		}
		b.WriteString("  end\n")
	}
	for _, n := range g.Nodes {
		if !g.grouped(n) {
			node("  ", n)
		}
	}
	var hot []string
	drawn := 0
	for _, e := range g.Edges {
		if e.Implied {
			continue
		}
		arrow := "-->"
		if e.Dashed {
			arrow = "-.->"
		}
		if e.Critical {
			hot = append(hot, fmt.Sprint(drawn))
		}
		drawn++
		fmt.Fprintf(b, "  %s %s %s\n", ids[e.From], arrow, ids[e.To])
	}
	for i, k := range kinds {
		fmt.Fprintf(b, "  classDef k%d fill:%s,stroke:%s,color:%s\n", i, k.Fill, k.Stroke, inkColor)
	}
	if len(hot) > 0 {
		fmt.Fprintf(b, "  linkStyle %s stroke:%s,stroke-width:2px\n", strings.Join(hot, ","), hotColor)
	}
	return flushed(b)
}

// JSON writes the graph for programs, with every edge.
func JSON(w io.Writer, g *Graph) error {
	type node struct {
		ID       string `json:"id"`
		Label    string `json:"label"`
		Sub      string `json:"detail,omitempty"`
		Group    string `json:"group,omitempty"`
		Kind     string `json:"kind"`
		Critical bool   `json:"critical,omitempty"`
	}
	type edge struct {
		From     string `json:"from"`
		To       string `json:"to"`
		Critical bool   `json:"critical,omitempty"`
		Implied  bool   `json:"implied,omitempty"`
	}
	out := struct {
		Title string   `json:"title"`
		Notes []string `json:"notes,omitempty"`
		Nodes []node   `json:"nodes"`
		Edges []edge   `json:"edges"`
	}{Title: g.Title, Notes: g.Notes, Nodes: []node{}, Edges: []edge{}}
	for _, n := range g.Nodes {
		out.Nodes = append(out.Nodes, node{n.ID, n.Label, n.Sub, n.Group, n.Kind.Name, n.Critical})
	}
	for _, e := range g.Edges {
		out.Edges = append(out.Edges, edge{e.From, e.To, e.Critical, e.Implied})
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(out); err != nil {
		return fmt.Errorf("writing the graph: %w", err)
	}
	return nil
}

func flushed(b *bufio.Writer) error {
	if err := b.Flush(); err != nil {
		return fmt.Errorf("writing the graph: %w", err)
	}
	return nil
}
