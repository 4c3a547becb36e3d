package timeline

import (
	"cmp"
	"strings"

	"github.com/moby/buildkit/solver/errdefs"
	digest "github.com/opencontainers/go-digest"
)

// Failure is what ended a build.
type Failure struct {
	// Step is the name of the vertex, Why its own words where it had some, or
	// the builder's.
	Step, Why string
	// Place is the part of the stack file that asked for it, or nil.
	Place *errdefs.Source
}

// Failed is the step that failed first, or nothing if none did. A step that
// ended because another one failed does not count.
func (r *Recorder) Failed() Failure {
	r.mu.Lock()
	defer r.mu.Unlock()
	var first *Vertex
	for _, v := range r.vertices {
		if v.Error == "" || strings.Contains(v.Error, "context canceled") {
			continue
		}
		if first == nil || cmp.Or(v.End().Compare(first.End()), strings.Compare(v.Name, first.Name)) < 0 {
			first = v
		}
	}
	if first == nil {
		return Failure{}
	}
	return Failure{
		Step: strings.TrimPrefix(first.Name, "[internal] "), Why: cmp.Or(first.said, first.Error), Place: r.place(first.digest),
	}
}

func (r *Recorder) place(d digest.Digest) *errdefs.Source {
	for _, l := range r.places.GetLocations()[d.String()].GetLocations() {
		if i := int(l.SourceIndex); i >= 0 && i < len(r.places.GetInfos()) && len(l.Ranges) > 0 {
			return &errdefs.Source{Info: r.places.Infos[i], Ranges: l.Ranges}
		}
	}
	return nil
}
