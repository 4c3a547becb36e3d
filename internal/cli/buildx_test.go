package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/moby/buildkit/client"

	"github.com/org/jetson-frontend/internal/engine"
)

// A build ends with buildx, also where something that buildx started still holds
// its standard error.
func TestBuildxEndsWithItsProcess(t *testing.T) {
	dir := t.TempDir()
	bin := filepath.Join(dir, "buildx")
	script := "#!/bin/sh\nsleep 300 >/dev/null </dev/null &\necho $! >" + filepath.Join(dir, "pid") + "\necho last words >&2\nexit 3\n"
	if err := os.WriteFile(bin, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	env, _, _ := testEnv("")
	env.Stdin = nil
	ch := make(chan *client.SolveStatus)
	go func() {
		for range ch {
		}
	}()
	var rest bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err := runBuildx(ctx, env, bin, nil, ch, &rest)
	if err == nil || ctx.Err() != nil || rest.String() != "last words\n" {
		t.Errorf("it ended with %v (%v) and said %q", err, ctx.Err(), rest.String())
	}
	if pid, err := os.ReadFile(filepath.Join(dir, "pid")); err == nil {
		if n, err := strconv.Atoi(strings.TrimSpace(string(pid))); err == nil {
			_ = syscall.Kill(n, syscall.SIGKILL)
		}
	}
}

// What the result is called is said, whatever else cannot be written.
func TestDigestInSpiteOfFiles(t *testing.T) {
	env, out, _ := testEnv("")
	dir := t.TempDir()
	i := imageFlags{metadataFile: dir, iidFile: filepath.Join(dir, "no", "file")}
	err := i.keep(env, engine.Result{Response: map[string]string{"containerimage.digest": "sha256:0123"}})
	if err == nil || !strings.Contains(err.Error(), "is a folder") || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("the error is %v", err)
	}
	if out.String() != "sha256:0123\n" {
		t.Errorf("standard output is %q", out)
	}
	var failing output
	failing.Writer = failed{}
	if _, err := io.WriteString(&failing, "x"); err == nil || failing.failure() == nil {
		t.Error("a failed write is not kept")
	}
}

type failed struct{}

func (failed) Write([]byte) (int, error) { return 0, errors.New("no") }
