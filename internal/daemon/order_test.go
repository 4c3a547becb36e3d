package daemon_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/org/jetson-frontend/internal/daemon"
	"github.com/org/jetson-frontend/internal/engine"
	"github.com/org/jetson-frontend/internal/harness"
)

// TestThroughBuildx: the real buildx, as the current builder, builds with the
// frontend image that the syntax line names; the same summary comes of it.
func TestThroughBuildx(t *testing.T) {
	m := newMachine(t)
	bin, err := harness.Tool("buildx")
	must(t, err)
	home := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(home, ".docker", "cli-plugins"), 0o755))
	must(t, os.Symlink(bin, filepath.Join(home, ".docker", "cli-plugins", "docker-buildx")))
	m.env = append(m.env, "HOME="+home, "DOCKER_CONFIG=", "BUILDX_CONFIG=", "DOCKER_HOST=unix:///nowhere/docker.sock")
	address := strings.TrimSpace(m.mustRun("builder", "start"))
	create := exec.Command(bin, "create", "--name", "mine", "--driver", "remote", "--use", address)
	create.Env = m.env
	if out, err := create.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	page := filepath.Join(t.TempDir(), "page.html")
	build := m.build("# syntax="+suite.frontend+"\nstack = \"made\"", "--timeline", page)
	build = strip(build, "--builder=private")
	out := m.mustRun(build...)
	for _, want := range []string{"[internal] load build definition", "resolve image config for", "steps ran", "made 0.1"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not said:\n%s", want, out)
		}
	}
	oci := filepath.Join(t.TempDir(), "image.oci")
	digest := func(args ...string) string {
		out := strings.TrimSpace(m.mustRun(append(append([]string{}, build...), append(args, "--progress", "quiet", "--output", "type=oci,dest="+oci)...)...))
		lines := strings.Split(out, "\n")
		return lines[len(lines)-1]
	}
	m.env = append(m.env, "BUILDX_NO_DEFAULT_ATTESTATIONS=1")
	if a, b := digest(), digest("--builder", "private"); a != b || !strings.HasPrefix(a, "sha256:") {
		t.Errorf("buildx's digest is %q, the private builder's %q", a, b)
	}
	if html, err := os.ReadFile(page); err != nil || !strings.Contains(string(html), "made 0.1") {
		t.Errorf("the timeline lacks the build (%v)", err)
	}
	// The private builder, asked by name, has what buildx's built: it is the
	// same daemon and the same graph.
	if out := m.mustRun(append(build, "--builder", "private")...); !strings.Contains(out, "0 steps ran") {
		t.Errorf("built again:\n%s", out)
	}
	// What is wrong comes through with its line.
	m.fails([]string{"no-such-part", "stack.toml:2"}, strip(m.build("# syntax="+suite.frontend+"\nstack = \"no-such-part\"", "--builder", "mine"), "--builder=private")...)
}

func strip(args []string, what string) []string {
	var out []string
	for _, a := range args {
		if a != what {
			out = append(out, a)
		}
	}
	return out
}

// TestSystemBuilder: a buildkitd that listens where a system's does is found.
func TestSystemBuilder(t *testing.T) {
	m := newMachine(t)
	m.mustRun("builder", "start")
	home := t.TempDir()
	env := map[string]string{"HOME": home}
	sock := filepath.Join(home, "buildkitd.sock")
	must(t, os.Symlink(m.paths.Socket(), sock))
	look := engine.Look{Getenv: func(k string) string { return env[k] }, System: []string{filepath.Join(home, "other.sock"), sock}, Docker: filepath.Join(home, "docker.sock")}
	b, err := engine.Choose(t.Context(), look)
	must(t, err)
	if b.How != engine.ByBuildKit || b.Address != "unix://"+sock {
		t.Errorf("%+v", b)
	}
	m.mustRun("builder", "stop")
	b, err = engine.Choose(t.Context(), look)
	must(t, err)
	if b.How != engine.ByPrivate {
		t.Errorf("of a daemon that has ended: %+v", b)
	}
}

