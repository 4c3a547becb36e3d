package frontend

import (
	"context"
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb"
	gw "github.com/moby/buildkit/frontend/gateway/client"
	gwpb "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/solver/pb"

	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/resolve"
)

// broken is a gateway that fails in a way that nobody foresaw.
type broken struct{ gw.Client }

func (broken) BuildOpts() gw.BuildOpts {
	return gw.BuildOpts{LLBCaps: pb.Caps.CapSet(pb.Caps.All()), Caps: gwpb.Caps.CapSet(gwpb.Caps.All()), Opts: map[string]string{"filename": "stack.toml"}}
}

func (broken) Inputs(context.Context) (map[string]llb.State, error) { return nil, nil }

func (broken) Solve(context.Context, gw.SolveRequest) (*gw.Result, error) {
	panic("a hole in the floor")
}

// TestPanic: a panic inside becomes an error that can be reported.
func TestPanic(t *testing.T) {
	_, err := Build(t.Context(), broken{})
	if err == nil || !strings.Contains(err.Error(), "a hole in the floor") || !strings.Contains(err.Error(), "please report") {
		t.Errorf("the error is %v", err)
	}
}

func TestBuildArguments(t *testing.T) {
	for name, want := range map[string]bool{
		"BUILDKIT_SYNTAX": true, "SOURCE_DATE_EPOCH": true, "http_proxy": true, "HTTPS_PROXY": true, "TARGETARCH": true, "BUILDPLATFORM": true,
		"TARGETS": false, "TARGET": false, "BUILD": false, "targetarch": false,
		"JETPACK": false, "MIRRORS": false, "TARGET_X": false, "CUDA_VERSION": false,
	} {
		if got := foreignArg(name); got != want {
			t.Errorf("%s belongs to BuildKit: %v", name, got)
		}
	}
	for _, bad := range []map[string]string{{"CROSS": "maybe"}, {"SLOTS": "0"}, {"SLOTS": "x"}, {"MIRRORS": "nothing"}, {"TEST_GPU": "perhaps"}} {
		if _, err := ParseHow(bad); err == nil {
			t.Errorf("%v is accepted", bad)
		}
	}
}

// TestContextArch: without --platform, contexts are loaded for what the stack is
// built for, not for the builder.
func TestContextArch(t *testing.T) {
	for text, want := range map[string]string{"stack = \"flann\"\njetpack = \"6.2\"\n": "arm64", "stack = \"flann\"\nplatform = \"debian-12\"\n": "amd64"} {
		p := Prepare(&diag.File{Name: "stack.toml", Data: []byte(text)}, nil, Files{})
		p.Input.Native = "amd64"
		if got := resolve.Arch(p.Input); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}
