package daemon_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/moby/buildkit/client"

	"github.com/org/jetson-frontend/internal/daemon"
)

// TestColdStartTwice: several builds at once on a builder that has never run
// all succeed, on one daemon.
func TestColdStartTwice(t *testing.T) {
	m := newMachine(t)
	var calls []*call
	for range 3 {
		calls = append(calls, m.begin(m.build(`stack = "made+texts"`)...))
	}
	for _, c := range calls {
		if out, err := c.wait(t, limit); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
	log, err := os.ReadFile(m.paths.Log())
	must(t, err)
	if n := strings.Count(string(log), "listening on"); n != 1 {
		t.Errorf("%d daemons were started", n)
	}
	var s daemon.Status
	must(t, json.Unmarshal([]byte(m.mustRun("builder", "status", "--json")), &s))
	if !s.Running || s.Daemon.PID != m.pid() || len(s.Usage) == 0 || len(s.Builds) != 0 || s.Stamp.Layout != daemon.Layout {
		t.Errorf("the status is %+v", s)
	}
}

// TestDaemonKilled in the middle of a step: the client says so, and the next
// build finds a clean place and succeeds.
func TestDaemonKilled(t *testing.T) {
	m := newMachine(t)
	c := m.begin(m.build(`stack = "endless"`)...)
	step := m.step("sleep 987")
	kill(t, m.pid())
	if out, err := c.wait(t, limit); err == nil {
		t.Errorf("the build succeeded without its daemon:\n%s", out)
	}
	if mounts, err := os.ReadFile("/proc/self/mountinfo"); err != nil || strings.Contains(string(mounts), m.paths.Root) {
		t.Errorf("the daemon's mounts outlive it (%v)", err)
	}
	m.mustRun(m.build(`stack = "made"`)...)
	if syscall.Kill(step, 0) == nil && m.owns(step) {
		t.Error("the killed daemon's step still runs")
	}
	// Its cache is whole: nothing that was built is built again.
	if out := m.mustRun(m.build(`stack = "made"`)...); !strings.Contains(out, "0 steps ran") {
		t.Errorf("built again:\n%s", out)
	}
}

// TestClientKilled: the daemon ends the step, and goes on.
func TestClientKilled(t *testing.T) {
	m := newMachine(t)
	c := m.begin(m.build(`stack = "endless"`)...)
	step := m.step("sleep 987")
	daemon := m.pid()
	kill(t, c.cmd.Process.Pid)
	m.until("the step has ended", 20*time.Second, func() bool { return syscall.Kill(step, 0) != nil })
	m.mustRun(m.build(`stack = "made"`)...)
	if m.pid() != daemon {
		t.Error("the daemon ended with the client")
	}
}

// TestInterrupted: Ctrl-C reaches the client and what it started, as a terminal
// sends it. The daemon is not among them.
func TestInterrupted(t *testing.T) {
	m := newMachine(t)
	c := m.begin(m.build(`stack = "endless"`)...)
	step := m.step("sleep 987")
	daemon := m.pid()
	must(t, c.cmd.Process.Signal(os.Interrupt))
	if out, err := c.wait(t, limit); err == nil {
		t.Errorf("the build succeeded:\n%s", out)
	}
	m.until("the step has ended", 20*time.Second, func() bool { return syscall.Kill(step, 0) != nil })
	if m.pid() != daemon {
		t.Error("the daemon ended with the client")
	}
}

// TestStepKilled: the build fails and says which step, the next one succeeds.
func TestStepKilled(t *testing.T) {
	m := newMachine(t)
	c := m.begin(m.build(`stack = "slow"`)...)
	m.step("sleep 4")
	kill(t, m.step("/run/jetson/op/script.sh"))
	out, err := c.wait(t, limit)
	if err == nil || !strings.Contains(out, "slow") || !strings.Contains(out, "stack.toml:1") {
		t.Errorf("%v: the failure does not show the line:\n%s", err, out)
	}
	m.mustRun(m.build(`stack = "slow"`)...)
}

// TestStopped: a build under way keeps the builder, unless it is forced to end;
// then it leaves nothing.
func TestStopped(t *testing.T) {
	m := newMachine(t)
	c := m.begin(m.build(`stack = "endless"`)...)
	m.step("sleep 987")
	m.fails([]string{"builds are running: 1", "stop --force"}, "builder", "stop")
	if out := m.mustRun("builder", "status"); !strings.Contains(out, "stack.toml") {
		t.Errorf("the status does not show the build:\n%s", out)
	}
	m.mustRun("builder", "stop", "--force")
	if _, err := c.wait(t, limit); err == nil {
		t.Error("the build succeeded without its daemon")
	}
	m.clean()
	m.mustRun(m.build(`stack = "made"`)...)
}

// TestIdle: a builder without work ends, one with a long step does not, and one
// that ended starts again with its cache.
func TestIdle(t *testing.T) {
	m := newMachine(t, daemon.EnvIdle+"=1s")
	m.mustRun(m.build(`stack = "slow"`)...) // its step sleeps for 4 s
	first := m.pid()
	if first == 0 {
		t.Fatal("the builder ended during or right after a build")
	}
	m.until("the builder has ended", 10*time.Second, func() bool { return syscall.Kill(first, 0) != nil })
	m.clean()
	if out := m.mustRun("builder", "status"); !strings.Contains(out, "not running") {
		t.Errorf("the status is:\n%s", out)
	}
	if out := m.mustRun(m.build(`stack = "slow"`)...); !strings.Contains(out, "0 steps ran") {
		t.Errorf("the cache is gone:\n%s", out)
	}
}

// TestIdleRace has clients come at the moment at which the daemon leaves.
func TestIdleRace(t *testing.T) {
	m := newMachine(t, daemon.EnvIdle+"=100ms")
	for i := range 25 {
		if out, err := m.jetson(m.build(`stack = "texts"`)...); err != nil {
			t.Fatalf("build %d: %v\n%s", i, err, out)
		}
		time.Sleep(time.Duration(80+i*4) * time.Millisecond)
	}
}

// tree is a folder's content as one text.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	must(t, filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		sum := [32]byte{}
		if d.Type().IsRegular() {
			data, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			sum = sha256.Sum256(data)
		}
		fmt.Fprintf(&b, "%s %s %x\n", p, d.Type(), sum)
		return nil
	}))
	return b.String()
}

