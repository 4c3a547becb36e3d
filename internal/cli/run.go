package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/progress/progressui"
	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"

	"github.com/org/jetson-frontend/internal/daemon"
	"github.com/org/jetson-frontend/internal/engine"
	"github.com/org/jetson-frontend/internal/timeline"
)

// whereFlags say where a build runs and what is told about it afterwards.
type whereFlags struct {
	builder, addr string
	tls           engine.TLS
	timeline      string
}

func (w *whereFlags) register(f *pflag.FlagSet) {
	f.StringVar(&w.builder, "builder", "", "where to build: a builder of buildx's, an address (BUILDKIT_HOST), or private")
	f.StringVar(&w.addr, "addr", "", "address of a buildkitd, the same as --builder with an address")
	f.StringVar(&w.tls.Dir, "tlsdir", "", "folder with ca.pem, cert.pem and key.pem for a buildkitd at an address")
	f.StringVar(&w.tls.ServerName, "tlsservername", "", "name in that buildkitd's certificate, if its address is another")
	f.StringVar(&w.timeline, "timeline", "", "write the build's timeline to this file, as an HTML page")
}

// run builds on whichever builder there is.
func (b *buildFlags) run(cmd *cobra.Command, env Env) error {
	ctx := cmd.Context()
	// BuildKit's and containerd's packages log what is no concern of a user's.
	logrus.SetLevel(logrus.ErrorLevel)
	if b.where.timeline == "-" {
		return usagef("--timeline takes the name of a file")
	}
	for _, f := range [][2]string{{"timeline", b.where.timeline}, {"metadata-file", b.metadataFile}, {"iidfile", b.iidFile}} {
		if err := writable(f[0], f[1]); err != nil {
			return err
		}
	}
	where, err := b.choose(ctx, env)
	if err != nil {
		return err
	}
	req, cleanup, err := b.request(ctx, env)
	if err != nil {
		return err
	}
	defer cleanup()
	if where.How != engine.ByBuildx { // which does these in its own way
		if err := b.possible(req); err != nil {
			return err
		}
	}
	w := watched{env: env, flags: &b.where, rec: timeline.New(), progress: b.progress, target: strings.Join(req.Platforms, ", ")}
	w.keep = func(res engine.Result) error { return b.keep(env, res) }
	if where.How == engine.ByBuildx {
		return b.throughBuildx(cmd, w, where, req)
	}
	return b.direct(ctx, w, where, req)
}

// choose finds the builder and says what was passed over.
func (b *buildFlags) choose(ctx context.Context, env Env) (engine.Builder, error) {
	where, err := engine.Choose(ctx, engine.Look{
		Flag: b.where.builder, Addr: b.where.addr, Getenv: env.Getenv, System: engine.SystemSockets(env.Getenv), Docker: engine.DockerSocket,
	})
	for _, n := range where.Notices {
		fmt.Fprintln(env.Stderr, "jetson:", n)
	}
	if err != nil {
		return where, err
	}
	return where, where.CheckTLS(b.where.tls)
}

// direct builds through BuildKit's own protocol, on a builder with an address
// or on the private one.
func (b *buildFlags) direct(ctx context.Context, w watched, where engine.Builder, req engine.Request) error {
	tls := b.where.tls
	if where.How == engine.ByPrivate {
		lease, err := b.lease(ctx, w.env)
		if err != nil {
			return err
		}
		defer lease.Release()
		where.Address, tls = lease.Address, engine.TLS{}
		req.OnGraph = func(def *pb.Definition) error { return emulated(w.env, req, def) }
	}
	c, err := where.Dial(ctx, tls)
	if err != nil {
		return err
	}
	defer c.Close()
	return w.solve(ctx, c, req)
}

// possible refuses what would fail when all is built.
func (b *buildFlags) possible(req engine.Request) error {
	if b.loads {
		if _, err := dockerHere(); err != nil {
			return err
		}
	}
	notes, err := b.annotate()
	if err != nil {
		return err
	}
	ofIndex := func(key string) bool { return strings.HasPrefix(key, "annotation-index") }
	if slices.ContainsFunc(slices.Collect(maps.Keys(notes)), ofIndex) && len(req.Platforms) < 2 && len(req.Attrs) == 0 {
		return usagef("an image of one platform without attestations has no index to annotate; --annotation manifest:KEY=VALUE annotates the image")
	}
	return nil
}

func (b *buildFlags) lease(ctx context.Context, env Env) (*daemon.Lease, error) {
	p, err := (&builderFlags{}).paths(env)
	if err != nil {
		return nil, err
	}
	s, err := env.start(p, "")
	if err != nil {
		return nil, err
	}
	return daemon.Acquire(ctx, s)
}

