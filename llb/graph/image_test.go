package graph_test

import (
	"testing"

	"github.com/org/jetson-frontend/llb/graph"
	"github.com/org/jetson-frontend/stacks/plan"
)

// TestTestsHaveTheirOwnRoots: the packages of one test are not those of another,
// whatever the two are called.
func TestTestsHaveTheirOwnRoots(t *testing.T) {
	link := func(name string) []plan.Link { return []plan.Link{{Packages: []string{name}}} }
	p := &plan.Plan{
		Platform: plan.Platform{Arch: "arm64"}, Base: plan.Image{Ref: "base"}, Plain: plan.Image{Ref: "base"},
		Tests: []plan.Test{
			{Component: "a", Name: "b-c", Argv: []string{"true"}, Apt: link("one")},
			{Component: "a-b", Name: "c", Argv: []string{"true"}, Apt: link("two")},
			{Name: "a-b-c", Argv: []string{"true"}, Apt: link("three")},
		},
	}
	for _, build := range []string{"amd64", "arm64"} {
		g, err := graph.New(p, graph.Options{Build: build})
		if err != nil {
			t.Fatal(err)
		}
		for i := range p.Tests {
			test := &p.Tests[i]
			root := g.Node("test/" + test.ID()).Input(graph.Root)
			if got, want := root.Link.Packages[0], test.Apt[0].Packages[0]; got != want {
				t.Errorf("on %s the test %s has the package %s", build, test.ID(), got)
			}
		}
	}
}
