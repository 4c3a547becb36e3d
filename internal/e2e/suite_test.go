// Package e2e builds on real daemons. The fast suite needs a base that `go
// build` makes; the Debian suite takes packages and sources from the archive
// that the machine's apt uses.
package e2e

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/org/jetson-frontend/internal/engine"
	"github.com/org/jetson-frontend/internal/harness"
)

// suite is shared by all tests of a run: its daemon is the newest BuildKit.
var suite *harness.Suite

func TestMain(m *testing.M) {
	toolMain()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if os.Getenv("JETSON_TEST_E2E") == "" && os.Getenv("CI") == "" {
		fmt.Println("e2e: not asked for; run make test, or set JETSON_TEST_E2E=1")
		return 0
	}
	if missing := harness.Missing(); missing != "" {
		fmt.Println("e2e: this machine lacks", missing)
		return 1
	}
	if !harness.Emulates("aarch64") {
		fmt.Println("e2e: the kernel does not run arm64 programs; run: make setup")
		return 1
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	s, err := harness.StartSuite(ctx, "buildkitd")
	if err != nil {
		fmt.Println("e2e:", err)
		return 1
	}
	suite = s
	defer s.Close()
	code := m.Run()
	if code != 0 {
		fmt.Println("e2e: the end of the daemon's log:")
		fmt.Println(s.Daemon.LogTail(30))
	}
	return code
}

// patience is how much slower a machine may be than one that does nothing else:
// a deadline is there to end what hangs, not to measure.
const patience = 4

// deadline bounds one test's builds, on a machine that does nothing else.
func deadline(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience*d)
	t.Cleanup(cancel)
	return ctx
}

// unpack writes a txtar file, and further files over it, to a folder.
func unpack(t testing.TB, file string, more map[string]string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	must(t, err)
	files := map[string]string{}
	for _, f := range txtar.Parse(data).Files {
		files[f.Name] = string(f.Data)
	}
	maps.Copy(files, more)
	return folder(t, files)
}

func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		p := filepath.Join(dir, name)
		must(t, os.MkdirAll(filepath.Dir(p), 0o755))
		must(t, os.WriteFile(p, []byte(text), 0o644))
	}
	return dir
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// fast is a request for a stack on the fast base. The catalog may have files
// over those of fast.txtar.
func fast(t testing.TB, stack string, over map[string]string) engine.Request {
	t.Helper()
	dir := folder(t, map[string]string{"stack.toml": "# syntax=" + suite.Frontend + "\n" + stack + "\n"})
	return engine.Request{
		Dir: dir, File: "stack.toml", Context: dir, Platforms: []string{"linux/amd64"}, Args: map[string]string{"PLATFORM": "fast-1"},
		Contexts: map[string]string{
			"catalog":             unpack(t, "testdata/fast.txtar", over),
			"fast.invalid/base:1": "docker-image://" + suite.Base,
		},
	}
}

// with returns r with build arguments added.
func with(r engine.Request, args ...string) engine.Request {
	r.Args = maps.Clone(r.Args)
	for _, a := range args {
		k, v, _ := strings.Cut(a, "=")
		r.Args[k] = v
	}
	return r
}

// wantFailure expects a build to fail with a text, and with a mark on a line
// of the stack file. An empty mark is not looked at.
func wantFailure(t *testing.T, o harness.Outcome, err error, mark string, texts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("the build succeeded")
	}
	all := err.Error() + "\n" + o.Logs
	for _, text := range texts {
		if !strings.Contains(all, text) {
			t.Errorf("%q is not said; but:\n%s", text, all)
		}
	}
	if marks := harness.Marks(err); mark != "" && (len(marks) == 0 || marks[0] != mark) {
		t.Errorf("the mark is on %v, want %s", marks, mark)
	}
}
