package llb_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"

	"github.com/org/jetson-frontend/llb"
	"github.com/org/jetson-frontend/llb/graph"
)

// TestGPUTests: a test that needs a GPU is a vertex that asks for one if the
// user said so, and otherwise a notice with the command that runs it.
func TestGPUTests(t *testing.T) {
	p := real(t, flagship, "6.2", "")
	var gpu []string
	for _, test := range p.Tests {
		if test.GPU {
			gpu = append(gpu, test.ID())
		}
	}
	if !slices.Contains(gpu, "cupcl/on-the-gpu") {
		t.Fatalf("the flagship's tests for a GPU are %q", gpu)
	}
	for _, on := range []bool{false, true} {
		o := llb.Options{Options: graph.Options{Build: "arm64", GPU: on}, Caps: llb.Caps{Merge: true, CDI: true, NoContentCache: true}}
		b, err := llb.Compile(t.Context(), p, o)
		must(t, err)
		asking := withDevices(t, b)
		for _, id := range gpu {
			devices, there := asking["test/"+id]
			noticed := slices.ContainsFunc(b.Graph.Notices, func(n string) bool {
				return strings.HasPrefix(n, "test "+id+" ") && strings.HasSuffix(n, graph.GPUCommand)
			})
			if there != on || noticed == on || on && !slices.Equal(devices, []string{"nvidia.com/gpu=all"}) {
				t.Errorf("with GPU %v, %s is there: %v, asks for %q and has its notice: %v", on, id, there, devices, noticed)
			}
		}
		for id, devices := range asking {
			if len(devices) > 0 && !slices.Contains(gpu, strings.TrimPrefix(id, "test/")) {
				t.Errorf("%s asks for %q", id, devices)
			}
		}
	}
}

// withDevices are the nodes of a build that run something, with the devices
// that they ask for.
func withDevices(t *testing.T, b *llb.Build) map[string][]string {
	t.Helper()
	ids := map[digest.Digest]string{}
	for id, d := range digests(t, b) {
		ids[d] = id
	}
	def, err := b.Definition(b.Checks)
	must(t, err)
	out := map[string][]string{}
	for _, dt := range def.Def {
		op := &pb.Op{}
		must(t, op.UnmarshalVT(dt))
		id := ids[digest.FromBytes(dt)]
		if e := op.GetExec(); e != nil && id != "" {
			out[id] = []string{}
			for _, d := range e.CdiDevices {
				out[id] = append(out[id], d.Name)
			}
		}
	}
	return out
}