// TestDefaultBuilder: with nothing else on the machine a build starts the
// private builder by itself.
func TestDefaultBuilder(t *testing.T) {
	m := newMachine(t)
	// A buildkitd of the machine's own would come first: it is hidden.
	m.env = append(m.env, "XDG_RUNTIME_DIR=")
	for _, s := range engine.SystemSockets(func(string) string { return "" }) {
		if _, err := os.Stat(s); err == nil {
			m.wrap = []string{"unshare", "-m", "--propagation", "private", "sh", "-c", `mount -t tmpfs none "$1"; shift; exec "$@"`, "sh", filepath.Dir(s)}
		}
	}
	m.env = append(m.env, "HOME="+t.TempDir(), "DOCKER_CONFIG=", "BUILDX_CONFIG=", "DOCKER_HOST=unix:///nowhere/docker.sock")
	m.mustRun(strip(m.build(`stack = "texts"`), "--builder=private")...)
	if m.pid() == 0 {
		t.Error("the private builder was not started")
	}
}

// TestRootless builds as an ordinary user, nobody, with a range of IDs of its
// own for as long as the test takes. It has no session, so no runtime folder,
// and /run/runc is root's.
func TestRootless(t *testing.T) {
	m := newMachine(t)
	for _, p := range []string{"rootlesskit", "newuidmap", "setpriv"} {
		if _, err := exec.LookPath(p); err != nil {
			t.Fatal(p + " is missing; run: make setup")
		}
	}
	home := filepath.Join(suite.dir, "home")
	must(t, os.MkdirAll(filepath.Join(home, "run"), 0o700))
	for _, f := range []string{"subuid", "subgid"} {
		must(t, os.WriteFile(filepath.Join(home, f), []byte("nobody:200000:65536\n"), 0o644))
	}
	const uid = 65534
	for _, p := range []string{home, filepath.Join(home, "run")} {
		must(t, os.Chown(p, uid, uid))
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	m.wrap = []string{"unshare", "-m", "--propagation", "private", "sh", "-c",
		"mount --bind " + home + "/subuid /etc/subuid && mount --bind " + home + "/subgid /etc/subgid && cd / && " +
			`exec setpriv --reuid 65534 --regid 65534 --clear-groups "$@"`, "sh"}
	must(t, os.MkdirAll("/run/runc", 0o700)) // as runc does that root has run
	env := map[string]string{"XDG_RUNTIME_DIR": "", "TMPDIR": filepath.Join(home, "run"), "XDG_DATA_HOME": filepath.Join(home, "data"), "HOME": home, "USER": "nobody"}
	m.env = append(m.env, daemon.EnvRoot+"=")
	for k, v := range env {
		m.env = append(m.env, k+"="+v)
	}
	var err error
	m.paths, err = daemon.Find("", func(k string) string { return env[k] }, uid)
	must(t, err)

	folders := func(build []string) []string {
		must(t, os.Chmod(filepath.Dir(build[2]), 0o755)) // the stack's folder
		must(t, os.Chmod(filepath.Dir(filepath.Dir(build[2])), 0o755))
		return build
	}
	build := folders(m.build(`stack = "made+heavy-a"`))
	out := m.mustRun(build...)
	if strings.Contains(out, " 0 steps ran") {
		t.Errorf("nothing ran:\n%s", out)
	}
	if out := m.mustRun("builder", "status"); !strings.Contains(out, "running for") || !strings.Contains(out, "caches") {
		t.Errorf("the status is:\n%s", out)
	}
	// Killed in the middle of a step, it leaves its place to the next.
	c := m.begin(folders(m.build(`stack = "endless"`))...)
	step := m.step("sleep 987")
	kill(t, m.pid())
	if out, err := c.wait(t, limit); err == nil {
		t.Errorf("the build succeeded without its daemon:\n%s", out)
	}
	if out := m.mustRun(build...); !strings.Contains(out, "0 steps ran") {
		t.Errorf("the cache is gone:\n%s", out)
	}
	if syscall.Kill(step, 0) == nil && m.owns(step) {
		t.Error("the killed daemon's step still runs")
	}
	m.mustRun("builder", "stop")
}
