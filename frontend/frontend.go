// Package frontend is the compiler as BuildKit calls it: options in, a solved
// result out. The frontend image runs it as a gateway server, `jetson build`
// runs the same function through a client; both give the same digest.
package frontend

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	gw "github.com/moby/buildkit/frontend/gateway/client"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/org/jetson-frontend/stacks/diag"
)

// Language is the stack file's name in source maps.
const Language = "TOML"

// Build compiles and solves a stack. It is a gateway/client.BuildFunc.
func Build(ctx context.Context, c gw.Client) (_ *gw.Result, err error) {
	defer recovered(&err)
	b, err := newBuild(c)
	if err != nil {
		return nil, err
	}
	if err := b.read(ctx); err != nil {
		return nil, err
	}
	if res, done, err := b.subrequest(ctx); done || err != nil {
		return res, b.locate(err)
	}
	var results built
	rb, err := b.ui.Build(ctx, func(ctx context.Context, p *ocispecs.Platform, _ int) (_ *dockerui.BuildResult, err error) {
		defer recovered(&err)
		return b.platform(ctx, p, &results)
	})
	if err != nil {
		return nil, b.locate(err)
	}
	if err := b.attest(ctx, rb, &results); err != nil {
		return nil, b.locate(err)
	}
	return rb.Finalize()
}

// recovered turns a panic into an error that a user can report. Without it the
// frontend would end with nothing but an exit status.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("the frontend failed inside: %v\nplease report this with the stack file:\n%s", p, debug.Stack())
	}
}

// guarded does the same for a function that runs in a goroutine of its own.
func guarded(fn func() error) func() error {
	return func() (err error) {
		defer recovered(&err)
		return fn()
	}
}

// build is one request.
type build struct {
	ui     *dockerui.Client
	req    *request
	source *dockerui.Source
	file   *diag.File
	state  *llb.State // what the stack file was read from
	relock bool       // no lock is read
}

func newBuild(c gw.Client) (*build, error) {
	ui, err := dockerui.NewClient(c)
	if err != nil {
		return nil, fmt.Errorf("reading the build's options: %w", err)
	}
	req, err := newRequest(ui)
	if err != nil {
		return nil, err
	}
	return &build{ui: ui, req: req}, nil
}

// read loads the stack file.
func (b *build) read(ctx context.Context) error {
	src, err := b.ui.ReadEntrypoint(ctx, Language, llb.FollowPaths(b.req.wantedFiles()))
	if err != nil {
		return fmt.Errorf("reading the stack file: %v", err)
	}
	b.source = src
	b.state = src.State
	b.file = &diag.File{Name: src.Filename, Data: src.Data}
	return nil
}
