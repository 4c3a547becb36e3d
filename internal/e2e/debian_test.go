package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/buildkit/client"

	"github.com/org/jetson-frontend/internal/engine"
	"github.com/org/jetson-frontend/internal/harness"
)

// debianBase makes the base images once a run.
var debianBase = sync.OnceValues(func() (string, error) {
	return harness.DebianBase(context.Background(), "bookworm", "amd64", "arm64")
})

// debian is a request for a stack on Debian 12, whose archive is reached as
// this machine reaches it.
func debian(t *testing.T, dir, platform string) engine.Request {
	t.Helper()
	base, err := debianBase()
	must(t, err)
	site, err := harness.Site(t.Context())
	must(t, err)
	return engine.Request{
		Dir: dir, File: "stack.toml", Context: dir, Platforms: []string{platform},
		Args:     map[string]string{"MIRRORS": harness.Mirrors(site)},
		Contexts: map[string]string{"debian:bookworm-slim": "oci-layout://" + base},
	}
}

// example is a copy of an example, with its stack file changed.
func example(t *testing.T, name string, change func(string) string) string {
	t.Helper()
	root, err := harness.Root()
	must(t, err)
	dir := t.TempDir()
	must(t, os.CopyFS(dir, os.DirFS(filepath.Join(root, "examples", name))))
	text, err := os.ReadFile(filepath.Join(dir, "stack.toml"))
	must(t, err)
	stack := strings.Replace(string(text), "ghcr.io/org/jetson-frontend:1", suite.Frontend, 1)
	if change != nil {
		stack = change(stack)
	}
	write(t, filepath.Join(dir, "stack.toml"), stack)
	return dir
}

// image builds an OCI image and returns its digest.
func image(t *testing.T, ctx context.Context, d *harness.Daemon, r engine.Request) (string, harness.Outcome) {
	t.Helper()
	var b bytes.Buffer
	r.Exports = []client.ExportEntry{harness.OCIExport(&b, nil)}
	o, err := d.Build(ctx, r)
	if err != nil {
		t.Fatalf("%v\n%s", err, o.Logs)
	}
	return o.Response["containerimage.digest"], o
}

// ccache reads what the steps said of their compile cache: hits of how many.
func ccache(logs string) (hits, all int) {
	for _, m := range regexp.MustCompile(`ccache (\d+) of (\d+) hits`).FindAllStringSubmatch(logs, -1) {
		h, _ := strconv.Atoi(m[1])
		a, _ := strconv.Atoi(m[2])
		hits, all = hits+h, all+a
	}
	return hits, all
}

