package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/org/jetson-frontend/internal/daemon"
)

// builderFlags say which private builder is meant.
type builderFlags struct {
	root string
}

func (b *builderFlags) paths(env Env) (daemon.Paths, error) {
	root := b.root
	if root == "" {
		root = env.Getenv(daemon.EnvRoot)
	}
	return daemon.Find(root, env.Getenv, os.Geteuid())
}

// start is how this program starts its builder.
func (env Env) start(p daemon.Paths, idle string) (daemon.Start, error) {
	self, err := os.Executable()
	if err != nil {
		return daemon.Start{}, fmt.Errorf("finding this program: %w", err)
	}
	if idle == "" {
		idle = env.Getenv(daemon.EnvIdle)
	}
	if idle != "" {
		if _, err := time.ParseDuration(idle); err != nil {
			return daemon.Start{}, usagef("%q is not a time such as 10m; 0 is forever", idle)
		}
	}
	return daemon.Start{Paths: p, Executable: self, Idle: idle, UID: os.Geteuid(), Getenv: env.Getenv, Environ: os.Environ()}, nil
}

func newBuilder(env Env) *cobra.Command {
	var b builderFlags
	cmd := &cobra.Command{
		Use:   "builder",
		Short: "Look after the private builder",
		Long: `The private builder is BuildKit inside this program. "jetson build" starts it
when no other builder is there: none named with --builder or BUILDKIT_HOST, no
buildx builder, no Docker, no system buildkitd. It ends by itself when it has had
nothing to do for a while, and keeps its state, compile caches above all.

It needs runc; without root also rootlesskit.`,
		Example: `  jetson builder status
  jetson builder prune --older 168h
  docker buildx create --driver remote --use "$(jetson builder start)"`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownVerb(cmd, args[0])
			}
			return cmd.Help()
		},
	}
	cmd.PersistentFlags().StringVar(&b.root, "root", "", "where the builder keeps its state ("+daemon.EnvRoot+")")
	cmd.AddCommand(b.statusCommand(env), b.startCommand(env), b.stopCommand(env), b.pruneCommand(env), b.logsCommand(env))
	return cmd
}

func (b *builderFlags) startCommand(env Env) *cobra.Command {
	var idle string
	cmd := &cobra.Command{
		Use:   "start",
		Short: "Start the private builder and print its address",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := b.paths(env)
			if err != nil {
				return err
			}
			s, err := env.start(p, idle)
			if err != nil {
				return err
			}
			l, err := daemon.Acquire(cmd.Context(), s)
			if err != nil {
				return err
			}
			defer l.Release()
			if !l.Started {
				fmt.Fprintln(env.Stderr, "the private builder runs already")
			}
			fmt.Fprintln(env.Stdout, l.Address)
			return nil
		},
	}
	cmd.Flags().StringVar(&idle, "idle", "", "end after this time without work, as 30m; 0 is never ("+daemon.EnvIdle+", default 10m)")
	return cmd
}

func (b *builderFlags) stopCommand(env Env) *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "stop",
		Short: "End the private builder",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := b.paths(env)
			if err != nil {
				return err
			}
			err = p.Stop(cmd.Context(), force)
			if errors.Is(err, daemon.ErrNotRunning) {
				fmt.Fprintln(env.Stderr, err)
				return nil
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "end it even if builds are running or it does not answer")
	return cmd
}

