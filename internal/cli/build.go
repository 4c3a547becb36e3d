package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/org/jetson-frontend/frontend"
	"github.com/org/jetson-frontend/internal/engine"
	"github.com/org/jetson-frontend/llb/graph"
	"github.com/org/jetson-frontend/stacks/plan"
	"github.com/org/jetson-frontend/stacks/resolve"
)

type buildFlags struct {
	stackFlags
	imageFlags
	where    whereFlags
	target   string
	progress string
}

func newBuild(env Env) *cobra.Command {
	var b buildFlags
	cmd := &cobra.Command{
		Use:   "build [CONTEXT | STACK]",
		Short: "Build an image from a stack",
		Long: `Build makes an image, or what --target names, and puts it where the flags say.
The flags are those of docker buildx build. What is wrong with the stack is said
before anything is built, with its line.

Registries are reached with the credentials of Docker's config. Standard output
gets the image's digest, everything else goes to standard error.`,
		Example: `  jetson build
  jetson build humble+vtk9 --jetpack 6.2 -t registry.example/mine:1 --push
  jetson build -o type=oci,dest=image.tar
  jetson build --target runtime --load -t mine
  jetson build flann --platform debian-12 --target flann -o out
  jetson build -f - --cache-from user/mine:cache --cache-to type=registry,ref=user/mine:cache
  jetson build --build-context vtk=../my-vtk --secret id=jetson,src=settings`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := b.positional(args); err != nil {
				return err
			}
			return b.run(cmd, env)
		},
	}
	f := cmd.Flags()
	b.stackFlags.register(cmd)
	b.where.register(f)
	b.imageFlags.register(cmd)
	f.StringVar(&b.target, "target", "", "`WHAT` to build: dev, runtime, test, or a component")
	f.StringVar(&b.progress, "progress", "auto", "`MODE` is auto, plain, tty, quiet or rawjson")
	return cmd
}

// request turns the flags into a build.
func (b *buildFlags) request(ctx context.Context, env Env) (engine.Request, func(), error) {
	cleanup := func() {}
	r := engine.Request{Context: b.context, Target: b.target}
	var err error
	if r.Args, err = b.arguments(env); err != nil {
		return r, cleanup, err
	}
	if r.Contexts, err = pairs("build-context", b.contexts, env); err != nil {
		return r, cleanup, err
	}
	r.Epoch = env.Getenv("SOURCE_DATE_EPOCH")
	if err := b.imageFlags.request(env, &r); err != nil {
		return r, cleanup, err
	}
	if b.quiet {
		b.progress = "quiet"
	}
	if !slices.Contains(progressModes(), b.progress) {
		return r, cleanup, usagef("--progress is %s, not %q", strings.Join(progressModes(), ", "), b.progress)
	}
	prep, err := b.prepare(ctx, env)
	if err != nil {
		return r, cleanup, err
	}
	if prep.Diags.HasErrors() {
		return r, cleanup, b.findings(prep).Err()
	}
	r.Platforms = b.platforms
	if err := b.soundness(ctx, env, prep); err != nil {
		return r, cleanup, err
	}
	if p := b.path(); p != "" {
		r.Dir, r.File, err = engine.StackDir(p)
		return r, cleanup, err
	}
	// A stack without a file of its own is sent from a folder made for it.
	dir, err := os.MkdirTemp("", stackTemp)
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

// soundness resolves the stack as far as that goes without a builder: what is
// wrong with it is said before one is asked for.
func (b *buildFlags) soundness(ctx context.Context, env Env, prep frontend.Prepared) error {
	if b.foreign {
		return nil
	}
	in := prep.Input
	in.Facts.Offline = true
	platforms := b.platforms
	if len(platforms) == 0 {
		platforms = []string{""}
	}
	for _, p := range platforms {
		in.Arch = strings.TrimPrefix(p, "linux/")
		r := resolve.Resolve(in)
		if list := r.Diags.Errors(); len(list) > 0 {
			b.adviseFlags(list)
			return list.Err()
		}
		if err := b.knownTarget(r.Plan); err != nil {
			return err
		}
		absent, err := b.absent(ctx, env, r, b.target)
		if err != nil {
			return err
		}
		if len(absent) > 0 {
			return absent.Err()
		}
	}
	return nil
}

// knownTarget refuses a target that the plan does not have. Without a plan,
// because something has to be looked up, the build will tell.
func (b *buildFlags) knownTarget(p *plan.Plan) error {
	if b.target == "" || p == nil {
		return nil
	}
	var known []string
	for _, t := range graph.Targets(p) {
		known = append(known, t.Name)
	}
	if !slices.Contains(known, b.target) {
		return &graph.UnknownTarget{Name: b.target, Known: known}
	}
	return nil
}

func progressModes() []string { return []string{"auto", "plain", "tty", "quiet", "rawjson"} }
