package frontend

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	gw "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"

	"github.com/org/jetson-frontend/llb"
	"github.com/org/jetson-frontend/stacks/diag"
)

// asked is a gateway that knows an answer to everything, and what it was asked.
type asked struct {
	broken
	mu   sync.Mutex
	what []string
}

func (a *asked) ResolveSourceMetadata(_ context.Context, op *pb.SourceOp, _ sourceresolver.Opt) (*sourceresolver.MetaResponse, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.what = append(a.what, op.Identifier)
	return &sourceresolver.MetaResponse{
		Git:  &sourceresolver.ResolveGitResponse{Checksum: strings.Repeat("a", 40)},
		HTTP: &sourceresolver.ResolveHTTPResponse{Digest: digest.FromString("x")},
	}, nil
}

const mirrored = `platform = "debian-12"
[mirrors]
"https://git.example" = "http://mirror.example/git"
"https://files.example" = "http://mirror.example/files"
[[component]]
name = "mine"
[[component.version]]
version = "1"
sources = [
  { to = "/src/a", git = "https://git.example/a.git", tag = "v1" },
  { to = "/src/b", http = "https://files.example/b.tar.gz" },
]
[[component.step]]
kind = "files"
put = [{ to = "/opt/a", source = "/src/a" }]
`

// TestStackMirrors: what a stack's own [mirrors] say holds for what is looked up
// as for what is fetched; a build argument goes before it.
func TestStackMirrors(t *testing.T) {
	gateway := &asked{}
	b, err := newBuild(gateway)
	if err != nil {
		t.Fatal(err)
	}
	p := Prepare(&diag.File{Name: "stack.toml", Data: []byte(mirrored)}, nil, Files{})
	p.Input.Arch, p.Input.Native = "arm64", "amd64"
	r, err := b.resolved(t.Context(), &p)
	if err := append(p.Diags, r.Diags...).Err(); err != nil {
		t.Fatal(err)
	}
	if err != nil || r.Plan == nil {
		t.Fatalf("no plan: %v", err)
	}
	slices.Sort(gateway.what)
	want := []string{"git://mirror.example/git/a.git#v1", "http://mirror.example/files/b.tar.gz"}
	if diff := cmp.Diff(want, gateway.what); diff != "" {
		t.Errorf("what was looked up: %s", diff)
	}
	if r.Plan.Components[0].Sources[0].Git != "https://git.example/a.git" {
		t.Error("a mirror is part of the plan")
	}
	if got := b.mirrors(r.Mirrors).Rewrite("https://files.example/x"); got != "http://mirror.example/files/x" {
		t.Errorf("fetched from %s", got)
	}
	b.req.how.Mirrors = llb.Mirrors{{From: "https://files.example", To: "http://other.example"}}
	if got := b.mirrors(r.Mirrors).Rewrite("https://files.example/x"); got != "http://other.example/x" {
		t.Errorf("with a build argument fetched from %s", got)
	}
}

var _ gw.Client = &asked{}
