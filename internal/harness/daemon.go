// Package harness runs what the end-to-end tests and the demonstration need
// around the compiler: a buildkitd of their own, a registry, base images, and
// servers of sources. Nothing that users import lies here.
package harness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/moby/buildkit/client"
)

// Daemon is a buildkitd that this process started.
type Daemon struct {
	Addr string
	Log  string
	root string
	cmd  *exec.Cmd
	done chan struct{}
	err  error
	once sync.Once
}

// DaemonOptions say how a buildkitd is started.
type DaemonOptions struct {
	Binary string
	// Root keeps the daemon's state. It and Run, which holds its socket, must
	// exist; the socket's path may not be long.
	Root, Run string
	// GC switches garbage collection on. Tests count on what they built before.
	GC bool
	// CDI is a folder with descriptions of devices; "" is the machine's own.
	CDI string
}

const daemonStart = 30 * time.Second

// StartDaemon starts a buildkitd and waits until it answers.
func StartDaemon(ctx context.Context, o DaemonOptions) (*Daemon, error) {
	sock := filepath.Join(o.Run, "buildkitd.sock")
	d := &Daemon{Addr: "unix://" + sock, Log: filepath.Join(o.Run, "buildkitd.log"), root: o.Root, done: make(chan struct{})}
	config := filepath.Join(o.Run, "buildkitd.toml")
	text := fmt.Sprintf("[worker.oci]\n  enabled = true\n  gc = %v\n  networkMode = \"host\"\n  binary = \"runc\"\n[worker.containerd]\n  enabled = false\n", o.GC)
	if o.CDI != "" {
		text += fmt.Sprintf("[cdi]\n  specDirs = [%q]\n", o.CDI)
	}
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, fmt.Errorf("writing the daemon's configuration: %w", err)
	}
	log, err := os.OpenFile(d.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the daemon's log: %w", err)
	}
	_ = os.Remove(sock) // of a daemon that was killed
	d.cmd = exec.Command(o.Binary, "--config", config, "--root", o.Root, "--addr", d.Addr, "--otel-socket-path", filepath.Join(o.Run, "otel.sock"))
	d.cmd.Stdout, d.cmd.Stderr = log, log
	// Mount points that a killed daemon leaves go with the suite's folder.
	tmp := filepath.Join(o.Run, "tmp")
	if err := os.MkdirAll(tmp, 0o700); err != nil {
		return nil, fmt.Errorf("making the daemon's folder: %w", err)
	}
	d.cmd.Env = append(os.Environ(), "TMPDIR="+tmp)
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	started := make(chan error, 1)
	go func() {
		// The signal at our death goes by thread: this one lives as long as
		// the daemon does.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer log.Close()
		err := d.cmd.Start()
		started <- err
		if err == nil {
			d.err = d.cmd.Wait()
		}
		close(d.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting %s: %w", o.Binary, err)
	}
	if err := d.ready(ctx); err != nil {
		d.Kill()
		return nil, fmt.Errorf("%w\n%s", err, d.LogTail(40))
	}
	return d, nil
}

func (d *Daemon) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, daemonStart)
	defer cancel()
	for {
		c, err := client.New(ctx, d.Addr)
		if err == nil {
			_, err = c.ListWorkers(ctx)
			c.Close()
			if err == nil {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("buildkitd does not answer: %w", err)
		case <-d.done:
			return fmt.Errorf("buildkitd ended at once: %v", d.err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Client connects to the daemon.
func (d *Daemon) Client(ctx context.Context) (*client.Client, error) {
	return client.New(ctx, d.Addr)
}

// Pid is the daemon's process.
func (d *Daemon) Pid() int { return d.cmd.Process.Pid }

// Stop ends the daemon and what it left mounted.
func (d *Daemon) Stop() {
	d.end(syscall.SIGTERM)
}

// Kill ends it without a chance to say goodbye.
func (d *Daemon) Kill() { d.end(syscall.SIGKILL) }

func (d *Daemon) end(sig syscall.Signal) {
	d.once.Do(func() {
		_ = syscall.Kill(d.Pid(), sig) // it may have ended by itself
		select {
		case <-d.done:
		case <-time.After(10 * time.Second):
			_ = syscall.Kill(-d.Pid(), syscall.SIGKILL)
			<-d.done
		}
		d.orphans()
		_ = d.unmount()
	})
}

// orphans ends the containers of a daemon that was killed: their runc outlives
// it. They are found by the daemon's root in their command line.
func (d *Daemon) orphans() {
	procs, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, p := range procs {
		line, err := os.ReadFile(p)
		if err != nil || !strings.Contains(string(line), d.root+"/") {
			continue
		}
		var pid int
		if _, err := fmt.Sscanf(p, "/proc/%d/", &pid); err == nil && pid != os.Getpid() {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// unmount takes down what lies mounted below the daemon's root.
func (d *Daemon) unmount() error {
	data, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	var points []string
	for line := range strings.Lines(string(data)) {
		f := strings.Fields(line)
		if len(f) > 4 && strings.HasPrefix(f[4], d.root+"/") {
			points = append(points, f[4])
		}
	}
	var errs []error
	for _, p := range slices.Backward(points) {
		errs = append(errs, syscall.Unmount(p, syscall.MNT_DETACH))
	}
	return errors.Join(errs...)
}

// LogTail returns the last lines of the daemon's log.
func (d *Daemon) LogTail(n int) string {
	data, err := os.ReadFile(d.Log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
