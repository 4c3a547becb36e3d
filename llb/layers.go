package llb

import (
	"fmt"
	"strings"

	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
)

// Layer is a layer of a result by what made it, or all those of an image that
// the result is built on.
type Layer struct {
	// Image says that the layers are an image's own.
	Image bool
	// Name is the vertex's.
	Name string
}

// Layers are those of what a definition gives, from the bottom, without the
// prefix of its names. What a daemon says of a layer depends on whether it ran
// the vertex or took it from a cache, and on who ran it first; this does not.
func Layers(def *pb.Definition, prefix string) ([]Layer, error) {
	if len(def.GetDef()) == 0 {
		return nil, nil
	}
	w := layerWalk{def: def, bytes: make(map[string][]byte, len(def.Def)), done: map[string][]Layer{}, prefix: prefix}
	for _, dt := range def.Def {
		w.bytes[digest.FromBytes(dt).String()] = dt
	}
	var head pb.Op
	if err := head.UnmarshalVT(def.Def[len(def.Def)-1]); err != nil {
		return nil, fmt.Errorf("reading the graph: %w", err)
	}
	return w.layers(head.Inputs[0])
}

// layerWalk goes down from a result to what it lies on.
type layerWalk struct {
	def    *pb.Definition
	bytes  map[string][]byte
	done   map[string][]Layer
	prefix string
}

// layers are those of one output of a vertex.
func (w *layerWalk) layers(in *pb.Input) ([]Layer, error) {
	key := fmt.Sprint(in.Digest, "#", in.Index)
	if have, ok := w.done[key]; ok {
		return have, nil
	}
	var op pb.Op
	if err := op.UnmarshalVT(w.bytes[in.Digest]); err != nil {
		return nil, fmt.Errorf("reading the graph: %w", err)
	}
	var out []Layer
	own := Layer{Name: w.name(in.Digest)}
	var under []*pb.Input
	switch o := op.Op.(type) {
	case *pb.Op_Source:
		own.Image = isImage(o.Source.Identifier)
	case *pb.Op_Exec:
		under = mounted(&op, o.Exec, in.Index)
	case *pb.Op_File:
		under = below(&op, o.File, in.Index)
	case *pb.Op_Merge:
		// It adds nothing of its own to what it joins.
		own = Layer{}
		for _, m := range o.Merge.Inputs {
			under = append(under, op.Inputs[m.Input])
		}
	default:
		return nil, fmt.Errorf("a result of %T has no layers that are known", op.Op)
	}
	for _, u := range under {
		l, err := w.layers(u)
		if err != nil {
			return nil, err
		}
		out = append(out, l...)
	}
	if own != (Layer{}) {
		out = append(out, own)
	}
	w.done[key] = out
	return out, nil
}

// name is what a vertex is called, whichever platforms are built beside it.
func (w *layerWalk) name(dgst string) string {
	name := w.def.Metadata[dgst].GetDescription()["llb.customname"]
	return strings.TrimPrefix(strings.TrimPrefix(name, "[internal] "), w.prefix)
}

func isImage(identifier string) bool {
	return strings.HasPrefix(identifier, "docker-image://") || strings.HasPrefix(identifier, "oci-layout://")
}

// mounted is what lies under an output of an exec; nothing under a mount that
// begins empty.
func mounted(op *pb.Op, e *pb.ExecOp, index int64) []*pb.Input {
	for _, m := range e.Mounts {
		if m.Output == index && m.Input >= 0 {
			return []*pb.Input{op.Inputs[m.Input]}
		}
	}
	return nil
}

// below is what lies under an output of a file operation. Its actions follow
// each other: the input of one is that of the operation, or the outcome of
// another, counted behind the inputs.
func below(op *pb.Op, f *pb.FileOp, index int64) []*pb.Input {
	at := -1
	for i, a := range f.Actions {
		if a.Output == index {
			at = i
		}
	}
	for at >= 0 {
		in := f.Actions[at].Input
		switch {
		case in < 0:
			return nil
		case in < int64(len(op.Inputs)):
			return []*pb.Input{op.Inputs[in]}
		}
		at = int(in) - len(op.Inputs)
	}
	return nil
}
