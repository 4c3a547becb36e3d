package daemon

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func env(m map[string]string) func(string) string { return func(k string) string { return m[k] } }

func TestFind(t *testing.T) {
	user := env(map[string]string{"HOME": "/home/u", "XDG_RUNTIME_DIR": "/run/user/7"})
	for _, tc := range []struct {
		root      string
		getenv    func(string) string
		uid       int
		want, run string
	}{
		{"", user, 0, "/var/lib/jetson/builder", "/run/jetson"}, // root's own, even with a user's environment
		{"", user, 7, "/home/u/.local/share/jetson/builder", "/run/user/7/jetson"},
		{"", env(map[string]string{"HOME": "/home/u", "XDG_DATA_HOME": "/data"}), 7, "/data/jetson/builder", filepath.Join(os.TempDir(), "jetson-7")},
		{"/var/lib/jetson/builder", user, 0, "/var/lib/jetson/builder", "/run/jetson"},
	} {
		p, err := Find(tc.root, tc.getenv, tc.uid)
		if err != nil || p.Root != tc.want || p.Run != tc.run {
			t.Errorf("%+v %v, want %s and %s", p, err, tc.want, tc.run)
		}
	}
	a, _ := Find("/a", user, 0)
	b, _ := Find("/b/"+strings.Repeat("long", 60), user, 0)
	if a.Run == b.Run || len(b.Socket()) > 100 {
		t.Errorf("sockets %s and %s", a.Socket(), b.Socket())
	}
	if _, err := Find("", env(nil), 7); err == nil {
		t.Error("a user without a home has a place")
	}
}

// TestPrepare: a runtime folder that others may enter is closed, one that is
// not a folder is refused.
func TestPrepare(t *testing.T) {
	p := Paths{Run: filepath.Join(t.TempDir(), "run")}
	if err := os.Mkdir(p.Run, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := p.prepare(os.Getuid()); err != nil {
		t.Fatal(err)
	}
	if st, _ := os.Stat(p.Run); st.Mode().Perm() != 0o700 {
		t.Errorf("its mode is %v", st.Mode())
	}
	var pr Problem
	if err := p.prepare(os.Getuid() + 1); !errors.As(err, &pr) {
		t.Errorf("somebody else's folder: %v", err)
	}
	link := Paths{Run: filepath.Join(t.TempDir(), "link")}
	if err := os.Symlink(p.Run, link.Run); err != nil {
		t.Fatal(err)
	}
	if err := link.prepare(os.Getuid()); !errors.As(err, &pr) {
		t.Errorf("a link: %v", err)
	}
}

func TestRunc(t *testing.T) {
	dir := t.TempDir()
	for name, tc := range map[string]struct{ script, says string }{
		"good": {"echo 'runc version 1.1.5'; echo 'libseccomp: 2.5.4'", ""},
		"bare": {"echo 'runc version 1.1.5'; echo 'spec: 1.0.2'", "without seccomp"},
		"crun": {"echo 'crun version 1.8'", ""},
		"bad":  {"exit 3", "does not run"},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+tc.script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		err := checkRunc(t.Context(), path)
		if tc.says == "" && err != nil || tc.says != "" && (err == nil || !strings.Contains(err.Error(), tc.says)) {
			t.Errorf("%s: %v, want %q", name, err, tc.says)
		}
	}
}

func TestRootlessNeeds(t *testing.T) {
	dir := t.TempDir()
	program := func(name string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	says := func(want string) {
		t.Helper()
		if _, err := checkRootless([]string{dir}, 4242); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	says("needs rootlesskit")
	program("rootlesskit")
	says("needs newuidmap")
	program("newuidmap")
	program("newgidmap")
	says("gives 4242 no range of IDs") // nobody has this number
	file := filepath.Join(dir, "subuid")
	if err := os.WriteFile(file, []byte("# ranges\nother:1:2\n4242:100000:65536\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if ok, _ := hasRange(file, 4242); !ok {
		t.Error("a range by number is not found")
	}
	if ok, _ := hasRange(file, 424); ok {
		t.Error("the start of a number is taken for it")
	}
}

func TestSystemPath(t *testing.T) {
	got := systemPath(env(map[string]string{"PATH": "/home/u/bin:/usr/bin"}))
	if got != "/home/u/bin:/usr/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin:/bin" {
		t.Error(got)
	}
}

func TestStampVersions(t *testing.T) {
	p := Paths{Root: "/r"}
	for _, tc := range []struct {
		had, now, notice string
		bad              bool
	}{
		{"v0.34.2", "v0.34.2", "", false}, {"v0.34.9", "v0.34.2", "", false}, {"v0.33.0", "v0.34.2", "taken over", false},
		{"v0.35.0", "v0.34.2", "", true}, {"v1.0.0", "v0.34.2", "", true}, {"unknown", "v0.34.2", "taken over", false},
	} {
		notice, err := p.CheckStamp(Stamp{Layout: Layout, BuildKit: tc.had}, tc.now, 0)
		if (err != nil) != tc.bad || !strings.Contains(notice, tc.notice) || tc.notice == "" && notice != "" {
			t.Errorf("%s by %s: %q %v", tc.had, tc.now, notice, err)
		}
	}
	if BuildKitVersion() == "unknown" {
		t.Log("a test binary has no build information; the binary's is seen in the suite")
	}
}

// TestRuntimeParent: a folder that somebody else may replace what is in is no
// place for a runtime folder, whoever that one belongs to.
func TestRuntimeParent(t *testing.T) {
	parent := filepath.Join(t.TempDir(), "jetson-1")
	p := Paths{Root: t.TempDir(), Run: filepath.Join(parent, "run")}
	if err := p.ours(os.Getuid()); err != nil {
		t.Errorf("one that is not there: %v", err)
	}
	if err := os.MkdirAll(p.Run, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		mode os.FileMode
		bad  bool
	}{{0o755, false}, {0o777, true}, {0o777 | os.ModeSticky, false}, {0o700, false}} {
		if err := os.Chmod(parent, tc.mode); err != nil {
			t.Fatal(err)
		}
		var pr Problem
		if err := p.ours(os.Getuid()); errors.As(err, &pr) != tc.bad {
			t.Errorf("below a folder of mode %v: %v", tc.mode, err)
		}
	}
	if err := os.Chmod(parent, 0o777); err != nil {
		t.Fatal(err)
	}
	var pr Problem
	if _, err := p.Ask(t.Context()); !errors.As(err, &pr) {
		t.Errorf("Ask: %v", err)
	}
	if err := p.Stop(t.Context(), true); !errors.As(err, &pr) {
		t.Errorf("Stop: %v", err)
	}
	if _, _, err := p.Prune(t.Context(), Prune{}); !errors.As(err, &pr) {
		t.Errorf("Prune: %v", err)
	}
}

// A process that nobody has waited for runs no more.
func TestEnded(t *testing.T) {
	if ended(os.Getpid()) {
		t.Error("this process has ended")
	}
	cmd := exec.Command("true")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }()
	p := Paths{Root: t.TempDir(), Run: t.TempDir()}
	if !p.gone(t.Context(), cmd.Process.Pid, 5*time.Second) {
		t.Error("a zombie counts as alive")
	}
}

// A root in which only a stamp was begun is empty.
func TestStampBegun(t *testing.T) {
	p := Paths{Root: t.TempDir()}
	if err := os.WriteFile(p.newStamp(), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := p.ReadStamp(); ok || err != nil {
		t.Errorf("%t %v", ok, err)
	}
}
