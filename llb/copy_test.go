package llb_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	bk "github.com/moby/buildkit/client/llb"

	"github.com/org/jetson-frontend/llb"
	"github.com/org/jetson-frontend/llb/graph"
	"github.com/org/jetson-frontend/stacks/plan"
)

// TestCopyKeepsRoot: a copied tree holds nothing that would change the root that
// it is merged with: no real /lib, and /root as only root sees it.
func TestCopyKeepsRoot(t *testing.T) {
	fsys := archive(t, "testdata/laws.txtar")
	fsys["stack.toml"].Data = slices.Concat(fsys["stack.toml"].Data, []byte(`
[[copy]]
from = "rules"
to   = "/lib/udev/rules.d/"
[[copy]]
from = "x"
to   = "/root/.config/x"
`))
	context := bk.Local("context")
	b, err := llb.Compile(t.Context(), planOf(t, fsys), llb.Options{Options: graph.Options{Build: "amd64"}, Caps: capable, Context: &context})
	must(t, err)
	var got []string
	for _, op := range ops(t, b, b.State(b.Graph.Node("copy"))) {
		for _, a := range op.GetFile().GetActions() {
			if m := a.GetMkdir(); m != nil && m.Mode == 0o700 {
				got = append(got, "private "+m.Path)
			}
			if c := a.GetCopy(); c != nil {
				got = append(got, c.Dest)
			}
		}
	}
	if diff := cmp.Diff([]string{"private /root", "/usr/lib/udev/rules.d/", "/root/.config/x"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestSourceImage: an image that a component takes files from is that of the
// component's own architecture, and a user may put another in its place.
func TestSourceImage(t *testing.T) {
	fsys := archive(t, "testdata/laws.txtar")
	fsys["components/a/gen.toml"].Data = regexp.MustCompile(`sources = .*`).ReplaceAll(fsys["components/a/gen.toml"].Data,
		[]byte(`sources = [{ to = "/src/gen", image = "example.invalid/files:1@sha256:`+strings.Repeat("7", 64)+`" }]`))
	var asked []string
	_, err := llb.Compile(t.Context(), planOf(t, fsys), llb.Options{
		Options: graph.Options{Build: "amd64"}, Caps: capable,
		Image: func(img plan.Image, arch string) (bk.State, bool) {
			if img.Ref == "example.invalid/files:1" {
				asked = append(asked, arch)
			}
			return bk.Scratch(), false
		},
	})
	must(t, err)
	// The tool is built for both: for who runs it on the builder, and for who does
	// on the target.
	if diff := cmp.Diff([]string{"amd64", "arm64"}, asked); diff != "" {
		t.Error(diff)
	}
}
