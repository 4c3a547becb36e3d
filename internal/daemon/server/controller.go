//go:build linux

// Package server is the private builder: BuildKit's controller with one runc
// worker, served on a socket until nobody needs it. The frontend image never
// carries it.
package server

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	ctdsnapshot "github.com/containerd/containerd/v2/core/snapshots"
	"github.com/containerd/containerd/v2/plugins/snapshots/native"
	"github.com/containerd/containerd/v2/plugins/snapshots/overlay"
	"github.com/containerd/containerd/v2/plugins/snapshots/overlay/overlayutils"
	"github.com/containerd/platforms"
	"github.com/moby/buildkit/cache/remotecache"
	inlinecache "github.com/moby/buildkit/cache/remotecache/inline"
	localcache "github.com/moby/buildkit/cache/remotecache/local"
	registrycache "github.com/moby/buildkit/cache/remotecache/registry"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/control"
	"github.com/moby/buildkit/executor/oci"
	bkfrontend "github.com/moby/buildkit/frontend"
	dockerfile "github.com/moby/buildkit/frontend/dockerfile/builder"
	"github.com/moby/buildkit/frontend/gateway"
	"github.com/moby/buildkit/frontend/gateway/forwarder"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/solver"
	"github.com/moby/buildkit/solver/bboltcachestorage"
	"github.com/moby/buildkit/solver/llbsolver/cdidevices"
	"github.com/moby/buildkit/util/appdefaults"
	"github.com/moby/buildkit/util/archutil"
	"github.com/moby/buildkit/util/db/boltutil"
	"github.com/moby/buildkit/util/network/netproviders"
	"github.com/moby/buildkit/util/resolver"
	"github.com/moby/buildkit/worker"
	"github.com/moby/buildkit/worker/base"
	runcworker "github.com/moby/buildkit/worker/runc"
	bolt "go.etcd.io/bbolt"
	"go.opentelemetry.io/otel/metric/noop"
	"tags.cncf.io/container-device-interface/pkg/cdi"

	"github.com/org/jetson-frontend/internal/daemon"
)

// The ways of keeping layers.
const (
	overlayfs = "overlayfs"
	copies    = "native"
)

// chooseSnapshotter takes overlay file systems where the kernel and the disk
// have them, and copies otherwise, as buildkitd does. A root keeps what it
// began with: its layers exist in that form alone.
func chooseSnapshotter(o Options, stamp *daemon.Stamp) (string, error) {
	err := overlayutils.Supported(o.Paths.State())
	switch {
	case stamp == nil && err == nil:
		return overlayfs, nil
	case stamp == nil:
		o.Log.Warnf("overlay file systems are not to be had here (%v): layers are copied, which takes more room and time; try: sudo modprobe overlay", err)
		return copies, nil
	case stamp.Snapshotter == overlayfs && err != nil:
		return "", daemon.Problem{
			What: fmt.Sprintf("the builder's state in %s needs overlay file systems, and the kernel has none there now: %v", o.Paths.Root, err),
			Fix:  []string{"sudo modprobe overlay", "or name another folder with --root or " + daemon.EnvRoot},
		}
	}
	return stamp.Snapshotter, nil
}

func snapshotter(name string) runcworker.SnapshotterFactory {
	f := runcworker.SnapshotterFactory{Name: name, New: native.NewSnapshotter}
	if name == overlayfs {
		f.New = func(root string) (ctdsnapshot.Snapshotter, error) {
			return overlay.NewSnapshotter(root, overlay.AsynchronousRemove)
		}
	}
	return f
}

// builder is BuildKit's controller with what it works with.
type builder struct {
	*control.Controller
	worker *base.Worker
}

