package frontend

import (
	"errors"
	"slices"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"

	"github.com/org/jetson-frontend/stacks/diag"
)

// locate gives an error its place in the stack file. An error without one
// would be shown as a mark on line 1, which is the syntax line.
func (b *build) locate(err error) error {
	if err == nil {
		return nil
	}
	var have *errdefs.SourceError
	if errors.As(err, &have) {
		return err
	}
	list, ok := diag.From(err)
	if !ok {
		return b.at(err, diag.Range{File: b.file})
	}
	// What is printed are the places, in the order of the file; the last
	// wrapped comes first.
	out := err
	for _, d := range slices.Backward(list.Errors()) {
		for _, r := range slices.Backward(d.Related) {
			if r.Range.Known() {
				out = b.at(out, r.Range)
			}
		}
		if d.Range.Known() {
			out = b.at(out, d.Range)
		}
	}
	if !errors.As(out, &have) {
		out = b.at(out, diag.Range{File: b.file})
	}
	return out
}

// at attaches one place. A place in another file, such as a component of the
// catalog, brings that file along.
func (b *build) at(err error, r diag.Range) error {
	info := &pb.SourceInfo{Filename: r.File.Name, Data: r.File.Data, Language: Language}
	if r.File == b.file && b.source != nil {
		info.Definition = b.source.Definition.ToPB()
	}
	return errdefs.WithSource(err, &errdefs.Source{Info: info, Ranges: []*pb.Range{pbRange(r)}})
}

func pbRange(r diag.Range) *pb.Range {
	start, end := r.Pos(), r.EndPos()
	return &pb.Range{
		Start: &pb.Position{Line: int32(start.Line), Character: int32(start.Col - 1)},
		End:   &pb.Position{Line: int32(end.Line), Character: int32(end.Col - 1)},
	}
}

// location is a place in the stack file as a vertex carries it. It is nil for
// a place elsewhere: a vertex can only point into the file that was sent.
func (b *build) location(r diag.Range) llb.ConstraintsOpt {
	if !r.Known() || r.File != b.file {
		return nil
	}
	return b.source.Location([]*pb.Range{pbRange(r)})
}
