package engine

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// LayoutDigest finds an image in an OCI layout's index: by tag, or the only
// one there is.
func LayoutDigest(dir, tag string) (string, error) {
	data, err := os.ReadFile(filepath.Join(dir, ocispecs.ImageIndexFile))
	if err != nil {
		return "", fmt.Errorf("%s is not an OCI layout: %w", dir, err)
	}
	var index ocispecs.Index
	if err := json.Unmarshal(data, &index); err != nil {
		return "", fmt.Errorf("the index of the OCI layout %s: %w", dir, err)
	}
	if tag == "" && len(index.Manifests) == 1 {
		return index.Manifests[0].Digest.String(), nil
	}
	if tag == "" {
		tag = "latest"
	}
	for _, m := range index.Manifests {
		if m.Annotations[ocispecs.AnnotationRefName] == tag {
			return m.Digest.String(), nil
		}
	}
	return "", fmt.Errorf("the OCI layout %s has no image tagged %q", dir, tag)
}
