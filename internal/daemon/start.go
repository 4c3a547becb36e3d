package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/moby/buildkit/client"
	"golang.org/x/sys/unix"
)

// Start says how a private builder is started.
type Start struct {
	Paths Paths
	// Executable is the program whose `daemon` command is the builder.
	Executable string
	// Idle is after how long without work it ends; "" is the daemon's default.
	Idle   string
	UID    int
	Getenv func(string) string
	// Environ is what the builder inherits.
	Environ []string
}

// startLimit is how long a daemon may take to answer. Opening the databases of
// a large root is what takes time.
const startLimit = 60 * time.Second

// Lease is the right to use a running builder: as long as one is held, it does
// not end for being idle.
type Lease struct {
	Address string
	// Started says that this call started the daemon.
	Started bool
	lock    *Lock
}

// Release gives the lease back.
func (l *Lease) Release() {
	if l != nil {
		l.lock.Release()
	}
}

// Acquire returns a lease on the builder and starts it if it does not run. Any
// number of processes may call it at once: one daemon comes of it.
func Acquire(ctx context.Context, s Start) (_ *Lease, err error) {
	if err := s.Paths.prepare(s.UID); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	// A daemon that ends for being idle holds this lock alone until it is gone.
	use, err := WaitLock(ctx, s.Paths.UseLock(), true)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			use.Release()
		}
	}()
	l := &Lease{Address: s.Paths.Address(), lock: use}
	if up, err := s.Paths.answers(ctx); up || err != nil {
		return l, err
	}
	starting, err := WaitLock(ctx, s.Paths.startLock(), false)
	if err != nil {
		return nil, err
	}
	defer starting.Release()
	if up, err := s.Paths.answers(ctx); up || err != nil {
		return l, err
	}
	l.Started = true
	return l, s.spawn(ctx)
}

// answers reports whether a daemon is there. One that takes the connection and
// says nothing is an error.
func (p Paths) answers(ctx context.Context) (bool, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", p.Socket())
	if err != nil {
		return false, nil // nobody listens
	}
	conn.Close()
	c, err := client.New(ctx, p.Address())
	if err != nil {
		return false, fmt.Errorf("connecting to the builder: %w", err)
	}
	defer c.Close()
	wait, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if _, err = c.Info(wait); err == nil {
		return true, nil
	}
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if pid, perr := p.Pid(); perr == nil && pid > 0 {
		return false, problem(fmt.Sprintf("the builder (process %d) does not answer", pid), "end it with: jetson builder stop --force", "its log is "+p.Log())
	}
	return false, nil // it went away while we asked
}

// spawn starts the daemon and waits until it answers.
func (s Start) spawn(ctx context.Context) error {
	p := s.Paths
	stamp, ok, err := p.ReadStamp()
	if err != nil {
		return err
	}
	if ok {
		if _, err := p.CheckStamp(stamp, BuildKitVersion(), s.UID); err != nil {
			return err
		}
	}
	host, err := CheckHost(ctx, s.UID, s.Getenv)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(p.Root, 0o711); err != nil {
		return fmt.Errorf("making the builder's root: %w", err)
	}
	_ = os.Remove(p.Failure()) // of an earlier try
	log, err := os.OpenFile(p.Log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("opening the builder's log: %w", err)
	}
	defer log.Close()
	args := []string{s.Executable, "daemon", "--root", p.Root, "--run", p.Run, "--runc", host.Runc}
	if s.UID == 0 {
		args = append(args, "--private-mounts")
	}
	if s.Idle != "" {
		args = append(args, "--idle", s.Idle)
	}
	if s.UID != 0 {
		dir, err := p.rootlesskitDir()
		if err != nil {
			return err
		}
		args = append([]string{host.Rootlesskit, "--net=host", "--copy-up=/run", "--state-dir=" + dir}, append(args, "--rootless", "--owner", fmt.Sprint(s.UID))...)
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = "/", log, log
	cmd.Env = s.environ()
	cmd.SysProcAttr = detached(s.UID == 0)
	if err := cmd.Start(); err != nil {
		if errors.Is(err, unix.EPERM) {
			return problem("this process may not make namespaces, which a builder needs", "run it as root outside a container, or give the container --privileged")
		}
		return fmt.Errorf("starting the builder: %w", err)
	}
	return p.ready(ctx, cmd)
}

// rootlesskitDir is a folder for one rootlesskit, which keeps it locked until
// it ends: after its daemon does. Those that have ended leave theirs behind.
func (p Paths) rootlesskitDir() (string, error) {
	old, err := filepath.Glob(filepath.Join(p.Run, "rootlesskit-*"))
	if err != nil {
		return "", fmt.Errorf("looking for folders of rootlesskit: %w", err)
	}
	for _, dir := range old {
		if l, err := TryLock(filepath.Join(dir, "lock"), false); err == nil {
			_ = os.RemoveAll(dir) // what stays is in nobody's way
			l.Release()
		}
	}
	dir, err := os.MkdirTemp(p.Run, "rootlesskit-")
	if err != nil {
		return "", fmt.Errorf("making a folder for rootlesskit: %w", err)
	}
	return dir, nil
}

// environ is the daemon's environment: the caller's without what speaks of
// other builders, and with the folders in which system programs lie.
//
// Without root runc is to keep its containers in the builder's runtime folder.
// It does so, in a user namespace, if XDG_RUNTIME_DIR is set and USER is not
// root (runc's shouldHonorXDGRuntimeDir); otherwise it takes /run/runc, which
// belongs to root where root has run a container.
func (s Start) environ() []string {
	var out []string
	for _, e := range s.Environ {
		name, _, _ := strings.Cut(e, "=")
		switch {
		case s.UID != 0 && (e == "USER=root" || name == "XDG_RUNTIME_DIR"):
		case name == "PATH", name == "TMPDIR", name == "NOTIFY_SOCKET", name == "BUILDKIT_HOST", strings.HasPrefix(name, "OTEL_"), strings.HasPrefix(name, "BUILDX_"):
		default:
			out = append(out, e)
		}
	}
	if s.UID != 0 {
		out = append(out, "XDG_RUNTIME_DIR="+s.Paths.Run)
	}
	return append(out, "PATH="+systemPath(s.Getenv), "TMPDIR="+s.Paths.Temp())
}

func (p Paths) ready(ctx context.Context, cmd *exec.Cmd) error {
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		up, err := p.answers(ctx)
		if up {
			return nil
		}
		select {
		case werr := <-ended:
			if err := p.failure(); err != nil {
				return err
			}
			return problem(fmt.Sprintf("the builder ended at once (%v)", werr), append([]string{"the end of its log, " + p.Log() + ":"}, p.logTail(8)...)...)
		case <-ctx.Done():
			return problem("the builder does not come up", append([]string{"the end of its log, " + p.Log() + ":"}, p.logTail(8)...)...)
		case <-time.After(5 * time.Millisecond):
		}
		if err != nil {
			return err
		}
	}
}

func (p Paths) logTail(n int) []string {
	data, err := os.ReadFile(p.Log())
	if err != nil {
		return []string{err.Error()}
	}
	lines := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	return lines[max(0, len(lines)-n):]
}