// newBuilder wires a controller as buildkitd does, with the parts that a stack
// needs: one runc worker in the host's network, caches in registries and
// folders, and the gateway for those who come with a syntax line.
func newBuilder(ctx context.Context, o Options, snap string, budgets daemon.Budgets) (*builder, error) {
	sessions, err := session.NewManager()
	if err != nil {
		return nil, fmt.Errorf("making the session manager: %w", err)
	}
	w, err := newWorker(ctx, o, snap, budgets)
	if err != nil {
		return nil, err
	}
	wc := &worker.Controller{}
	if err := wc.Add(w); err != nil {
		return nil, fmt.Errorf("adding the worker: %w", err)
	}
	gw, err := gateway.NewGatewayFrontend(wc.Infos(), nil)
	if err != nil {
		return nil, fmt.Errorf("making the gateway: %w", err)
	}
	cache, err := bboltcachestorage.NewStore(filepath.Join(o.Paths.State(), "cache.db"))
	if err != nil {
		return nil, fmt.Errorf("opening the cache's database: %w", err)
	}
	history, err := boltutil.SafeOpen(filepath.Join(o.Paths.State(), "history.db"), 0o600, &bolt.Options{FreelistType: bolt.FreelistMapType, NoFreelistSync: true})
	if err != nil {
		return nil, fmt.Errorf("opening the history's database: %w", err)
	}
	hosts := resolver.NewRegistryConfig(nil)
	ctl, err := control.NewController(control.Opt{
		SessionManager:   sessions,
		WorkerController: wc,
		Frontends: map[string]bkfrontend.Frontend{
			"gateway.v0":    gw,
			"dockerfile.v0": forwarder.NewGatewayForwarder(wc.Infos(), dockerfile.Build),
		},
		ResolveCacheExporterFuncs: map[string]remotecache.ResolveCacheExporterFunc{
			"registry": registrycache.ResolveCacheExporterFunc(sessions, hosts),
			"local":    localcache.ResolveCacheExporterFunc(sessions),
			"inline":   inlinecache.ResolveCacheExporterFunc(),
		},
		ResolveCacheImporterFuncs: map[string]remotecache.ResolveCacheImporterFunc{
			"registry": registrycache.ResolveCacheImporterFunc(sessions, w.ContentStore(), hosts),
			"local":    localcache.ResolveCacheImporterFunc(sessions),
		},
		CacheManager: solver.NewCacheManager(ctx, "local", cache, worker.NewCacheResultStorage(wc)),
		// The builder is its user's own, who may have a build use devices; what
		// the build asks for must still be allowed by its caller.
		Entitlements:   []string{"device", "network.host"},
		MeterProvider:  noop.NewMeterProvider(),
		HistoryDB:      history,
		CacheStore:     cache,
		LeaseManager:   w.LeaseManager(),
		ContentStore:   w.ContentStore(),
		GarbageCollect: w.GarbageCollect,
		GracefulStop:   ctx.Done(),
	})
	if err != nil {
		return nil, fmt.Errorf("making the controller: %w", err)
	}
	return &builder{ctl, w}, nil
}

func newWorker(ctx context.Context, o Options, snap string, budgets daemon.Budgets) (*base.Worker, error) {
	devices, err := cdi.NewCache(cdi.WithSpecDirs(appdefaults.CDISpecDirs...))
	if err != nil {
		return nil, fmt.Errorf("reading the device specifications: %w", err)
	}
	// Steps without a network get none; the others get the host's, for which
	// nothing has to be installed.
	net := netproviders.Opt{Mode: "host"}
	opt, err := runcworker.NewWorkerOpt(o.Paths.State(), snapshotter(snap), o.Rootless, oci.ProcessSandbox, nil, nil, net, nil,
		o.Runc, "", false, nil, "", "", cdidevices.NewManager(devices, nil))
	if err != nil {
		return nil, fmt.Errorf("making the worker: %w", err)
	}
	opt.GCPolicy = policy(budgets)
	opt.BuildkitVersion = client.BuildkitVersion{Package: "github.com/moby/buildkit", Version: daemon.BuildKitVersion()}
	opt.RegistryHosts = resolver.NewRegistryConfig(nil)
	opt.Platforms = nil
	for _, p := range archutil.SupportedPlatforms(false) {
		opt.Platforms = append(opt.Platforms, platforms.Normalize(p))
	}
	w, err := base.NewWorker(ctx, opt)
	if err != nil {
		return nil, fmt.Errorf("making the worker: %w", err)
	}
	return w, nil
}

// makeFolders makes what the daemon writes to.
func makeFolders(p daemon.Paths) error {
	for _, dir := range []string{p.State(), p.Temp()} {
		if err := os.MkdirAll(dir, 0o711); err != nil {
			return fmt.Errorf("making the builder's folders: %w", err)
		}
	}
	return nil
}
