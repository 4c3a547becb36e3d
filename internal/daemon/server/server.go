//go:build linux

package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/moby/buildkit/util/disk"
	"github.com/moby/buildkit/util/grpcerrors"
	bkworker "github.com/moby/buildkit/worker"
	"github.com/sirupsen/logrus"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/org/jetson-frontend/internal/daemon"
)

// Options say how the builder runs.
type Options struct {
	Paths daemon.Paths
	Runc  string
	// Idle is after how long without work it ends; 0 is never.
	Idle time.Duration
	// Rootless says that this process is root in a user namespace alone, and
	// Owner whose builder it is.
	Rootless bool
	Owner    int
	// PrivateMounts says that the process was started in a mount namespace of
	// its own.
	PrivateMounts bool
	Log           *logrus.Logger
}

// DefaultIdle is how long a builder without work stays.
const DefaultIdle = 10 * time.Minute

// The time that builds under way get to end when the daemon is told to, and the
// size at which its log is put aside.
const (
	graceful = 3 * time.Second
	logMost  = 8 << 20
)

// Run is the builder's life. It returns nil when it ended because it was told
// to or had nothing to do.
func Run(ctx context.Context, o Options) error {
	if os.Geteuid() != 0 {
		return daemon.Problem{What: "the builder needs to be root, if only in a user namespace", Fix: []string{"start it with: jetson builder start"}}
	}
	if o.PrivateMounts {
		// What it mounts stays with it; what the system mounts still comes in.
		if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SLAVE, ""); err != nil {
			return fmt.Errorf("keeping the builder's mounts to itself: %w", err)
		}
	}
	if err := os.MkdirAll(o.Paths.Root, 0o711); err != nil {
		return fmt.Errorf("making the builder's root: %w", err)
	}
	wait, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	root, err := daemon.WaitLock(wait, o.Paths.RootLock(), false)
	if err != nil {
		return daemon.Problem{What: "another builder uses " + o.Paths.Root, Fix: []string{"see: jetson builder status", "or name another folder with --root or " + daemon.EnvRoot}}
	}
	defer root.Release()
	snap, err := claim(o)
	if err != nil {
		return err
	}
	if err := cleanUp(ctx, o); err != nil {
		return err
	}
	if err := makeFolders(o.Paths); err != nil {
		return err
	}
	return serve(ctx, o, snap)
}

// claim looks at what made the root, and makes it this daemon's.
func claim(o Options) (snapshotter string, err error) {
	had, ok, err := o.Paths.ReadStamp()
	if err != nil {
		return "", err
	}
	now := daemon.BuildKitVersion()
	var was *daemon.Stamp
	if ok {
		was = &had
		notice, err := o.Paths.CheckStamp(had, now, o.Owner)
		if err != nil {
			return "", err
		}
		if notice != "" {
			o.Log.Info(notice)
		}
	}
	stamp := daemon.Stamp{Layout: daemon.Layout, BuildKit: now, Owner: o.Owner}
	if was == nil {
		// Before anything else is there: a root without a stamp is nobody's, and
		// a daemon may be killed at any moment.
		if err := o.Paths.WriteStamp(stamp); err != nil {
			return "", err
		}
	}
	if err := os.MkdirAll(o.Paths.State(), 0o711); err != nil {
		return "", fmt.Errorf("making the builder's folders: %w", err)
	}
	if was != nil && was.Snapshotter == "" {
		was = nil // it was killed before it had chosen
	}
	if stamp.Snapshotter, err = chooseSnapshotter(o, was); err != nil {
		return "", err
	}
	return stamp.Snapshotter, o.Paths.WriteStamp(stamp)
}

func serve(ctx context.Context, o Options, snap string) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	stat, err := disk.GetDiskStat(o.Paths.Root)
	if err != nil {
		return fmt.Errorf("looking at the builder's disk: %w", err)
	}
	budgets := budgetsFor(stat)
	b, err := newBuilder(ctx, o, snap, budgets)
	if err != nil {
		return err
	}
	defer func() {
		if err := b.Close(); err != nil {
			o.Log.Warnf("closing: %v", err)
		}
	}()
	busy := newActivity()
	srv := grpc.NewServer(grpc.StatsHandler(busy),
		grpc.UnaryInterceptor(grpcerrors.UnaryServerInterceptor), grpc.StreamInterceptor(grpcerrors.StreamServerInterceptor),
		grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage))
	healthv1.RegisterHealthServer(srv, health.NewServer())
	b.Register(srv)
	self := daemon.Self{
		PID: os.Getpid(), Started: time.Now(), BuildKit: daemon.BuildKitVersion(), Root: o.Paths.Root, Rootless: o.Rootless,
		Idle: o.Idle.Seconds(), Snapshotter: snap, Budgets: budgets,
	}
	if err := writeInfo(o.Paths, self); err != nil {
		return err
	}
	l, err := listen(o.Paths.Socket())
	if err != nil {
		return err
	}
	o.Log.Infof("listening on %s, root %s, %s, BuildKit %s", o.Paths.Address(), o.Paths.Root, snap, self.BuildKit)
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l) }()
	k := keeper{o: o, busy: busy, budgets: budgets, worker: b.worker}
	reason, err := k.wait(ctx, ended)
	if err != nil {
		return fmt.Errorf("serving: %w", err)
	}
	o.Log.Infof("ending: %s", reason)
	// Nobody may come in any more; those who are in may end their call.
	_ = os.Remove(o.Paths.Socket())
	stop()
	shutDown(srv)
	k.use.Release()
	_ = os.Remove(o.Paths.Info())
	return nil
}

