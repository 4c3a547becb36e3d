package llb

import (
	"context"
	"fmt"
	"testing"

	"github.com/moby/buildkit/solver/pb"

	"github.com/org/jetson-frontend/llb/graph"
	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/catalog"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/platform"
	"github.com/org/jetson-frontend/stacks/resolve"
)

func TestSmoke(t *testing.T) {
	s, _ := stacks.Parse(&diag.File{Name: "stack.toml", Data: []byte("stack = \"qhull\"\nplatform = \"debian-12\"\n")})
	cat, _ := catalog.Embedded()
	db, _ := platform.Embedded()
	r := resolve.Resolve(resolve.Input{Stack: s, Catalog: cat, Platforms: db})
	b, err := Compile(r.Plan, Options{Options: graph.Options{Build: "amd64"}, Caps: Caps{Merge: true, NoContentCache: true}})
	if err != nil {
		t.Fatal(err)
	}
	def, err := Marshal(context.Background(), b.Result, "arm64")
	if err != nil {
		t.Fatal(err)
	}
	for _, dt := range def.Def {
		var op pb.Op
		op.UnmarshalVT(dt)
		s := fmt.Sprintf("%v", &op)
		if len(s) > 300 {
			s = s[:300]
		}
		fmt.Println(s)
	}
	for _, n := range b.Graph.Nodes {
		fmt.Println(n.ID, n.Kind, n.Arch, n.Exec, n.Title)
	}
}
