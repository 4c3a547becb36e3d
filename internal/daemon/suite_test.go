package daemon_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/tools/txtar"

	"github.com/org/jetson-frontend/internal/daemon"
	"github.com/org/jetson-frontend/internal/harness"
)

// suite is what all tests of a run share: the jetson binary, a registry with
// the fast base, and a catalog.
var suite struct {
	dir, bin, base, frontend, catalog string
}

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	if os.Getenv("JETSON_TEST_E2E") == "" && os.Getenv("CI") == "" {
		return m.Run() // each test that needs a daemon skips itself
	}
	if missing := harness.Missing(); missing != "" {
		fmt.Println("daemon: this machine lacks", missing)
		return 1
	}
	dir, err := os.MkdirTemp("", "jd-")
	if err != nil {
		fmt.Println("daemon:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	reg, err := prepare(dir)
	if err != nil {
		fmt.Println("daemon:", err)
		return 1
	}
	defer reg.Close()
	return m.Run()
}

func prepare(dir string) (*harness.Registry, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	// The daemon may be another user's: it reads the binary and the catalog.
	if err := os.Chmod(dir, 0o755); err != nil {
		return nil, err
	}
	root, err := harness.Root()
	if err != nil {
		return nil, err
	}
	suite.dir, suite.bin, suite.catalog = dir, filepath.Join(dir, "jetson"), filepath.Join(dir, "catalog")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", suite.bin, "./cmd/jetson")
	build.Dir, build.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building jetson: %w\n%s", err, out)
	}
	base, err := harness.FastBase(ctx, dir)
	if err != nil {
		return nil, err
	}
	reg, err := harness.StartRegistry()
	if err != nil {
		return nil, err
	}
	if suite.base, err = reg.Push("fast:1", base); err != nil {
		return nil, err
	}
	front, err := harness.FrontendImage(ctx, dir, runtime.GOARCH)
	if err != nil {
		return nil, err
	}
	if suite.frontend, err = reg.Push("jetson-frontend:1", harness.Index(map[string]v1.Image{runtime.GOARCH: front})); err != nil {
		return nil, err
	}
	for _, ar := range []string{filepath.Join(root, "internal/e2e/testdata/fast.txtar"), filepath.Join(root, "internal/daemon/testdata/slow.txtar")} {
		data, err := os.ReadFile(ar)
		if err != nil {
			return nil, err
		}
		for _, f := range txtar.Parse(data).Files {
			p := filepath.Join(suite.catalog, f.Name)
			if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
				return nil, err
			}
			if err := os.WriteFile(p, f.Data, 0o644); err != nil {
				return nil, err
			}
		}
	}
	return reg, nil
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// machine is one private builder with a root of its own.
type machine struct {
	t     testing.TB
	paths daemon.Paths
	env   []string
	ids   map[string]bool // containers that were seen
	wrap  []string        // what jetson is run through
}

// newMachine gives a test its builder. At the test's end it is stopped, and
// nothing of it may be left.
func newMachine(t *testing.T, env ...string) *machine {
	t.Helper()
	if suite.bin == "" {
		t.Skip("not asked for; run make test, or set JETSON_TEST_E2E=1")
	}
	t.Parallel()
	root := filepath.Join(t.TempDir(), "root")
	p, err := daemon.Find(root, os.Getenv, 0)
	must(t, err)
	m := &machine{t: t, paths: p, ids: map[string]bool{}}
	m.env = append(os.Environ(), daemon.EnvRoot+"="+root, "BUILDKIT_HOST=", "BUILDX_BUILDER=", "NO_COLOR=1")
	m.env = append(m.env, env...)
	t.Cleanup(func() {
		if t.Failed() {
			log, _ := os.ReadFile(m.paths.Log())
			t.Logf("the daemon's log:\n%s", log)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := m.paths.Stop(ctx, true); err != nil && err != daemon.ErrNotRunning {
			t.Error(err)
		}
		m.until("all has ended", 5*time.Second, func() bool { return len(m.left()) == 0 })
		m.clean()
		_ = os.RemoveAll(p.Run)
	})
	return m
}

// call is one run of jetson.
type call struct {
	cmd  *exec.Cmd
	mu   sync.Mutex
	text bytes.Buffer
	done chan struct{}
	err  error
}

func (c *call) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.Write(b)
}

func (c *call) output() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.String()
}

// begin starts jetson; it is ended with the test.
func (m *machine) begin(args ...string) *call {
	m.t.Helper()
	args = append(append([]string{}, m.wrap...), append([]string{suite.bin}, args...)...)
	c := &call{done: make(chan struct{})}
	c.cmd = exec.Command(args[0], args[1:]...)
	c.cmd.Env, c.cmd.Dir, c.cmd.Stdout, c.cmd.Stderr = m.env, m.t.TempDir(), c, c
	c.cmd.WaitDelay = time.Second
	must(m.t, c.cmd.Start())
	m.t.Cleanup(func() { _ = c.cmd.Process.Kill() }) // it has ended, if all went well
	go func() {
		c.err = c.cmd.Wait()
		close(c.done)
	}()
	return c
}

func (c *call) wait(t testing.TB, limit time.Duration) (string, error) {
	t.Helper()
	select {
	case <-c.done:
	case <-time.After(limit):
		_ = c.cmd.Process.Kill()
		t.Fatalf("%v took longer than %v:\n%s", c.cmd.Args[1:], limit, c.output())
	}
	return c.output(), c.err
}

