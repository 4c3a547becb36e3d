package cli

import (
	"slices"
	"strings"
	"testing"

	"github.com/org/jetson-frontend/frontend"
	"github.com/org/jetson-frontend/llb/graph"
)

// TestGPUCommand: what a build says of a test that it cannot run is a command
// that this program takes, and that runs it.
func TestGPUCommand(t *testing.T) {
	env, _, _ := testEnv("")
	words := strings.Fields(graph.GPUCommand)
	cmd, rest, err := newRoot(env).Find(words[1:])
	if err != nil || words[0] != cmd.Root().Name() || cmd.Name() != "build" {
		t.Fatalf("%s is not a command: %v", graph.GPUCommand, err)
	}
	if err := cmd.ParseFlags(rest); err != nil {
		t.Fatal(err)
	}
	flag := func(name string) []string {
		v, err := cmd.Flags().GetStringArray(name)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	how := map[string]string{}
	for _, a := range flag("build-arg") {
		k, v, _ := strings.Cut(a, "=")
		how[k] = v
	}
	if h, err := frontend.ParseHow(how); err != nil || !h.GPU {
		t.Errorf("it does not ask for tests on a GPU: %v %v", how, err)
	}
	_, r := imageRequest(t, env, "--allow", flag("allow")[0])
	if want := []string{"device=" + graph.GPUDevice}; !slices.Equal(r.Allow, want) {
		t.Errorf("it allows %q, not %q", r.Allow, want)
	}
}
