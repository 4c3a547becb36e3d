// Command demo builds an example of this repository from nothing: it makes a
// base image from Debian's archive and calls `jetson build`, which starts a
// builder of its own.
//
//	demo [EXAMPLE [PLATFORM]]
//
// Without arguments it builds examples/nearest for linux/arm64.
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/org/jetson-frontend/internal/daemon"
	"github.com/org/jetson-frontend/internal/harness"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	example, platform := "nearest", "linux/arm64"
	if len(os.Args) > 1 {
		example = filepath.Base(os.Args[1])
	}
	if len(os.Args) > 2 {
		platform = os.Args[2]
	}
	if err := run(ctx, example, platform); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, example, platform string) error {
	// Asked now: what jetson would say of it comes after minutes of base making.
	if _, err := daemon.CheckHost(ctx, os.Getuid(), os.Getenv); err != nil {
		return err
	}
	start := time.Now()
	say := func(format string, args ...any) {
		fmt.Printf("[%4.0fs] %s\n", time.Since(start).Seconds(), fmt.Sprintf(format, args...))
	}
	cache, err := harness.Cache()
	if err != nil {
		return err
	}
	root, err := harness.Root()
	if err != nil {
		return err
	}
	say("base image: Debian 12 for amd64 and arm64, from the archive that this machine uses")
	base, err := harness.DebianBase(ctx, "bookworm", "amd64", "arm64")
	if err != nil {
		return err
	}
	site, err := harness.Site(ctx)
	if err != nil {
		return err
	}
	state := filepath.Join(cache, "demo")
	if err := os.MkdirAll(state, 0o755); err != nil {
		return fmt.Errorf("making the demo's folder: %w", err)
	}
	jetson := func(args ...string) error {
		cmd := exec.CommandContext(ctx, filepath.Join(root, "bin", "jetson"), args...)
		cmd.Dir, cmd.Stdout, cmd.Stderr = root, os.Stdout, os.Stderr
		cmd.Env = append(os.Environ(), daemon.EnvRoot+"="+filepath.Join(state, "builder"))
		return cmd.Run()
	}
	say("builder: jetson's own, with its state in %s", rel(root, filepath.Join(state, "builder")))
	defer func() { _ = jetson("builder", "stop") }() // it would end by itself, later

	dir, out := filepath.Join("examples", example), filepath.Join(state, example+".oci")
	say("jetson build -f %s/stack.toml --platform %s", dir, platform)
	err = jetson("build", "--builder", "private", "-f", filepath.Join(dir, "stack.toml"), dir, "--platform", platform,
		"--build-context", "debian:bookworm-slim=oci-layout://"+base, "--build-arg", "MIRRORS="+harness.Mirrors(site),
		"-o", "type=oci,dest="+out)
	if err != nil {
		return fmt.Errorf("building the example: %w", err)
	}
	st, err := os.Stat(out)
	if err != nil {
		return fmt.Errorf("the image is missing: %w", err)
	}
	say("done: %s compiled for %s and tested under that architecture", dir, platform)
	say("the image: %s (%d MB, an OCI archive; load it with: docker load -i FILE, or skopeo)", rel(root, out), st.Size()>>20)
	return nil
}

func rel(root, path string) string {
	if r, err := filepath.Rel(root, path); err == nil {
		return r
	}
	return path
}
