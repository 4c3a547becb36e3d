package frontend

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"

	"github.com/org/jetson-frontend/llb"
	"github.com/org/jetson-frontend/stacks/plan"
)

// TestCommand: a command belongs to its entry point. Another entry point would
// take it for arguments of its own.
func TestCommand(t *testing.T) {
	ours := []string{llb.EntrypointFile}
	for _, tc := range []struct {
		name       string
		base       [2][]string // entry point, command
		plan       plan.Config
		entry, cmd []string
		said       string
	}{
		{"nothing of the plan's", [2][]string{{"/serve"}, {"--all"}}, plan.Config{}, []string{"/serve"}, []string{"--all"}, ""},
		{"an entry point", [2][]string{nil, {"bash"}}, plan.Config{Entrypoint: []string{"/mine"}}, []string{"/mine"}, nil, ""},
		{"both", [2][]string{nil, {"bash"}}, plan.Config{Entrypoint: []string{"/mine"}, Cmd: []string{"-v"}}, []string{"/mine"}, []string{"-v"}, ""},
		{"an entry point for another", [2][]string{{"/serve"}, {"--all"}}, plan.Config{Entrypoint: []string{"/mine"}}, []string{"/mine"}, nil, "/mine stands in the place of /serve"},
		{"setup files", [2][]string{nil, {"bash"}}, plan.Config{Source: []string{"/opt/ros/setup.bash"}}, ours, []string{"bash"}, ""},
		{"setup files for an entry point", [2][]string{{"/serve"}, {"--all"}}, plan.Config{Source: []string{"/opt/ros/setup.bash"}}, ours, nil, "/serve"},
		{"a command", [2][]string{{"/serve"}, {"--all"}}, plan.Config{Cmd: []string{"--one"}}, []string{"/serve"}, []string{"--one"}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			base := &dockerspec.DockerOCIImage{}
			base.Config.Entrypoint, base.Config.Cmd = tc.base[0], tc.base[1]
			base.Config.OnBuild = []string{"RUN false"}
			p := &plan.Plan{Config: tc.plan}
			img, err := imageConfig(p, base, nil, "", time.Unix(0, 0))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([][]string{tc.entry, tc.cmd, nil}, [][]string{img.Config.Entrypoint, img.Config.Cmd, img.Config.OnBuild}); diff != "" {
				t.Error(diff)
			}
			if said := strings.Join(displaced(p, base, ""), "\n"); !strings.Contains(said, tc.said) || (said == "") != (tc.said == "") {
				t.Errorf("what is said: %q", said)
			}
		})
	}
}

// TestLabels: an image says what it is, so that it can be run, verified and built
// upon without its stack file.
func TestLabels(t *testing.T) {
	p := &plan.Plan{
		Stack: []string{"vtk", "cuda"},
		Platform: plan.Platform{
			Arch: "arm64", Distro: "ubuntu-22.04", DistroID: "ubuntu", Release: "22.04", JetPack: "6.2", L4T: "36.4.3", Device: "agx-orin",
			SMs: []string{"87"}, SoCs: []string{"t234"},
			Versions: map[string]string{"cuda": "12.6.68", "cudnn": "9.3.0", "tensorrt": "10.3.0", "python": "3.10"},
		},
		Components: []plan.Component{{Name: "vtk", Version: "9.3.1", Shipped: true, Sources: []plan.Source{{To: "/src/vtk", Replaced: "vtk"}}}, {Name: "setup", Shipped: true}, {Name: "tool", Version: "1"}},
		Run:        plan.Run{GPU: true},
		Config:     plan.Config{Labels: map[string]string{"own": "stack", "both": "stack"}},
	}
	base := &dockerspec.DockerOCIImage{}
	base.Config.Labels = map[string]string{"base": "kept", LabelPrefix + "cuda": "11.4"}
	img, err := imageConfig(p, base, map[string]string{"both": "request"}, "", time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	digest, err := p.Digest()
	if err != nil {
		t.Fatal(err)
	}
	run, err := json.Marshal(p.Run)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"base": "kept", "own": "stack", "both": "request"}
	for name, v := range map[string]string{
		"plan": digest, "stack": "vtk+cuda", "distro": "ubuntu-22.04", "ubuntu": "22.04", "components": "setup vtk@9.3.1", "run": string(run),
		"replaced": "vtk",
		"jetpack":  "6.2", "l4t": "36.4.3", "device": "agx-orin", "sm": "87", "soc": "t234",
		"cuda": "12.6.68", "cudnn": "9.3.0", "tensorrt": "10.3.0", "python": "3.10",
	} {
		want[LabelPrefix+name] = v
	}
	if diff := cmp.Diff(want, img.Config.Labels); diff != "" {
		t.Error(diff)
	}
}