// emulated refuses a graph that needs an emulator which this machine lacks. If
// a cache is imported, the steps may never run.
func emulated(env Env, req engine.Request, def *pb.Definition) error {
	if len(req.CacheFrom) > 0 {
		return nil
	}
	step, arch, err := engine.FirstForeign(def, runtime.GOARCH)
	if err != nil || arch == "" || daemon.Emulator(arch, env.Getenv) {
		return err
	}
	return daemon.NoEmulator(arch, step)
}

// watched is a build under the eyes of a display and a recorder.
type watched struct {
	env      Env
	flags    *whereFlags
	rec      *timeline.Recorder
	progress string
	target   string
	// keep does what is to be done with the result of a build that succeeded.
	keep func(engine.Result) error
}

// solve builds through BuildKit's client.
func (w watched) solve(ctx context.Context, c *client.Client, req engine.Request) error {
	var refused onceError
	check := req.OnGraph
	req.OnGraph = func(def *pb.Definition) error {
		w.rec.Define(def)
		if check == nil {
			return nil
		}
		return refused.keep(check(def))
	}
	var res engine.Result
	err := w.show(ctx, func(ctx context.Context, ch chan *client.SolveStatus) error {
		var err error
		res, err = engine.Build(ctx, c, req, ch)
		return err
	})
	if r := refused.get(); r != nil && err != nil {
		return r
	}
	terr := w.tell(req, err)
	if lost(ctx, err) {
		return errLost
	}
	if err != nil {
		return w.env.buildError(err, res, w.rec)
	}
	return errors.Join(w.keep(res), terr)
}

func (e Env) printDigest(res engine.Result) error {
	if d := res.Response["containerimage.digest"]; d != "" {
		fmt.Fprintln(e.Stdout, d)
	}
	return nil
}

// show runs a build and displays its status.
func (w watched) show(ctx context.Context, build func(context.Context, chan *client.SolveStatus) error) error {
	d, err := progressui.NewDisplay(os.Stderr, progressui.DisplayMode(w.progress))
	if err != nil {
		return usageError{err}
	}
	in, out := make(chan *client.SolveStatus), make(chan *client.SolveStatus)
	eg, egctx := errgroup.WithContext(ctx)
	eg.Go(func() error { return build(egctx, in) })
	eg.Go(func() error {
		w.rec.Tee(in, out)
		return nil
	})
	eg.Go(func() error {
		// The display ends when the build does, not when it is interrupted: it
		// still has to say what was cancelled.
		_, err := d.UpdateFrom(context.WithoutCancel(ctx), out)
		return err
	})
	return eg.Wait()
}

// tell writes the summary and the timeline, also of a build that failed.
func (w watched) tell(req engine.Request, failed error) error {
	t := w.rec.Timeline()
	if w.progress != "quiet" && w.progress != "rawjson" {
		_ = t.Summary(w.env.Stderr, w.env.columns()) // a closed terminal is nobody to tell
	}
	if w.flags.timeline == "" {
		return nil
	}
	about := timeline.About{Title: title(req), Target: strings.TrimPrefix(w.target+" · "+req.Target, " · "), When: time.Now()}
	about.Target = strings.TrimSuffix(about.Target, " · ")
	if failed != nil {
		about.Error = failed.Error()
	}
	f, err := os.Create(w.flags.timeline)
	if err != nil {
		return fmt.Errorf("writing the timeline: %w", err)
	}
	if err := errors.Join(t.Page(f, about), f.Close()); err != nil {
		return err
	}
	fmt.Fprintln(w.env.Stderr, "timeline:", w.flags.timeline)
	return nil
}

// title is what the stack is called: its file's folder says more than
// stack.toml.
func title(req engine.Request) string {
	if req.File != DefaultFile {
		return req.File
	}
	dir := strings.TrimRight(req.Dir, "/")
	if i := strings.LastIndexByte(dir, '/'); i >= 0 && !strings.HasPrefix(dir[i+1:], stackTemp) {
		return dir[i+1:]
	}
	return "jetson build"
}

// onceError keeps the first error that it is given.
type onceError struct {
	mu  sync.Mutex
	err error
}

func (o *onceError) keep(err error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		o.err = err
	}
	return err
}

func (o *onceError) get() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// explain says what mends a failure whose words do not.
func explain(err error) error {
	if help := mends(err.Error()); help != "" {
		return fmt.Errorf("%w\n  %s", err, help)
	}
	return err
}
