package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/org/jetson-frontend/internal/harness"
	"github.com/org/jetson-frontend/llb/graph"
)

// gpuSpec describes a device as nvidia-ctk does. What it gives is a variable in
// the place of device nodes and the driver.
const gpuSpec = `cdiVersion: "0.6.0"
kind: "nvidia.com/gpu"
devices:
- name: "all"
  containerEdits:
    env: ["GPU_STANDS_IN=yes"]
`

// TestDevices runs a test that needs a GPU: where it was asked for and granted,
// and nowhere else.
func TestDevices(t *testing.T) {
	ctx := deadline(t, 2*minute)
	r := fast(t, "stack = \"texts\"\n[[test]]\nname = \"sees-the-gpu\"\ngpu = true\nrun = [\"env\"]\nstdout.contains = [\"GPU_STANDS_IN=yes\"]", nil)
	r.Target = graph.TargetTest
	for _, tool := range []string{"buildkitd", "buildkitd-v0.20"} {
		t.Run(tool, func(t *testing.T) {
			bin, err := harness.Tool(tool)
			must(t, err)
			dir, err := os.MkdirTemp("", "jt-")
			must(t, err)
			defer os.RemoveAll(dir)
			write(t, filepath.Join(dir, "cdi/nvidia.yaml"), gpuSpec)
			d, err := harness.StartDaemon(ctx, harness.DaemonOptions{Binary: bin, Root: dir + "/root", Run: dir, CDI: dir + "/cdi"})
			must(t, err)
			defer d.Stop()
			ran := func(o harness.Outcome) bool { return len(o.Executed("[test] sees-the-gpu")) > 0 }
			o, err := d.Build(ctx, r)
			if err != nil || ran(o) {
				t.Errorf("not asked for, it ran: %v; %v", ran(o), err)
			}
			asked := with(r, "TEST_GPU=1")
			o, err = d.Build(ctx, asked)
			wantFailure(t, o, err, "", "not allowed")
			asked.Allow = []string{"device=" + graph.GPUDevice}
			o, err = d.Build(ctx, asked)
			if err != nil || !ran(o) {
				t.Errorf("asked for and granted, it ran: %v; %v\n%s", ran(o), err, o.Logs)
			}
		})
	}
}
