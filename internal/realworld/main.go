// Command realworld builds examples/realworld for linux/amd64: VTK and PCL,
// compiled from their own sources by the catalog's steps, and a program that
// uses both. It makes a base image from Debian's archive, starts a builder, and
// calls `jetson build`. What was compiled is kept, so that a second run is fast.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/org/jetson-frontend/internal/harness"
)

const (
	example = "examples/realworld"
	target  = "linux/amd64"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "realworld:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	if missing := harness.Missing(); missing != "" {
		return errors.New("this machine lacks " + missing)
	}
	start := time.Now()
	say := func(format string, args ...any) {
		fmt.Printf("[%4.0fs] %s\n", time.Since(start).Seconds(), fmt.Sprintf(format, args...))
	}
	root, err := harness.Root()
	if err != nil {
		return err
	}
	say("base image: Debian 12, from the archive that this machine uses")
	base, err := harness.DebianBase(ctx, "bookworm", "amd64", "arm64")
	if err != nil {
		return err
	}
	site, err := harness.Site(ctx)
	if err != nil {
		return err
	}
	d, out, done, err := builder(ctx)
	if err != nil {
		return err
	}
	defer done()
	say("jetson build -f %s/stack.toml --platform %s", example, target)
	cmd := exec.CommandContext(ctx, filepath.Join(root, "bin", "jetson"),
		"build", "-f", filepath.Join(example, "stack.toml"), example, "--platform", target, "--progress", "plain",
		"--build-context", "debian:bookworm-slim=oci-layout://"+base, "--build-arg", "MIRRORS="+harness.Mirrors(site),
		"-o", "type=oci,dest="+out)
	cmd.Dir, cmd.Stdout, cmd.Stderr = root, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), "BUILDKIT_HOST="+d.Addr)
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("building the example: %w", err)
	}
	st, err := os.Stat(out)
	if err != nil {
		return fmt.Errorf("the image is missing: %w", err)
	}
	say("done: everything is compiled and tested; the image has %d MB", st.Size()>>20)
	return nil
}

// builder starts a buildkitd whose state stays in the cache. It returns where
// the image may go and what ends the builder.
func builder(ctx context.Context) (*harness.Daemon, string, func(), error) {
	bin, err := harness.Tool("buildkitd")
	if err != nil {
		return nil, "", nil, err
	}
	cache, err := harness.Cache()
	if err != nil {
		return nil, "", nil, err
	}
	state := filepath.Join(cache, "realworld")
	if err := os.MkdirAll(state, 0o755); err != nil {
		return nil, "", nil, fmt.Errorf("making the builder's folder: %w", err)
	}
	run, err := os.MkdirTemp("", "realworld-")
	if err != nil {
		return nil, "", nil, fmt.Errorf("making the builder's folder: %w", err)
	}
	d, err := harness.StartDaemon(ctx, harness.DaemonOptions{Binary: bin, Root: filepath.Join(state, "root"), Run: run})
	if err != nil {
		_ = os.RemoveAll(run)
		return nil, "", nil, err
	}
	done := func() {
		d.Stop()
		_ = os.RemoveAll(run)
	}
	return d, filepath.Join(state, "realworld.oci"), done, nil
}
