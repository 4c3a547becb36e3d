package e2e

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/moby/buildkit/client"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/org/jetson-frontend/internal/engine"
	"github.com/org/jetson-frontend/internal/harness"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, []byte(text), 0o644))
}

// imageOf builds an image and reads its config.
func imageOf(t *testing.T, ctx context.Context, r engine.Request) (harness.Outcome, dockerspec.DockerOCIImage) {
	t.Helper()
	var b bytes.Buffer
	r.Exports = []client.ExportEntry{harness.OCIExport(&b, nil)}
	o, err := suite.Daemon.Build(ctx, r)
	must(t, err)
	blobs := layout(t, b.Bytes())
	var index ocispecs.Index
	must(t, json.Unmarshal(blobs["index.json"], &index))
	var m ocispecs.Manifest
	must(t, json.Unmarshal(blobs["blobs/sha256/"+index.Manifests[0].Digest.Encoded()], &m))
	var config dockerspec.DockerOCIImage
	must(t, json.Unmarshal(blobs["blobs/sha256/"+m.Config.Digest.Encoded()], &config))
	return o, config
}

// layout reads an OCI layout's tar.
func layout(t *testing.T, data []byte) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	r := tar.NewReader(bytes.NewReader(data))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		must(t, err)
		content, err := io.ReadAll(r)
		must(t, err)
		out[h.Name] = content
	}
}

// unpackedBase is the fast base as a folder, with a file that tells it apart.
func unpackedBase(t *testing.T) string {
	t.Helper()
	ref, err := name.ParseReference(suite.Base, name.Insecure)
	must(t, err)
	img, err := remote.Image(ref, remote.WithPlatform(v1.Platform{OS: "linux", Architecture: "amd64"}))
	must(t, err)
	layers, err := img.Layers()
	must(t, err)
	rc, err := layers[0].Uncompressed()
	must(t, err)
	defer rc.Close()
	dir := t.TempDir()
	r := tar.NewReader(rc)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		must(t, err)
		p := filepath.Join(dir, h.Name)
		switch h.Typeflag {
		case tar.TypeDir:
			must(t, os.MkdirAll(p, os.FileMode(h.Mode)))
		case tar.TypeSymlink:
			must(t, os.Symlink(h.Linkname, p))
		default:
			data, err := io.ReadAll(r)
			must(t, err)
			must(t, os.WriteFile(p, data, os.FileMode(h.Mode)))
		}
	}
	write(t, filepath.Join(dir, "etc/base-is"), "another base")
	return dir
}
