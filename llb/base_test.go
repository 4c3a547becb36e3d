package llb_test

import (
	"strings"
	"testing"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/org/jetson-frontend/llb"
	"github.com/org/jetson-frontend/llb/graph"
	"github.com/org/jetson-frontend/stacks/plan"
)

// TestBaseIsNotPlain: what the image is built on is the user's to choose; what
// its components are built in stays the distribution's plain image, even where
// both have one name.
func TestBaseIsNotPlain(t *testing.T) {
	p := planOf(t, archive(t, "testdata/laws.txtar"))
	if p.Base.Ref != p.Plain.Ref {
		t.Fatal("base and plain image have two names: this test looks at the wrong thing")
	}
	plain := digests(t, compile(t, p, "arm64"))

	other := *p
	other.Base.Digest = "sha256:" + strings.Repeat("9", 64)
	byDigest := digests(t, compile(t, &other, "arm64"))

	instead := func(img plan.Image, _ string) (bk.State, bool) {
		return bk.Image("example.invalid/mine@sha256:" + strings.Repeat("8", 64)), img.Context == "base"
	}
	b, err := llb.Compile(t.Context(), p, llb.Options{Options: graph.Options{Build: "arm64"}, Caps: capable, Image: instead})
	must(t, err)
	byContext := digests(t, b)

	steps := 0
	for id, d := range plain {
		if !strings.HasPrefix(id, "step/") && !strings.HasPrefix(id, "apt/toolchain") {
			continue
		}
		steps++
		if byDigest[id] != d || byContext[id] != d {
			t.Errorf("%s depends on the base", id)
		}
	}
	if steps < 8 {
		t.Errorf("only %d vertices were compared", steps)
	}
	if byDigest["rootfs"] == plain["rootfs"] || byContext["rootfs"] == plain["rootfs"] {
		t.Error("the image does not depend on its base")
	}
}

// TestTargetsShareSteps: a step is one vertex, whichever target it is built for.
func TestTargetsShareSteps(t *testing.T) {
	p := planOf(t, archive(t, "testdata/laws.txtar"))
	p.Base.Digest = "sha256:" + strings.Repeat("9", 64)
	whole := digests(t, compile(t, p, "arm64"))
	b, err := llb.Compile(t.Context(), p, llb.Options{Options: graph.Options{Build: "arm64", Target: "lib"}, Caps: capable})
	must(t, err)
	alone := digests(t, b)
	if id := "step/lib/cmake-1"; alone[id] == "" || alone[id] != whole[id] {
		t.Errorf("%s is another vertex as a target of its own", id)
	}
}
