package resolve

import (
	"cmp"
	"slices"
	"strings"
)

// sort puts the nodes into topological order: of those whose needs are met the
// first by name comes next. The order of two components is then the same in
// every stack that has them, whatever else it has, and with it the order in
// which their trees are merged.
func (r *resolver) sort(g *graph) {
	if !r.acyclic(g) {
		return
	}
	rest := sortedNodes(g)
	done := map[key]bool{}
	for len(rest) > 0 {
		i := slices.IndexFunc(rest, func(n *node) bool {
			return !slices.ContainsFunc(n.needed(), func(k key) bool { return !done[k] })
		})
		done[rest[i].key] = true
		g.order = append(g.order, rest[i])
		rest = slices.Delete(rest, i, i+1)
	}
}

// needed are the components that come before the node. What only its tests
// need may itself need the node.
func (n *node) needed() []key {
	return slices.Concat(n.edges["tools"], n.edges["build"], n.edges["link"], n.edges["run"])
}

// acyclic reports components that need each other in a circle.
func (r *resolver) acyclic(g *graph) bool {
	state := map[key]int{}
	var path []string
	var visit func(n *node) bool
	visit = func(n *node) bool {
		switch state[n.key] {
		case 2:
			return true
		case 1:
			at := slices.Index(path, n.key.id())
			r.errorf("cycle", n.line(), "components need each other in a circle: %s", strings.Join(append(path[at:], n.key.id()), " → "))
			return false
		}
		state[n.key] = 1
		path = append(path, n.key.id())
		if slices.ContainsFunc(n.needed(), func(k key) bool { return !visit(g.nodes[k]) }) {
			return false
		}
		path = path[:len(path)-1]
		state[n.key] = 2
		return true
	}
	return !slices.ContainsFunc(sortedNodes(g), func(n *node) bool { return !visit(n) })
}

func sortedNodes(g *graph) []*node {
	nodes := make([]*node, 0, len(g.nodes))
	for _, n := range g.nodes {
		nodes = append(nodes, n)
	}
	slices.SortFunc(nodes, func(a, b *node) int { return cmp.Or(a.key.less(b.key), 0) })
	return nodes
}