// maxMessage is the size that BuildKit's client sends and takes at most.
const maxMessage = 16 << 20

func listen(path string) (net.Listener, error) {
	old := unix.Umask(0o177)
	l, err := net.Listen("unix", path)
	unix.Umask(old)
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w", path, err)
	}
	return l, nil
}

func writeInfo(p daemon.Paths, s daemon.Self) error {
	data, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("saying who the builder is: %w", err)
	}
	if err := os.WriteFile(p.Info(), data, 0o600); err != nil {
		return fmt.Errorf("saying who the builder is: %w", err)
	}
	return nil
}

// shutDown lets calls end for a moment, then ends them: their steps are killed
// and nothing of them is left.
func shutDown(srv *grpc.Server) {
	done := make(chan struct{})
	go func() {
		srv.GracefulStop()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(graceful):
		srv.Stop()
		<-done
	}
}

// keeper looks after a running daemon.
type keeper struct {
	o       Options
	busy    *activity
	budgets daemon.Budgets
	worker  bkworker.Worker
	use     *daemon.Lock // held alone once it is decided to end
}

// wait returns when the daemon is to end, and why.
func (k *keeper) wait(ctx context.Context, ended <-chan error) (string, error) {
	every := 5 * time.Second
	if k.o.Idle > 0 {
		every = min(every, max(k.o.Idle/5, 50*time.Millisecond))
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	collected := time.Now()
	for {
		select {
		case <-ctx.Done():
			return "it was told to", nil
		case err := <-ended:
			return "", err
		case now := <-tick.C:
			if k.idle(now) {
				return fmt.Sprintf("nothing to do for %v", k.o.Idle), nil
			}
			k.turnLog()
			if last, quiet := k.busy.lastBuild(); quiet && last.After(collected) && now.Sub(last) > time.Minute {
				collected = now
				k.collect(ctx)
			}
		}
	}
}

// idle decides whether to end. Whoever comes while it is decided waits for the
// lock, finds no daemon, and starts one.
func (k *keeper) idle(now time.Time) bool {
	if k.o.Idle <= 0 || k.busy.idle(now) < k.o.Idle {
		return false
	}
	l, err := daemon.TryLock(k.o.Paths.UseLock(), false)
	if err != nil {
		if !errors.Is(err, daemon.ErrHeld) {
			k.o.Log.Warn(err)
		}
		return false
	}
	k.use = l
	return true
}

func (k *keeper) collect(ctx context.Context) {
	freed, err := collectCaches(ctx, k.worker, k.budgets.Caches)
	if err != nil {
		k.o.Log.Warn(err)
	}
	if freed > 0 {
		k.o.Log.Infof("cache mounts were over their %d GiB: freed %d MiB", k.budgets.Caches>>30, freed>>20)
	}
}

// turnLog puts a log aside that has grown too large. Standard output and error
// are the log, and stay it.
func (k *keeper) turnLog() {
	st, err := os.Stat(k.o.Paths.Log())
	if err != nil || st.Size() < logMost {
		return
	}
	if err := turnLog(k.o.Paths); err != nil {
		k.o.Log.Warn(err)
	}
}

func turnLog(p daemon.Paths) error {
	var out, log unix.Stat_t
	if unix.Fstat(2, &out) != nil || unix.Stat(p.Log(), &log) != nil || out.Ino != log.Ino || out.Dev != log.Dev {
		return nil // run by hand: what it says goes elsewhere
	}
	if err := os.Rename(p.Log(), p.OldLog()); err != nil {
		return fmt.Errorf("putting the log aside: %w", err)
	}
	f, err := os.OpenFile(p.Log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("beginning a log: %w", err)
	}
	defer f.Close()
	for fd := 1; fd <= 2; fd++ {
		if err := unix.Dup3(int(f.Fd()), fd, 0); err != nil {
			return fmt.Errorf("beginning a log: %w", err)
		}
	}
	return nil
}
