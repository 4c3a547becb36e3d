package frontend

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"strings"
	"sync"

	gw "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/frontend/subrequests"
	"github.com/moby/buildkit/solver/pb"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"github.com/org/jetson-frontend/llb/graph"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/lock"
)

// RequestLock asks for the lock of a stack as it resolves now, whatever lock
// lies beside it.
const RequestLock = "frontend.lock"

func lockRequest() subrequests.Request {
	return subrequests.Request{
		Name: RequestLock, Version: "1.0.0", Type: subrequests.TypeRPC, Description: "The lock: what everything that can change is now",
		Metadata: []subrequests.Named{{Name: "result.json"}, {Name: "result.txt"}},
	}
}

// lockFile looks everything up and downloads what the stack asks for, for each
// platform, and writes down what that was.
func (b *build) lockFile(ctx context.Context) (*gw.Result, error) {
	b.relock = true
	w := &lockWriter{b: b, file: lock.File{Images: map[string]string{}, Git: map[string]string{}, HTTP: map[string]string{}, Packages: map[string]lock.Packages{}}}
	targets := []*ocispecs.Platform{nil}
	if len(b.ui.TargetPlatforms) > 0 {
		targets = nil
	}
	for i := range b.ui.TargetPlatforms {
		targets = append(targets, &b.ui.TargetPlatforms[i])
	}
	for _, p := range targets {
		if err := w.platform(ctx, p); err != nil {
			return nil, err
		}
	}
	data, err := w.file.Encode()
	if err != nil {
		return nil, err
	}
	res := gw.NewResult()
	for _, name := range []string{"result.json", "result.txt"} {
		res.AddMeta(name, data)
	}
	res.AddMeta("version", []byte(lockRequest().Version))
	return res, nil
}

type lockWriter struct {
	b    *build
	mu   sync.Mutex
	file lock.File
}

// maxDownloads is how many downloads are made at once.
const maxDownloads = 4

func (w *lockWriter) platform(ctx context.Context, p *ocispecs.Platform) error {
	pl, err := w.b.plan(ctx, p)
	if err != nil {
		return err
	}
	maps.Copy(w.file.Images, pl.facts.Images)
	maps.Copy(w.file.Git, pl.facts.Git)
	maps.Copy(w.file.HTTP, pl.facts.HTTP)
	r, err := w.b.render(ctx, pl)
	if err != nil {
		return err
	}
	eg, ctx := errgroup.WithContext(ctx)
	eg.SetLimit(maxDownloads)
	for _, n := range r.Graph.Nodes {
		if n.LockName() == "" || len(n.Wanted()) == 0 {
			continue
		}
		def, err := r.Definition(r.State(n))
		if err != nil {
			return err
		}
		eg.Go(guarded(func() error { return w.download(ctx, n, def) }))
	}
	return eg.Wait()
}

// exactFile is where a download says what it brought.
const exactFile = "exact"

func (w *lockWriter) download(ctx context.Context, n *graph.Node, def *pb.Definition) error {
	root, err := w.b.solvedTree(ctx, def)
	if err != nil {
		return err
	}
	data, err := fs.ReadFile(root, exactFile)
	if err != nil {
		return fmt.Errorf("reading what %s brought: %v", n.Title, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.file.Packages[n.LockName()] = lock.Packages{Wanted: n.Wanted(), Exact: strings.FieldsFunc(string(data), func(r rune) bool { return r == '\n' })}
	return nil
}

// notLocked gives the error for a download that the lock lacks its place.
func (b *build) notLocked(pl *planned, err error) error {
	var missing *graph.NotLocked
	if !errors.As(err, &missing) {
		return err
	}
	return diag.List{diag.Errorf("not-locked", pl.Stack, "%v", missing).WithHelp("jetson lock writes the lock anew")}.Err()
}
