package llb_test

import (
	"encoding/json"
	"testing"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"

	"github.com/org/jetson-frontend/llb"
	"github.com/org/jetson-frontend/llb/graph"
	"github.com/org/jetson-frontend/stacks/plan"
)

// linkedBase is the result of another build, as bake hands it over: its vertices
// have places in a file of their own.
func linkedBase(t *testing.T) bk.State {
	t.Helper()
	file := bk.NewSourceMap(nil, "Dockerfile", "Dockerfile", []byte("FROM x\nRUN y\n"))
	at := file.Location([]*pb.Range{{Start: &pb.Position{Line: 2}, End: &pb.Position{Line: 2}}})
	st := bk.Image("example.invalid/x").Run(bk.Args([]string{"y"}), at).Root()
	def, err := st.Marshal(t.Context(), bk.LinuxArm64)
	must(t, err)
	op, err := bk.NewDefinitionOp(def.ToPB())
	must(t, err)
	return bk.NewState(op)
}

// TestLinkedSources: every place is in its own file, and a definition is the same
// each time.
func TestLinkedSources(t *testing.T) {
	p := planOf(t, archive(t, "testdata/laws.txtar"))
	stack := bk.NewSourceMap(nil, "stack.toml", "TOML", []byte("stack = \"x\"\n"))
	first := ""
	for range 40 {
		base := linkedBase(t)
		b, err := llb.Compile(t.Context(), p, llb.Options{
			Options: graph.Options{Build: "arm64"}, Caps: capable,
			Image: func(img plan.Image, _ string) (bk.State, bool) { return base, img.Context == "base" },
			Locate: func(*graph.Node) bk.ConstraintsOpt {
				return stack.Location([]*pb.Range{{Start: &pb.Position{Line: 1}, End: &pb.Position{Line: 1}}})
			},
		})
		must(t, err)
		def, err := b.Definition(b.Result)
		must(t, err)
		seen := map[string]int{}
		for _, locs := range def.Source.Locations {
			for _, l := range locs.Locations {
				file, line := def.Source.Infos[l.SourceIndex].Filename, l.Ranges[0].Start.Line
				if file == "Dockerfile" != (line == 2) {
					t.Fatalf("line %d is in %s", line, file)
				}
				seen[file]++
			}
		}
		if seen["Dockerfile"] != 1 || seen["stack.toml"] < 8 || len(def.Source.Infos) != 2 {
			t.Fatalf("places by file: %v", seen)
		}
		text, err := json.Marshal(def) // which sorts maps
		must(t, err)
		if first == "" {
			first = string(text)
		}
		if string(text) != first {
			t.Fatal("the definition is another than before")
		}
	}
}
