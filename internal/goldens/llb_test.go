package goldens

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"

	"github.com/org/jetson-frontend/llb"
	"github.com/org/jetson-frontend/llb/graph"
)

// TestFlagshipLLB holds every vertex of the flagship, built for arm64 on an
// amd64 builder, against its golden.
func TestFlagshipLLB(t *testing.T) {
	_, r := flagship(t).resolve(t, nil)
	if r.Plan == nil {
		t.Fatal(r.Diags.Err())
	}
	b, err := llb.Compile(t.Context(), r.Plan, llb.Options{
		Options: graph.Options{Build: "amd64"}, Caps: llb.Caps{Merge: true, NoContentCache: true, GitSkipSubmodules: true},
	})
	must(t, err)
	ds, err := b.Digests(t.Context())
	must(t, err)
	v := vertices{ops: map[digest.Digest]*pb.Op{}}
	v.add(t, b, b.Result)
	v.add(t, b, b.Checks)
	nodes := slices.Clone(b.Graph.Nodes)
	slices.SortFunc(nodes, func(x, y *graph.Node) int { return strings.Compare(x.ID, y.ID) })
	var out strings.Builder
	for _, n := range nodes {
		v.write(t, &out, n, ds[n.ID])
	}
	for _, n := range b.Graph.Notices {
		fmt.Fprintf(&out, "\nnotice: %s\n", n)
	}
	golden(t, "flagship.llb.txt", out.String())
}

// vertices are the operations of a build as a daemon gets them, by digest.
type vertices struct{ ops map[digest.Digest]*pb.Op }

func (v vertices) add(t *testing.T, b *llb.Build, st bk.State) {
	t.Helper()
	def, err := b.Definition(st)
	must(t, err)
	for _, dt := range def.Def {
		op := &pb.Op{}
		must(t, op.UnmarshalVT(dt))
		v.ops[digest.FromBytes(dt)] = op
	}
}

// write writes a node, and the operation that it was rendered to.
func (v vertices) write(t *testing.T, out *strings.Builder, n *graph.Node, d digest.Digest) {
	t.Helper()
	op := v.ops[d]
	if op == nil {
		t.Fatalf("the definition has no vertex for %s", n.ID)
	}
	if out.Len() > 0 {
		out.WriteByte('\n')
	}
	fmt.Fprintf(out, "%s\n  %s %q for %s", n.ID, n.Kind, n.Title, n.Arch)
	if n.Exec != "" {
		fmt.Fprintf(out, ", on %s", n.Exec)
	}
	if n.Mode != "" {
		fmt.Fprintf(out, ", %s", n.Mode)
	}
	out.WriteByte('\n')
	for _, in := range n.In {
		fmt.Fprintf(out, "  in %s %s\n", in.Role, in.Node.ID)
	}
	if s := op.GetSource(); s != nil {
		fmt.Fprintf(out, "  from %s\n", s.Identifier)
	}
	if e := op.GetExec(); e != nil {
		v.exec(t, out, n, op, e)
	}
}

func (v vertices) exec(t *testing.T, out *strings.Builder, n *graph.Node, op *pb.Op, e *pb.ExecOp) {
	t.Helper()
	if op.Platform.Architecture != n.Exec {
		t.Errorf("%s is said to run on %s and runs on %s", n.ID, n.Exec, op.Platform.Architecture)
	}
	if len(e.Meta.Args) < 2 || e.Meta.Args[0] != "/bin/sh" {
		t.Fatalf("%s runs %q", n.ID, e.Meta.Args)
	}
	for i, line := range wrapped(append([]string{within(e.Meta.Args[1])}, e.Meta.Args[2:]...)) {
		if i == 0 {
			line = "run " + line
		} else {
			line = "    " + line
		}
		fmt.Fprintf(out, "  %s\n", line)
	}
	var names, mounts []string
	for _, env := range e.Meta.Env {
		name, _, _ := strings.Cut(env, "=")
		names = append(names, name)
	}
	fmt.Fprintf(out, "  env %s\n", strings.Join(names, " "))
	for _, m := range e.Mounts {
		mounts = append(mounts, mount(m))
	}
	for _, line := range wrapped(mounts) {
		fmt.Fprintf(out, "  mounts %s\n", line)
	}
	if e.Network != pb.NetMode_NONE {
		fmt.Fprintf(out, "  network\n")
	}
}

// within shortens a path in the folder that holds what an exec is given.
func within(path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(path, "/run/jetson/"), "op/")
}

// mount is a mount's place, with what is special about it.
func mount(m *pb.Mount) string {
	s := within(m.Dest)
	switch {
	case m.CacheOpt != nil:
		s += "=" + m.CacheOpt.ID
		if m.CacheOpt.Sharing == pb.CacheSharingOpt_LOCKED {
			s += "(locked)"
		}
	case m.MountType == pb.MountType_SECRET:
		s += "=secret"
	case m.Readonly:
		s += "(ro)"
	}
	if m.ContentCache == pb.MountContentCache_OFF {
		s += "(unhashed)"
	}
	return s
}