// TestForeignRoot: a root of another layout, of a newer BuildKit, or of
// something else is refused with a message, and not touched.
func TestForeignRoot(t *testing.T) {
	m := newMachine(t)
	build := m.build(`stack = "texts"`)
	m.mustRun(build...)
	m.mustRun("builder", "stop")
	stamp := filepath.Join(m.paths.Root, "stamp.json")
	good, err := os.ReadFile(stamp)
	must(t, err)
	for _, tc := range []struct{ old, new, says string }{
		{`"layout": 1`, `"layout": 2`, "made by a newer jetson"},
		{`"buildkit": "v0.`, `"buildkit": "v1.`, "which is newer than this jetson's"},
		{`"owner": 0`, `"owner": 1000`, "belongs to user 1000"},
		{`{`, `[`, "is damaged"},
	} {
		text := strings.Replace(string(good), tc.old, tc.new, 1)
		if text == string(good) {
			t.Fatalf("%s is not in the stamp:\n%s", tc.old, good)
		}
		must(t, os.WriteFile(stamp, []byte(text), 0o600))
		before := tree(t, m.paths.Root)
		m.fails([]string{tc.says, "to start afresh"}, build...)
		m.fails([]string{tc.says}, "builder", "start")
		if after := tree(t, m.paths.Root); before != after {
			t.Errorf("%s: the refused root was changed", tc.says)
		}
	}
	// An older BuildKit's is taken over.
	must(t, os.WriteFile(stamp, []byte(strings.Replace(string(good), `"v0.3`, `"v0.1`, 1)), 0o600))
	if out := m.mustRun(build...); !strings.Contains(out, "0 steps ran") {
		t.Errorf("the cache is gone:\n%s", out)
	}
	if log, err := os.ReadFile(m.paths.Log()); err != nil || !strings.Contains(string(log), "is taken over from BuildKit v0.1") {
		t.Errorf("the takeover is not in the log (%v)", err)
	}
	m.mustRun("builder", "stop")

	foreign := filepath.Join(t.TempDir(), "photos")
	must(t, os.MkdirAll(foreign, 0o755))
	must(t, os.WriteFile(filepath.Join(foreign, "cat.jpg"), []byte("meow"), 0o644))
	other, err := daemon.Find(foreign, os.Getenv, 0)
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(other.Run) })
	before := tree(t, foreign)
	m.fails([]string{"not a builder's state (cat.jpg)"}, "builder", "start", "--root", foreign)
	if tree(t, foreign) != before {
		t.Error("a folder that is not a builder's was changed")
	}
}

