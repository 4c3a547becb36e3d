package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/cmd/buildctl/build"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/util/progress/progressui"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/org/jetson-frontend/internal/engine"
	"github.com/org/jetson-frontend/stacks/diag"
)

type buildFlags struct {
	stackFlags
	addr     string
	target   string
	outputs  []string
	progress string
	noCache  bool
	labels   []string
}

func newBuild(env Env) *cobra.Command {
	var b buildFlags
	cmd := &cobra.Command{
		Use:   "build [CONTEXT | STACK]",
		Short: "Build an image from a stack",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := b.positional(args); err != nil {
				return err
			}
			return b.run(cmd.Context(), env)
		},
	}
	f := cmd.Flags()
	b.register(cmd)
	f.StringVar(&b.addr, "addr", "", "address of the buildkitd (BUILDKIT_HOST)")
	f.StringVar(&b.target, "target", "", "what to build: dev, runtime, test, or a component")
	f.StringArrayVarP(&b.outputs, "output", "o", nil, "where the result goes, as type=oci,dest=image.tar")
	f.StringVar(&b.progress, "progress", "auto", "auto, plain, tty, quiet or rawjson")
	f.BoolVar(&b.noCache, "no-cache", false, "build everything anew")
	f.StringArrayVar(&b.labels, "label", nil, "set a label of the image")
	return cmd
}

func (b *buildFlags) run(ctx context.Context, env Env) error {
	addr := b.addr
	if addr == "" {
		addr = env.Getenv("BUILDKIT_HOST")
	}
	if addr == "" {
		return usagef("no builder: give its address with --addr or BUILDKIT_HOST")
	}
	req, cleanup, err := b.request(env)
	if err != nil {
		return err
	}
	defer cleanup()
	c, err := client.New(ctx, addr)
	if err != nil {
		return fmt.Errorf("the builder at %s cannot be reached: %w", addr, err)
	}
	defer c.Close()
	return b.solve(ctx, env, c, req)
}

// request turns the flags into a build.
func (b *buildFlags) request(env Env) (engine.Request, func(), error) {
	cleanup := func() {}
	r := engine.Request{Context: b.context, Target: b.target}
	var err error
	if r.Args, err = b.arguments(env); err != nil {
		return r, cleanup, err
	}
	if r.Contexts, err = pairs("build-context", b.contexts, env); err != nil {
		return r, cleanup, err
	}
	if r.Labels, err = pairs("label", b.labels, env); err != nil {
		return r, cleanup, err
	}
	r.Epoch = env.Getenv("SOURCE_DATE_EPOCH")
	if b.noCache {
		r.NoCache = []string{""}
	}
	if r.Exports, err = build.ParseOutput(b.outputs); err != nil {
		return r, cleanup, usageError{err}
	}
	prep, err := b.prepare(env)
	if err != nil {
		return r, cleanup, err
	}
	if prep.Diags.HasErrors() {
		return r, cleanup, prep.Diags.Err()
	}
	r.Platforms = b.platforms
	if p := b.path(); p != "" {
		r.Dir, r.File, err = engine.StackDir(p)
		return r, cleanup, err
	}
	// A stack without a file of its own is sent from a folder made for it.
	dir, err := os.MkdirTemp("", "jetson-stack-")
	if err != nil {
		return r, cleanup, fmt.Errorf("making a folder for the stack: %w", err)
	}
	cleanup = func() { _ = os.RemoveAll(dir) }
	r.Dir, r.File = dir, DefaultFile
	data := prep.Input.Stack.File.Data
	if err := os.WriteFile(filepath.Join(dir, DefaultFile), data, 0o600); err != nil {
		return r, cleanup, fmt.Errorf("writing the stack: %w", err)
	}
	return r, cleanup, nil
}

func (b *buildFlags) solve(ctx context.Context, env Env, c *client.Client, req engine.Request) error {
	d, err := progressui.NewDisplay(os.Stderr, progressui.DisplayMode(b.progress))
	if err != nil {
		return usageError{err}
	}
	ch := make(chan *client.SolveStatus)
	var res engine.Result
	eg, egctx := errgroup.WithContext(ctx)
	eg.Go(func() error {
		var err error
		res, err = engine.Build(egctx, c, req, ch)
		return err
	})
	eg.Go(func() error {
		// The display ends when the build does, not when it is interrupted: it
		// still has to say what was cancelled.
		_, err := d.UpdateFrom(context.WithoutCancel(ctx), ch)
		return err
	})
	if err := eg.Wait(); err != nil {
		return env.buildError(err, res)
	}
	if d := res.Response["containerimage.digest"]; d != "" {
		fmt.Fprintln(env.Stdout, d)
	}
	return nil
}

// buildError shows why a build failed: findings with their lines, or what the
// daemon says with the line that asked for it.
func (e Env) buildError(err error, res engine.Result) error {
	if list, ok := diag.From(res.Err); ok {
		e.show(list)
		return errReported
	}
	for _, s := range errdefs.Sources(err) {
		_ = s.Print(e.Stderr) // a closed terminal is nobody to tell
	}
	return err
}
