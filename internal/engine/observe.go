package engine

import (
	"context"
	"fmt"

	gw "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
)

// observed shows every graph to the client before the daemon gets it.
type observed struct {
	gw.Client
	see func(*pb.Definition) error
}

func (o observed) Solve(ctx context.Context, req gw.SolveRequest) (*gw.Result, error) {
	if req.Definition != nil {
		if err := o.see(req.Definition); err != nil {
			return nil, err
		}
	}
	return o.Client.Solve(ctx, req)
}

// FirstForeign returns the name of the first step of a graph that runs a
// program for an architecture which is not native, and that architecture; both
// are "" if there is none.
func FirstForeign(def *pb.Definition, native string) (step, arch string, err error) {
	for _, dt := range def.GetDef() {
		var op pb.Op
		if err := op.UnmarshalVT(dt); err != nil {
			return "", "", fmt.Errorf("reading the graph: %w", err)
		}
		if op.GetExec() != nil && op.Platform != nil && op.Platform.Architecture != native {
			return def.Metadata[digest.FromBytes(dt).String()].GetDescription()["llb.customname"], op.Platform.Architecture, nil
		}
	}
	return "", "", nil
}