// TestPrune frees layers and keeps cache mounts, until they are asked for.
func TestPrune(t *testing.T) {
	m := newMachine(t)
	m.mustRun(m.build(`stack = "heavy-a"`)...) // a heavy step has a cache mount
	count := func(kind string) int {
		var s daemon.Status
		must(t, json.Unmarshal([]byte(m.mustRun("builder", "status", "--json")), &s))
		for _, u := range s.Usage {
			if u.Kind == kind {
				return u.Count
			}
		}
		return 0
	}
	caches, layers := count("caches"), count("layers")
	if caches == 0 || layers == 0 {
		t.Fatalf("%d caches and %d layers", caches, layers)
	}
	m.mustRun("builder", "prune", "--older", "1h")
	if n := count("layers"); n != layers {
		t.Errorf("of %d layers, all used just now, %d are left", layers, n)
	}
	m.mustRun("builder", "prune")
	if n := count("layers"); n != 0 {
		t.Errorf("%d layers are left", n)
	}
	if n := count("caches"); n != caches {
		t.Errorf("of %d caches %d are left", caches, n)
	}
	m.mustRun("builder", "prune", "--caches")
	if n := count("caches"); n != 0 {
		t.Errorf("%d caches are left", n)
	}
	if out := m.mustRun(m.build(`stack = "heavy-a"`)...); strings.Contains(out, " 0 steps ran") {
		t.Errorf("nothing was built after everything was pruned:\n%s", out)
	}
}

// TestCacheBound: what holds the cache mounts within their budget, a bound for
// everything with a filter, takes cache mounts and nothing else.
func TestCacheBound(t *testing.T) {
	m := newMachine(t)
	m.mustRun(m.build(`stack = "heavy-a"`)...)
	c, err := client.New(t.Context(), m.paths.Address())
	must(t, err)
	defer c.Close()
	kinds := func() map[client.UsageRecordType]int {
		du, err := c.DiskUsage(t.Context())
		must(t, err)
		n := map[client.UsageRecordType]int{}
		for _, r := range du {
			n[r.RecordType]++
		}
		return n
	}
	// A build's records settle for a moment after it.
	before := kinds()
	for range 10 {
		time.Sleep(300 * time.Millisecond)
		if now := kinds(); !maps.Equal(now, before) {
			before = now
		}
	}
	must(t, c.Prune(t.Context(), nil, client.WithFilter([]string{"type==exec.cachemount"}), client.WithKeepOpt(0, 0, 1, 0)))
	after := kinds()
	if before[client.UsageRecordTypeCacheMount] == 0 || after[client.UsageRecordTypeCacheMount] != 0 || after[client.UsageRecordTypeRegular] != before[client.UsageRecordTypeRegular] {
		t.Errorf("before %v, after %v", before, after)
	}
}

// TestTwoDaemons: a second daemon on a root is refused.
func TestTwoDaemons(t *testing.T) {
	m := newMachine(t)
	m.mustRun("builder", "start")
	m.fails([]string{"another builder uses"}, "daemon", "--root", m.paths.Root, "--run", t.TempDir(), "--runc", "/usr/sbin/runc")
}

// TestMissing takes away what a builder needs, in a mount namespace of the
// test's own, and wants to be told how to get it.
func TestMissing(t *testing.T) {
	for _, tc := range []struct {
		name, hide string
		args       []string
		says       []string
	}{
		{"runc", "for p in /usr/local/sbin/runc /usr/local/bin/runc /usr/sbin/runc /usr/bin/runc /sbin/runc /bin/runc; do [ ! -e $p ] || mount --bind /dev/null $p; done",
			nil, []string{"runc, which runs the steps of a build, is not installed", "sudo apt-get install runc"}},
		{"control groups", "umount -R /sys/fs/cgroup; mount -t tmpfs none /sys/fs/cgroup", nil, []string{"no control groups"}},
		{"an emulator", "mount -t tmpfs none /proc/sys/fs/binfmt_misc", []string{"--platform", "linux/arm64"},
			[]string{"programs for linux/arm64 (first: ", "sudo apt-get install qemu-user-static binfmt-support"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := newMachine(t)
			m.wrap = []string{"unshare", "-m", "--propagation", "private", "sh", "-c", tc.hide + `; exec "$@"`, "sh"}
			m.fails(tc.says, append(m.build(`stack = "made"`), tc.args...)...)
		})
	}
}
