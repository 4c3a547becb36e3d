package llb

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	bk "github.com/moby/buildkit/client/llb"
)

// TestLayers counts what every kind of vertex puts on what lies below it.
func TestLayers(t *testing.T) {
	name := func(s string) bk.ConstraintsOpt { return bk.WithCustomName("[linux/arm64] " + s) }
	base := bk.Image("x.invalid/base:1", name("base"))
	run := base.Run(bk.Args([]string{"true"}), name("install"))
	out := run.AddMount("/out", bk.Scratch())
	onto := run.AddMount("/onto", bk.Local("context", name("context")))
	made := bk.Scratch().File(bk.Mkdir("/a", 0o755).Mkfile("/a/b", 0o644, nil), name("folder"))
	more := made.File(bk.Copy(out, "/", "/"), name("copy"))
	all := bk.Merge([]bk.State{run.Root(), out, more, onto}, name("merge"))
	last := all.Run(bk.Args([]string{"true"}), name("finalize")).Root()
	def, err := last.Marshal(t.Context(), bk.LinuxArm64)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Layers(def.ToPB(), "[linux/arm64] ")
	if err != nil {
		t.Fatal(err)
	}
	want := []Layer{
		{true, "base"}, {false, "install"}, // the root
		{false, "install"},                 // its output
		{false, "folder"}, {false, "copy"}, // a copy lies on what it goes to
		{false, "context"}, {false, "install"}, // an output that begins with something
		{false, "finalize"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
