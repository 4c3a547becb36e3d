package frontend

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/org/jetson-frontend/llb"
)

// TestHistory counts the layers of a base that says less than it has.
func TestHistory(t *testing.T) {
	base := &dockerspec.DockerOCIImage{}
	base.RootFS.DiffIDs = []digest.Digest{"sha256:a", "sha256:b"}
	base.History = []ocispecs.History{{CreatedBy: "first"}, {CreatedBy: "a label", EmptyLayer: true}}
	layers := []llb.Layer{{Image: true, Name: "base"}, {Name: "[x 1] script"}, {Name: "[image] finalize"}}
	var got []string
	for _, h := range history(layers, base, true, time.Unix(0, 0)) {
		got = append(got, h.CreatedBy)
	}
	if diff := cmp.Diff([]string{"first", "a label", "", "[x 1] script", "[image] finalize"}, got); diff != "" {
		t.Error(diff)
	}
	if h := history(layers, nil, true, time.Unix(0, 0)); h != nil {
		t.Errorf("of a base without a config it is known that %v", h)
	}
	if h := history(layers, base, false, time.Unix(0, 0)); h != nil {
		t.Errorf("what a component is built in is not the base: %v", h)
	}
}