// TestDebian builds a program on a library for linux/arm64 on this machine:
// real apt, real compiles, tests under the target's architecture.
func TestDebian(t *testing.T) {
	ctx := deadline(t, 15*minute)
	dir := example(t, "own-program", nil)
	r := debian(t, dir, "linux/arm64")
	want, _ := image(t, ctx, suite.Daemon, r)

	t.Run("files", func(t *testing.T) {
		o, err := suite.Daemon.Build(ctx, r)
		must(t, err)
		files, err := o.Files()
		must(t, err)
		if !strings.HasPrefix(files["/usr/local/bin/hull"], "\x7fELF\x02\x01\x01") || files["/usr/local/bin/hull"][18] != 0xb7 {
			t.Error("hull is not an AArch64 program")
		}
		if !strings.Contains(files["/var/lib/dpkg/status"], "Package: jq\nStatus: install ok installed") {
			t.Error("dpkg does not know jq")
		}
		if !strings.Contains(files["/var/lib/apt/extended_states"], "Package: libjq1") || strings.Contains(files["/var/lib/apt/extended_states"], "Package: jq\n") {
			t.Errorf("apt does not know that libjq1 came with jq:\n%s", files["/var/lib/apt/extended_states"])
		}
		for p := range files {
			if strings.HasPrefix(p, "/var/log/apt") || strings.HasPrefix(p, "/tmp/") || strings.HasPrefix(p, "/run/jetson") || strings.HasSuffix(p, ".deb") || p == "/usr/sbin/policy-rc.d" {
				t.Errorf("%s is left behind", p)
			}
		}
		for _, f := range []string{"/usr/local/lib/cmake/Qhull/QhullTargets.cmake", "/usr/local/lib/pkgconfig/qhull_r.pc"} {
			if text, ok := files[f]; !ok || strings.Contains(text, "/sysroot") {
				t.Errorf("%s is missing or names the sysroot", f)
			}
		}
		copied, err := suite.Daemon.Build(ctx, with(r, "DISABLE=merge"))
		must(t, err)
		same, err := copied.Files()
		must(t, err)
		if diff := cmp.Diff(sums(files), sums(same)); diff != "" {
			t.Errorf("merged and copied differ:\n%s", diff)
		}
	})

	t.Run("through the frontend image", func(t *testing.T) {
		var b bytes.Buffer
		r := r
		r.Exports = []client.ExportEntry{harness.OCIExport(&b, nil)}
		o, err := suite.Daemon.BuildThroughImage(ctx, r)
		must(t, err)
		if got := o.Response["containerimage.digest"]; got != want {
			t.Errorf("the digest is %s, want %s", got, want)
		}
		if again := o.Executed("cmake"); len(again) > 0 {
			t.Errorf("ran twice: %v", again)
		}
	})

	t.Run("a list of what the image holds", func(t *testing.T) { attested(t, ctx, r, want) })

	t.Run("a lock", func(t *testing.T) {
		r := r
		r.Dir = example(t, "own-program", nil)
		lockedPackages(t, r, want)
	})

	t.Run("another mirror", func(t *testing.T) { otherMirror(t, ctx, r, want) })

	t.Run("an option of the library", func(t *testing.T) {
		dir := example(t, "own-program", func(s string) string {
			return s + "\n[options.qhull.cmake]\nLINK_APPS_SHARED = false\n"
		})
		r := debian(t, dir, "linux/arm64")
		_, o := image(t, ctx, suite.Daemon, r)
		ran := slices.DeleteFunc(o.Executed(""), func(n string) bool {
			return strings.HasPrefix(n, "exporting") || n == "[image] describe" || strings.Contains(n, "result")
		})
		want := []string{
			"[hull 1] cmake build (cross)", "[hull 1] sysroot", "[image] check coherence", "[image] finalize", "[image] merge",
			"[qhull 2020.2] cmake build (cross)", "[test] all", "[test] hull/vertices", "[test] qhull/cube",
		}
		if diff := cmp.Diff(want, ran); diff != "" {
			t.Errorf("what ran (-want +got):\n%s", diff)
		}
	})

	t.Run("a package more", func(t *testing.T) {
		dir := example(t, "own-program", func(s string) string { return strings.Replace(s, `["jq"]`, `["jq", "tree"]`, 1) })
		_, o := image(t, ctx, suite.Daemon, debian(t, dir, "linux/arm64"))
		if again := o.Executed("cmake"); len(again) > 0 {
			t.Errorf("a package made compiles run: %v", again)
		}
		if len(o.Executed("[packages]")) == 0 {
			t.Error("no package was installed")
		}
	})

	t.Run("a killed builder", func(t *testing.T) { killedBuilder(t, ctx, r, want) })
}

// otherMirror: where bytes come from is part of no cache key. The same archive
// under another address makes nothing run but what downloads, and the image is
// the same.
func otherMirror(t *testing.T, ctx context.Context, r engine.Request, want string) {
	site, err := harness.Site(ctx)
	must(t, err)
	u, err := url.Parse(site)
	must(t, err)
	host := url.URL{Scheme: u.Scheme, Host: u.Host}
	s := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(&host) }})
	defer s.Close()
	got, o := image(t, ctx, suite.Daemon, with(r, "MIRRORS="+harness.Mirrors(s.URL+u.Path)))
	if got != want {
		t.Errorf("from another mirror the image is %s, not %s", got, want)
	}
	if len(o.Executed("fetch")) == 0 {
		t.Error("nothing was fetched from the other mirror: this test looks at the wrong thing")
	}
	for _, text := range []string{"cmake", "install", "unpack", "configure", "finalize", "[test]"} {
		if again := o.Executed(text); len(again) > 0 {
			t.Errorf("another mirror made these run: %v", again)
		}
	}
}