const limit = time.Minute

func (m *machine) jetson(args ...string) (string, error) {
	m.t.Helper()
	return m.begin(args...).wait(m.t, limit)
}

// mustRun wants jetson to succeed.
func (m *machine) mustRun(args ...string) string {
	m.t.Helper()
	out, err := m.jetson(args...)
	if err != nil {
		m.t.Fatalf("jetson %s: %v\n%s", args[0], err, out)
	}
	return out
}

// fails wants it to end with 1 and to say something.
func (m *machine) fails(texts []string, args ...string) {
	m.t.Helper()
	out, err := m.jetson(args...)
	exit, _ := err.(*exec.ExitError)
	if exit == nil || exit.ExitCode() != 1 {
		m.t.Errorf("jetson %s ended with %v, want exit status 1\n%s", args[0], err, out)
	}
	for _, text := range texts {
		if !strings.Contains(out, text) {
			m.t.Errorf("%q is not said; but:\n%s", text, out)
		}
	}
}

// build is a build of a stack on the fast base.
func (m *machine) build(stack string, more ...string) []string {
	m.t.Helper()
	dir := m.t.TempDir()
	must(m.t, os.WriteFile(filepath.Join(dir, "stack.toml"), []byte(stack+"\n"), 0o644))
	return append([]string{
		"build", "-f", filepath.Join(dir, "stack.toml"), "--builder=private", "--platform", "linux/amd64", "--progress", "plain", "--build-arg", "PLATFORM=fast-1",
		"--build-context", "catalog=" + suite.catalog, "--build-context", "fast.invalid/base:1=docker-image://" + suite.base,
	}, more...)
}

// until waits for something to become so.
func (m *machine) until(what string, limit time.Duration, so func() bool) {
	m.t.Helper()
	for end := time.Now().Add(limit); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			m.t.Fatalf("after %v still not so: %s", limit, what)
		}
	}
}

func (m *machine) pid() int {
	m.t.Helper()
	pid, err := m.paths.Pid()
	must(m.t, err)
	return pid
}

// step waits until a step of the build runs and returns its process: the one
// in a container of this builder whose command line has a text.
func (m *machine) step(text string) int {
	m.t.Helper()
	pid := 0
	m.until("a step runs "+text, 30*time.Second, func() bool {
		m.containers()
		for p, line := range processes() {
			if strings.Contains(line, text) && m.owns(p) {
				pid = p
			}
		}
		return pid != 0
	})
	return pid
}

// owns reports whether a process has its root in the builder's state: only a
// container's has.
func (m *machine) owns(pid int) bool {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/mountinfo", pid))
	return err == nil && strings.Contains(string(data), m.paths.State()+"/")
}

// containers notes the containers that there are.
func (m *machine) containers() {
	found, _ := filepath.Glob(filepath.Join(m.paths.State(), "runc-*", "executor", "*", "config.json"))
	for _, f := range found {
		m.ids[filepath.Base(filepath.Dir(f))] = true
	}
}

// processes are those of the machine with their command lines.
func processes() map[int]string {
	out := map[int]string{}
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, f := range files {
		var pid int
		if _, err := fmt.Sscanf(f, "/proc/%d/", &pid); err != nil {
			continue
		}
		if data, err := os.ReadFile(f); err == nil && len(data) > 0 {
			out[pid] = strings.ReplaceAll(strings.Trim(string(data), "\x00"), "\x00", " ")
		}
	}
	return out
}

// left are the command lines of the builder's processes.
func (m *machine) left() []string {
	var out []string
	for pid, line := range processes() {
		if pid != os.Getpid() && (strings.Contains(line, m.paths.Root) || m.owns(pid)) {
			out = append(out, line)
		}
	}
	return out
}

// clean wants nothing of a builder that has ended to be left: no process, no
// mount in any namespace, no socket, no container that runc or the kernel's
// control groups still know.
func (m *machine) clean() {
	m.t.Helper()
	for _, line := range m.left() {
		m.t.Errorf("a process is left: %s", line)
	}
	if mounts, err := os.ReadFile("/proc/self/mountinfo"); err != nil || strings.Contains(string(mounts), m.paths.Root) {
		m.t.Errorf("mounts are left (%v)", err)
	}
	// A builder without root has runc's folder and rootlesskit's here.
	if left, _ := os.ReadDir(filepath.Join(m.paths.Run, "runc")); len(left) > 0 {
		m.t.Errorf("runc still knows %d containers", len(left))
	}
	entries, _ := os.ReadDir(m.paths.Run)
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".lock") && !strings.HasPrefix(e.Name(), "rootlesskit-") && e.Name() != "runc" {
			m.t.Errorf("%s is left in %s", e.Name(), m.paths.Run)
		}
	}
	for id := range m.ids {
		for _, p := range []string{"/run/runc/" + id, "/sys/fs/cgroup/buildkit/" + id, "/sys/fs/cgroup/memory/buildkit/" + id} {
			if _, err := os.Stat(p); err == nil {
				m.t.Errorf("%s is left", p)
			}
		}
	}
}

func kill(t testing.TB, pid int) {
	t.Helper()
	if pid <= 1 {
		t.Fatalf("there is no process to kill: %d", pid)
	}
	must(t, syscall.Kill(pid, syscall.SIGKILL))
}
