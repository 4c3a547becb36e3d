package graph

import (
	"strings"
	"testing"

	"github.com/org/jetson-frontend/stacks/plan"
)

// TestOneID: two steps, sources or links under one ID are an error, not one of
// them.
func TestOneID(t *testing.T) {
	for name, nodes := range map[string][2]*Node{
		"steps":   {{ID: "x", Step: &plan.Step{Name: "a"}}, {ID: "x", Step: &plan.Step{Name: "a"}}},
		"sources": {{ID: "x", Source: &plan.Source{To: "/src/a"}}, {ID: "x", Source: &plan.Source{To: "/src/a"}}},
		"links":   {{ID: "x", Link: &plan.Link{Packages: []string{"a"}}}, {ID: "x", Link: &plan.Link{Packages: []string{"b"}}}},
	} {
		b := &builder{g: &Graph{}, nodes: map[string]*Node{}}
		b.node(nodes[0])
		b.node(nodes[1])
		if b.err == nil || !strings.Contains(b.err.Error(), "two different nodes are called x") {
			t.Errorf("two %s: the error is %v", name, b.err)
		}
	}
	b := &builder{g: &Graph{}, nodes: map[string]*Node{}}
	b.node(&Node{ID: "x", Link: &plan.Link{Packages: []string{"a"}}})
	b.node(&Node{ID: "x", Link: &plan.Link{Packages: []string{"a"}}})
	if b.err != nil {
		t.Errorf("one link, laid out twice: %v", b.err)
	}
}
