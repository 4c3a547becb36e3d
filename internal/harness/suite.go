package harness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"
)

// Suite is a daemon with a registry that holds the frontend and base images.
type Suite struct {
	Daemon   *Daemon
	Registry *Registry
	// Frontend is the frontend image's reference, Base that of the fast base.
	Frontend, Base string
	// Dir is the suite's own folder; FrontendLayout lies in it, an OCI layout.
	Dir            string
	FrontendLayout string
}

// StartSuite brings everything up at once. tool is the daemon's binary, as in
// `make tools`.
func StartSuite(ctx context.Context, tool string) (_ *Suite, err error) {
	bin, err := Tool(tool)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "jt-")
	if err != nil {
		return nil, fmt.Errorf("making the suite's folder: %w", err)
	}
	s := &Suite{Dir: dir, FrontendLayout: filepath.Join(dir, "frontend")}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if s.Registry, err = StartRegistry(); err != nil {
		return nil, err
	}
	var base v1.ImageIndex
	var front v1.Image
	eg, ectx := errgroup.WithContext(ctx)
	eg.Go(func() error {
		var err error
		s.Daemon, err = StartDaemon(ectx, DaemonOptions{Binary: bin, Root: dir + "/root", Run: dir})
		return err
	})
	eg.Go(func() error {
		var err error
		base, err = FastBase(ectx, dir)
		return err
	})
	eg.Go(func() error {
		var err error
		front, err = FrontendImage(ectx, dir, runtime.GOARCH)
		return err
	})
	if err := eg.Wait(); err != nil {
		return nil, err
	}
	idx := Index(map[string]v1.Image{runtime.GOARCH: front})
	if s.Frontend, err = s.Registry.Push("jetson-frontend:1", idx); err != nil {
		return nil, err
	}
	if err = WriteLayout(s.FrontendLayout, idx); err != nil {
		return nil, err
	}
	s.Base, err = s.Registry.Push("fast:1", base)
	return s, err
}

// Close ends everything that the suite started.
func (s *Suite) Close() {
	if s.Daemon != nil {
		s.Daemon.Stop()
	}
	if s.Registry != nil {
		s.Registry.Close()
	}
	if err := os.RemoveAll(s.Dir); err != nil && !errors.Is(err, os.ErrNotExist) {
		fmt.Fprintln(os.Stderr, "harness:", err)
	}
}