func (b *builderFlags) pruneCommand(env Env) *cobra.Command {
	var what daemon.Prune
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "prune",
		Short: "Free the private builder's disk space",
		Long: `Prune throws away what no build holds at the moment: layers, sources. Compile
caches and downloads stay, unless --caches is given: what took hours to compile
is quick to build again with them.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := b.paths(env)
			if err != nil {
				return err
			}
			s, err := env.start(p, "")
			if err != nil {
				return err
			}
			l, err := daemon.Acquire(cmd.Context(), s)
			if err != nil {
				return err
			}
			defer l.Release()
			n, size, err := p.Prune(cmd.Context(), what)
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(env.Stdout).Encode(map[string]int64{"records": int64(n), "size": size})
			}
			fmt.Fprintf(env.Stdout, "freed %s (%d records)\n", bytesText(size), n)
			return nil
		},
	}
	cmd.Flags().BoolVar(&what.Caches, "caches", false, "throw compile caches and downloads away too")
	cmd.Flags().DurationVar(&what.Older, "older", 0, "keep what was used within this time, as 168h")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	return cmd
}

func (b *builderFlags) logsCommand(env Env) *cobra.Command {
	var follow bool
	cmd := &cobra.Command{
		Use:   "logs",
		Short: "Print the private builder's log",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := b.paths(env)
			if err != nil {
				return err
			}
			return printLog(cmd.Context(), env.Stdout, p.Log(), follow)
		},
	}
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "go on printing what is added")
	return cmd
}

func printLog(ctx context.Context, out io.Writer, path string, follow bool) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no log yet: the private builder has not run (%s)", path)
	}
	if err != nil {
		return fmt.Errorf("reading the builder's log: %w", err)
	}
	defer f.Close()
	for {
		n, err := io.Copy(out, f)
		if err != nil {
			return fmt.Errorf("reading the builder's log: %w", err)
		}
		if !follow {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(200 * time.Millisecond):
		}
		if now, err := os.Stat(path); n == 0 && err == nil {
			if was, err := f.Stat(); err == nil && !os.SameFile(was, now) {
				// The log was put aside and begun anew.
				f.Close()
				if f, err = os.Open(path); err != nil {
					return fmt.Errorf("reading the builder's log: %w", err)
				}
			}
		}
	}
}

func (b *builderFlags) statusCommand(env Env) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show what the private builder does and keeps",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := b.paths(env)
			if err != nil {
				return err
			}
			s, err := p.Ask(cmd.Context())
			if err != nil {
				return err
			}
			if asJSON {
				e := json.NewEncoder(env.Stdout)
				e.SetIndent("", "  ")
				return e.Encode(s)
			}
			return printStatus(env.Stdout, s, time.Now())
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the status as JSON")
	return cmd
}

func printStatus(out io.Writer, s daemon.Status, now time.Time) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	switch {
	case s.Running && s.Daemon != nil:
		fmt.Fprintf(w, "private builder\trunning for %s (process %d)\n", ago(now.Sub(s.Daemon.Started)), s.Daemon.PID)
	case s.Running:
		fmt.Fprintf(w, "private builder\trunning\n")
	case s.Stamp == nil:
		fmt.Fprintf(w, "private builder\tnot running, and has not run yet\n")
	default:
		fmt.Fprintf(w, "private builder\tnot running; jetson build starts it\n")
	}
	fmt.Fprintf(w, "address\t%s\n", s.Address)
	fmt.Fprintf(w, "state\t%s\n", s.Root)
	fmt.Fprintf(w, "log\t%s\n", s.Log)
	if s.Stamp != nil {
		fmt.Fprintf(w, "made with\tBuildKit %s, layers by %s\n", s.Stamp.BuildKit, s.Stamp.Snapshotter)
	}
	if d := s.Daemon; d != nil {
		fmt.Fprintf(w, "keeps\tcaches up to %s, all up to %s, %s of the disk left free\n", bytesText(d.Budgets.Caches), bytesText(d.Budgets.Total), bytesText(d.Budgets.Free))
		if d.Idle > 0 {
			fmt.Fprintf(w, "ends\tafter %v without work\n", time.Duration(d.Idle*float64(time.Second)))
		}
	}
	if len(s.Platforms) > 0 {
		fmt.Fprintf(w, "platforms\t%s\n", strings.Join(mainPlatforms(s.Platforms), " "))
	}
	if err := w.Flush(); err != nil || !s.Running {
		return err
	}
	return printUsage(out, s, now)
}

func printUsage(out io.Writer, s daemon.Status, now time.Time) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(out)
	if len(s.Builds) == 0 {
		fmt.Fprintln(out, "no build is running")
	} else {
		fmt.Fprintln(w, "RUNNING BUILD\tTARGET\tFOR")
		for _, b := range s.Builds {
			fmt.Fprintf(w, "%s\t%s\t%s\n", dash(b.File), dash(b.Target), ago(now.Sub(b.Started)))
		}
	}
	if len(s.Usage) > 0 {
		fmt.Fprintln(w, "\nKIND\tNUMBER\tSIZE\tFREE TO GO")
		for _, u := range s.Usage {
			fmt.Fprintf(w, "%s\t%d\t%s\t%s\n", u.Kind, u.Count, bytesText(u.Size), bytesText(u.Reclaimable))
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if len(s.Caches) > 0 {
		fmt.Fprintln(w, "\nCACHE\tSIZE\tUSED")
		for _, c := range s.Caches {
			used := "-"
			if c.LastUsed != nil {
				used = ago(now.Sub(*c.LastUsed)) + " ago"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\n", c.ID, bytesText(c.Size), used)
		}
	}
	return w.Flush()
}

// bytesText is a size for people, in powers of 1024.
func bytesText(n int64) string {
	switch {
	case n >= 10<<30:
		return fmt.Sprintf("%d GiB", n>>30)
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d B", n)
}

// ago is a length of time for people.
func ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

// mainPlatforms leaves out variants of an architecture that is there too, as
// linux/amd64/v2.
func mainPlatforms(all []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(p string) bool {
		i := strings.LastIndexByte(p, '/')
		return strings.Count(p, "/") > 1 && slices.Contains(all, p[:i])
	})
}
