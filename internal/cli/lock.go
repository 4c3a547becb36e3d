package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"

	"github.com/org/jetson-frontend/frontend"
	"github.com/org/jetson-frontend/internal/engine"
	"github.com/org/jetson-frontend/internal/timeline"
	"github.com/org/jetson-frontend/stacks/lock"
)

func newLock(env Env) *cobra.Command {
	var b buildFlags
	var out string
	cmd := &cobra.Command{
		Use:   "lock [CONTEXT | STACK]",
		Short: "Write down what can change: tags, branches, packages",
		Long: `Lock writes a file beside the stack's, stack.lock for stack.toml: the digest of
every image by tag, the commit of every branch, the checksum of every download
that names none, and the version of every package that apt and pip take now.
Builds then take the same, and fail where that is no longer to be had; what the
stack wants anew is taken as it is, unless LOCKED=1 makes that an error.

It asks a builder with an address, or the private one; nothing is compiled.`,
		Example: `  jetson lock
  jetson lock --platform linux/arm64,linux/amd64
  jetson build --build-arg LOCKED=1
  jetson lock humble+vtk9 --jetpack 6.2 -o -`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := b.positional(args); err != nil {
				return err
			}
			return b.lock(cmd, env, out)
		},
	}
	f := cmd.Flags()
	b.stackFlags.register(cmd)
	b.where.register(f)
	f.StringVarP(&out, "output", "o", "", "the lock `FILE`; - is standard output")
	f.StringVar(&b.progress, "progress", "auto", "`MODE` is auto, plain, tty, quiet or rawjson")
	return cmd
}

// lock asks for the lock and writes it.
func (b *buildFlags) lock(cmd *cobra.Command, env Env, out string) error {
	ctx := cmd.Context()
	logrus.SetLevel(logrus.ErrorLevel)
	if out == "" {
		out = "-"
		if p := b.path(); p != "" {
			out = frontend.LockName(p)
		}
	}
	where, err := b.choose(ctx, env)
	if err != nil {
		return err
	}
	if where.How == engine.ByBuildx {
		return fmt.Errorf("a lock is not made through buildx (%s)\n  --builder private makes it with a builder of jetson's own, --builder ADDRESS with a buildkitd", where.Why)
	}
	req, cleanup, err := b.request(ctx, env)
	if err != nil {
		return err
	}
	defer cleanup()
	req.Attrs = map[string]string{"requestid": frontend.RequestLock}
	w := watched{env: env, flags: &b.where, rec: timeline.New(), progress: b.progress, target: strings.Join(req.Platforms, ", ")}
	w.keep = func(res engine.Result) error { return writeLock(env, out, res.Answer["result.json"]) }
	return b.direct(ctx, w, where, req)
}

// writeLock replaces the file whole, or leaves it as it was.
func writeLock(env Env, out string, data []byte) error {
	f, err := lock.Decode(data)
	if err != nil {
		return err
	}
	if out == "-" {
		_, err := env.Stdout.Write(data)
		return err
	}
	if err := replaceFile(out, data, 0o644); err != nil {
		return err
	}
	var all []string
	for _, p := range f.Packages {
		all = append(all, p.Exact...)
	}
	slices.Sort(all)
	var held []string
	for _, h := range []struct {
		n    int
		noun string
	}{{len(f.Images), "image"}, {len(f.Git), "commit"}, {len(f.HTTP), "download"}, {len(slices.Compact(all)), "package"}} {
		if h.n > 0 {
			held = append(held, count(h.n, h.noun))
		}
	}
	if len(held) == 0 {
		held = []string{"nothing of this stack can change"}
	}
	fmt.Fprintf(env.Stderr, "%s: %s\n", out, strings.Join(held, ", "))
	return nil
}
