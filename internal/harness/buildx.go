package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Buildx is the real buildx, with a remote-driver builder on a daemon.
type Buildx struct {
	bin, config string
}

// NewBuildx makes the builder. dir keeps buildx's own state.
func NewBuildx(ctx context.Context, dir string, d *Daemon) (*Buildx, error) {
	bin, err := Tool("buildx")
	if err != nil {
		return nil, err
	}
	b := &Buildx{bin: bin, config: filepath.Join(dir, "buildx")}
	if err := os.MkdirAll(b.config, 0o700); err != nil {
		return nil, fmt.Errorf("making buildx's folder: %w", err)
	}
	if out, err := b.Run(ctx, "", "create", "--name", "jetson", "--driver", "remote", "--use", d.Addr); err != nil {
		return nil, fmt.Errorf("making a builder: %w\n%s", err, out)
	}
	return b, nil
}

// Run calls buildx in a folder and returns all that it printed.
func (b *Buildx) Run(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, b.bin, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "BUILDX_CONFIG="+b.config, "DOCKER_CONFIG="+b.config, "BUILDX_BAKE_ENTITLEMENTS_FS=0", "NO_COLOR=1", "SOURCE_DATE_EPOCH=")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

// Metadata reads what --metadata-file wrote.
func Metadata(path string) (map[string]any, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the metadata: %w", err)
	}
	out := map[string]any{}
	if err := json.Unmarshal(data, &out); err != nil {
		return nil, fmt.Errorf("reading the metadata: %w", err)
	}
	return out, nil
}
