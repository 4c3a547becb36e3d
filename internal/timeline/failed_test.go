package timeline

import (
	"strings"
	"testing"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/solver/pb"
)

// A builder replays what another build has done: that is not this build's work.
func TestAnotherBuildsSteps(t *testing.T) {
	tl := record([]did{
		{"[lib 1] cmake build", 0, 77, nil, ""},
		{"[internal] load build definition from stack.toml", 600, 600.1, nil, ""},
		{"[own 1] cmake build", 601, 604, nil, ""},
	}).Timeline()
	if ran, _ := tl.counts(); ran != 1 || tl.Took().Seconds() != 4 {
		t.Errorf("%d steps ran in %v; want 1 in 4s", ran, tl.Took())
	}
}

func TestFailed(t *testing.T) {
	r := record([]did{
		{"[lib 1] cmake build", 1, 9, nil, "context canceled"},
		{"[packages] fetch libnone", 1, 5, nil, "exit code: 1"},
		{"[test] late", 6, 8, nil, "exit code: 2"},
	})
	r.Define(&pb.Definition{Source: &pb.Source{
		Infos: []*pb.SourceInfo{{Filename: "stack.toml", Data: []byte("a\nb\n")}},
		Locations: map[string]*pb.Locations{string(id("[packages] fetch libnone")): {Locations: []*pb.Location{
			{Ranges: []*pb.Range{{Start: &pb.Position{Line: 2}, End: &pb.Position{Line: 2}}}},
		}}},
	}})
	r.Add(&client.SolveStatus{Logs: []*client.VertexLog{{Vertex: id("[packages] fetch libnone"), Data: []byte(
		"E: Unable to locate package libnone\njetson: error: apt cannot install these packages together: libnone\n")}}})
	f := r.Failed()
	if f.Step != "[packages] fetch libnone" || f.Why != "there is no package libnone" {
		t.Errorf("failed: %q, %q", f.Step, f.Why)
	}
	if f.Place == nil || f.Place.Info.Filename != "stack.toml" || f.Place.Ranges[0].Start.Line != 2 {
		t.Errorf("it points to %v", f.Place)
	}
	if f := record([]did{{"[lib 1] cmake build", 1, 9, nil, "context canceled"}}).Failed(); f.Step != "" || strings.TrimSpace(f.Why) != "" {
		t.Errorf("a build that was cancelled failed in %q", f.Step)
	}
}
