//go:build linux

package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/org/jetson-frontend/internal/daemon"
)

// cleanUp takes away what a daemon that was killed left of itself: containers
// that still run, mounts, bundles of containers, its socket. The root's lock is
// held, so that no living daemon can be meant.
func cleanUp(ctx context.Context, o Options) error {
	for _, b := range bundles(o.Paths) {
		o.Log.Infof("ending the container %s of a daemon that was killed", filepath.Base(b))
		endContainer(ctx, o, filepath.Base(b))
	}
	if err := unmountBelow(o.Paths.Root); err != nil {
		return err
	}
	var errs []error
	for _, b := range bundles(o.Paths) {
		errs = append(errs, os.RemoveAll(b))
	}
	errs = append(errs, empty(o.Paths.Temp()))
	for _, f := range []string{o.Paths.Socket(), o.Paths.Info(), o.Paths.Failure()} {
		if err := os.Remove(f); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("cleaning up after the last daemon: %w", err)
	}
	return nil
}

// bundles are the folders of containers; BuildKit removes each when its
// container ends.
func bundles(p daemon.Paths) []string {
	configs, err := filepath.Glob(filepath.Join(p.State(), "runc-*", "executor", "*", "config.json"))
	if err != nil {
		return nil // only a malformed pattern is an error
	}
	var out []string
	for _, c := range configs {
		out = append(out, filepath.Dir(c))
	}
	return out
}

// endContainer has runc kill a container and forget it. A container that runc
// never made, or has forgotten, is no error.
func endContainer(ctx context.Context, o Options, id string) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if out, err := exec.CommandContext(ctx, o.Runc, "delete", "--force", id).CombinedOutput(); err != nil {
		o.Log.Warnf("runc delete %s: %v: %s", id, err, strings.TrimSpace(string(out)))
	}
}

// unmountBelow takes down every mount under a folder, the last first.
func unmountBelow(dir string) error {
	data, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return fmt.Errorf("reading the mounts: %w", err)
	}
	var points []string
	for line := range strings.Lines(string(data)) {
		if f := strings.Fields(line); len(f) > 4 {
			// A space in a path is written as \040 (proc(5)).
			if at := strings.ReplaceAll(f[4], `\040`, " "); strings.HasPrefix(at, dir+"/") {
				points = append(points, at)
			}
		}
	}
	for _, p := range slices.Backward(points) {
		if err := unix.Unmount(p, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW); err != nil && !errors.Is(err, unix.EINVAL) {
			return fmt.Errorf("unmounting %s, which a killed daemon left: %w", p, err)
		}
	}
	return nil
}

func empty(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range entries {
		errs = append(errs, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	return errors.Join(errs...)
}