// sums makes a comparison of files short.
func sums(files map[string]string) map[string]string {
	out := map[string]string{}
	for p, text := range files {
		s := sha256.Sum256([]byte(text))
		out[p] = hex.EncodeToString(s[:8])
	}
	return out
}

// prune throws away all of a daemon's results and keeps the cache mounts.
func prune(ctx context.Context, d *harness.Daemon) error {
	c, err := d.Client(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	return c.Prune(ctx, nil, client.PruneAll, client.WithFilter([]string{"type!=exec.cachemount"}))
}

// killedBuilder kills a daemon half-way through the library's compile, with no
// chance to say goodbye, and builds again; then the library's tree once more
// after all but the caches was thrown away, which takes no emulator. The digests
// are those of the suite's daemon.
func killedBuilder(t *testing.T, ctx context.Context, r engine.Request, want string) {
	bin, err := harness.Tool("buildkitd")
	must(t, err)
	dir, err := os.MkdirTemp("", "jt-")
	must(t, err)
	defer os.RemoveAll(dir)
	o := harness.DaemonOptions{Binary: bin, Root: dir + "/root", Run: dir}
	d, err := harness.StartDaemon(ctx, o)
	must(t, err)
	finished := killHalfway(t, ctx, d, r)
	d.Kill()

	d, err = harness.StartDaemon(ctx, o)
	must(t, err)
	defer d.Stop()
	got, out := image(t, ctx, d, r)
	if got != want {
		t.Errorf("after the kill the digest is %s, undisturbed it was %s", got, want)
	}
	hits, all := ccache(out.Logs)
	t.Logf("%d objects were finished when the builder was killed; of %d, %d came from ccache", finished, all, hits)
	if hits*100 < finished*95 {
		t.Errorf("%d objects were finished, %d came from ccache", finished, hits)
	}

	r.Target = "qhull"
	tree, _ := image(t, ctx, suite.Daemon, r)
	must(t, prune(ctx, d))
	again, out := image(t, ctx, d, r)
	if again != tree {
		t.Errorf("after everything but the caches was thrown away the tree is %s, not %s", again, tree)
	}
	hits, all = ccache(out.Logs)
	if all < 50 || hits*100 < all*99 {
		t.Errorf("ccache had %d of %d", hits, all)
	}
	for _, n := range out.Executed("") {
		for _, emulated := range []string{"configure", "finalize", "[test]", "(emulated)"} {
			if strings.Contains(n, emulated) {
				t.Errorf("%s ran: a tree of a cross build takes no emulator", n)
			}
		}
	}
}

// killHalfway starts a build and kills the daemon when the library's compile is
// half done. It returns how many of its edges were finished.
func killHalfway(t *testing.T, ctx context.Context, d *harness.Daemon, r engine.Request) int {
	t.Helper()
	c, err := d.Client(ctx)
	must(t, err)
	defer c.Close()
	ch := make(chan *client.SolveStatus)
	finished := 0
	done := make(chan struct{})
	go func() {
		defer close(done)
		progress := regexp.MustCompile(`\[(\d+)/(\d+)\]`)
		for st := range ch {
			for _, l := range st.Logs {
				if m := progress.FindStringSubmatch(string(l.Data)); m != nil && finished == 0 {
					at, _ := strconv.Atoi(m[1])
					of, _ := strconv.Atoi(m[2])
					if of > 50 && at*2 >= of {
						finished = at
						d.Kill()
					}
				}
			}
		}
	}()
	var b bytes.Buffer
	r.Exports = []client.ExportEntry{harness.OCIExport(&b, nil)}
	bctx, cancel := context.WithTimeout(ctx, patience*5*time.Minute)
	defer cancel()
	_, err = engine.Build(bctx, c, r, ch)
	<-done
	if err == nil || finished == 0 {
		t.Fatalf("the build was not interrupted (%d edges): %v", finished, err)
	}
	return finished
}

// TestDebianFailures plants what must fail a build that has a toolchain.
func TestDebianFailures(t *testing.T) {
	const program = `
[[component]]
name = "bad"
[[component.version]]
version = "1"
date    = "2024-01-01"
sources = [{ to = "/src/bad", context = "src" }]
[[component.step]]
kind = "cmake"
`
	const project = "cmake_minimum_required(VERSION 3.16)\nproject(bad C)\n"
	for _, tc := range []struct {
		name  string
		stack string
		files map[string]string
		mark  string
		texts []string
	}{
		{"a compile fails", program, map[string]string{
			"src/CMakeLists.txt": project + "add_executable(bad main.c)\ninstall(TARGETS bad)\n", "src/main.c": "int main(void) { return missing(); }\n#error on purpose\n",
		}, "stack.toml:4", []string{"FAILED: CMakeFiles/bad.dir/main.c.o", "#error on purpose", "exit status 1: ninja"}},
		{"an option is ignored", program + "options = { NO_SUCH_OPTION = \"1\" }\n", map[string]string{
			"src/CMakeLists.txt": project + "install(FILES CMakeLists.txt DESTINATION share/bad)\n",
		}, "stack.toml:4", []string{"the project ignores the option NO_SUCH_OPTION"}},
		{"an option that no package of a workspace reads", strings.Replace(program, `"cmake"`, `"colcon"`, 1) + "options = { NO_SUCH_OPTION = \"1\" }\n", map[string]string{
			"src/package.xml": "<package format=\"3\"><name>bad</name><version>1.0.0</version><description>bad</description><maintainer email=\"a@example.invalid\">a</maintainer>" +
				"<license>MIT</license><export><build_type>cmake</build_type></export></package>\n",
			"src/CMakeLists.txt": project + "install(FILES package.xml DESTINATION share/bad)\n",
		}, "stack.toml:4", []string{"no package of the workspace reads the option NO_SUCH_OPTION"}},
		{"a second library of a family", strings.Replace(program, `name = "bad"`, "name = \"bad\"\none_soname = [\"libfam\"]", 1), map[string]string{
			"src/CMakeLists.txt": project + "add_library(fam-1 SHARED one.c)\nadd_library(fam-2 SHARED two.c)\nadd_library(user SHARED user.c)\ntarget_link_libraries(user fam-2)\n" +
				"add_executable(bad main.c)\ntarget_link_libraries(bad fam-1 user)\ninstall(TARGETS fam-1 fam-2 user bad)\n",
			"src/one.c": "int one(void) { return 0; }\n", "src/two.c": "int two(void) { return 0; }\n", "src/user.c": "int two(void);\nint user(void) { return two(); }\n",
			"src/main.c": "int one(void);\nint user(void);\nint main(void) { return one() + user(); }\n",
		}, "stack.toml:4", []string{"one process would load two of libfam", "/usr/local/bin/bad → /usr/local/lib/libfam-1.so", "libuser.so → /usr/local/lib/libfam-2.so"}},
		{"a file of a package", "[[component]]\nname = \"bad\"\n[[component.step]]\nkind = \"files\"\nput = [{ to = \"/usr/bin/env\", content = \"mine\" }]\n", nil, "stack.toml:4",
			[]string{"/usr/bin/env is installed by bad and by the Debian package coreutils"}},
		{"a package that is not there", "[apt]\npackages = [\"no-such-package\"]\n[[test]]\nname = \"t\"\nrun = [\"true\"]\n", nil, "stack.toml:4",
			[]string{"Unable to locate package no-such-package", "apt-fetch.sh no-such-package\" did not complete successfully"}},
		{"a forbidden package", "[apt]\npackages = [\"jq\"]\nforbid = [\"libonig5\"]\n", nil, "stack.toml:4", []string{"apt cannot install these packages together: jq", "libonig5"}},
	} {
		t.Run(strings.ReplaceAll(tc.name, " ", "-"), func(t *testing.T) {
			files := map[string]string{"stack.toml": "# syntax=" + suite.Frontend + "\nplatform = \"debian-12\"\n" + strings.TrimPrefix(tc.stack, "\n")}
			for k, v := range tc.files {
				files[k] = v
			}
			r := debian(t, folder(t, files), "linux/amd64")
			o, err := suite.Daemon.BuildThroughImage(deadline(t, 5*minute), r)
			wantFailure(t, o, err, tc.mark, tc.texts...)
		})
	}
}
