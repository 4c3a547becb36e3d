package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/org/jetson-frontend/frontend"
	"github.com/org/jetson-frontend/internal/engine"
	"github.com/org/jetson-frontend/stacks/lock"
)

// lockOf asks for a stack's lock and puts it beside the stack.
func lockOf(t *testing.T, r engine.Request) *lock.File {
	t.Helper()
	r.Attrs = map[string]string{"requestid": frontend.RequestLock}
	res, err := suite.Daemon.Ask(deadline(t, 5*minute), r)
	must(t, err)
	l, err := lock.Decode(res["result.json"])
	must(t, err)
	saveLock(t, r, l)
	return l
}

func saveLock(t *testing.T, r engine.Request, l *lock.File) {
	t.Helper()
	data, err := l.Encode()
	must(t, err)
	must(t, os.WriteFile(filepath.Join(r.Dir, frontend.LockName(r.File)), data, 0o644))
}

// refusedLock builds what must not be built, and returns why it was not.
func refusedLock(t *testing.T, r engine.Request) string {
	t.Helper()
	o, err := suite.Daemon.Build(deadline(t, 5*minute), r)
	if err == nil {
		t.Fatal("it was built")
	}
	return err.Error() + "\n" + o.Logs
}

// lockedPackages: with a lock the image is the one that it was made with; a
// version that the archive does not have, and a package that the lock does not
// know, are refused.
func lockedPackages(t *testing.T, r engine.Request, want string) {
	ctx := deadline(t, 5*minute)
	l := lockOf(t, r)
	run := l.Packages["arm64/apt/run/distribution/fetch"]
	i := slices.IndexFunc(run.Exact, func(p string) bool { return strings.HasPrefix(p, "jq:arm64=1.") })
	if i < 0 || !slices.Equal(run.Wanted, []string{"jq"}) || len(l.Packages) < 3 {
		t.Fatalf("the lock holds %+v", l.Packages)
	}
	locked := with(r, "LOCKED=1")
	got, o := image(t, ctx, suite.Daemon, locked)
	if got != want {
		t.Errorf("with the lock the image is %s, not %s", got, want)
	}
	if again := o.Executed("cmake"); len(again) > 0 {
		t.Errorf("the lock made compiles run: %v", again)
	}

	stack := filepath.Join(r.Dir, r.File)
	text, err := os.ReadFile(stack)
	must(t, err)
	write(t, stack, strings.Replace(string(text), `["jq"]`, `["jq", "tree"]`, 1))
	if why := refusedLock(t, locked); !strings.Contains(why, "the lock does not hold what this asks for") || !strings.Contains(why, "jetson lock") {
		t.Errorf("a package more: %s", why)
	}
	write(t, stack, string(text))

	run.Exact[i] = "jq:arm64=0.1-1"
	saveLock(t, r, l)
	if why := refusedLock(t, locked); !strings.Contains(why, "Version '0.1-1' for 'jq' was not found") || !strings.Contains(why, "jetson lock") {
		t.Errorf("a version that is not there: %s", why)
	}
}

// lockedWorld: an index that has something newer changes nothing, and one that
// has something else under the same name is refused.
func lockedWorld(t *testing.T, r engine.Request, index string) {
	ctx := deadline(t, 5*minute)
	l := lockOf(t, r)
	defer os.Remove(filepath.Join(r.Dir, frontend.LockName(r.File)))
	name := "arm64/world/main/application/fetch"
	exact := strings.Join(l.Packages[name].Exact, "\n")
	if !strings.Contains(exact, "jt_number==1.5 --hash=sha256:") || !strings.Contains(exact, "jt_greet==1.0 --hash=") || strings.Contains(exact, "jt_native") {
		t.Fatalf("the lock holds %q of %v", exact, l.Packages)
	}
	greet := newWheel(t, "jt_greet", "1.0", "manylinux_2_17_aarch64", "jtgreet", "import platform\ndef main(): print('greetings on', platform.machine())\n",
		[]string{"jt-number", "jt-native", `jt-missing; platform_machine == "x86_64"`}, "greet=jtgreet:main")
	number := newWheel(t, "jt_number", "1.5", "any", "jtnumber", "NUMBER = 1\n", nil, "")
	serve := func(wheels ...wheelFile) engine.Request {
		moved := with(r, "LOCKED=1")
		moved.Args["MIRRORS"] = strings.Replace(r.Args["MIRRORS"], index, packageIndex(t, wheels...), 1)
		return moved
	}
	o, err := suite.Daemon.Build(ctx, serve(greet, number, newWheel(t, "jt_number", "1.9", "any", "jtnumber", "NUMBER = 1.9\n", nil, "")))
	if err != nil {
		t.Fatalf("%v\n%s", err, o.Logs)
	}
	files, err := o.Files()
	must(t, err)
	if got := files["/opt/python/main/lib/python3.11/site-packages/jtnumber.py"]; got != "NUMBER = 1\n" {
		t.Errorf("with the lock the world has %q", got)
	}
	why := refusedLock(t, serve(greet, newWheel(t, "jt_number", "1.5", "any", "jtnumber", "NUMBER = 'another'\n", nil, "")))
	if !strings.Contains(why, "DO NOT MATCH THE HASHES") && !strings.Contains(why, "do not match the hashes") {
		t.Errorf("another wheel under the same name: %s", why)
	}
}
