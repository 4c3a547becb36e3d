package e2e

import (
	"bytes"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/buildkit/client"

	"github.com/org/jetson-frontend/internal/engine"
	"github.com/org/jetson-frontend/internal/harness"
)

const minute = time.Minute

// TestFastBuild builds files and an emulated script, natively and for another
// architecture, and looks at what came out.
func TestFastBuild(t *testing.T) {
	for _, platform := range []string{"linux/arm64", "linux/amd64"} {
		t.Run(platform, func(t *testing.T) {
			r := fast(t, `stack = "made"`, nil)
			r.Platforms = []string{platform}
			o, err := suite.Daemon.Build(deadline(t, minute), r)
			must(t, err)
			files, err := o.Files()
			must(t, err)
			arch := strings.TrimPrefix(platform, "linux/")
			machine := map[string]string{"arm64": "aarch64\n", "amd64": "x86_64\n"}[arch]
			for path, want := range map[string]string{
				"/usr/local/share/texts/hello":  "hello 1.2 on " + arch,
				"/usr/local/share/texts/link":   "→ hello",
				"/usr/local/share/texts/empty":  "/",
				"/usr/local/share/made/machine": machine,
				"/usr/local/share/made/copy":    "hello 1.2 on " + arch,
				"/lib":                          "→ usr/lib", // not replaced by the script's own /lib
				"/usr/lib/through-the-link":     "through\n",
			} {
				if files[path] != want {
					t.Errorf("%s is %q, want %q", path, files[path], want)
				}
			}
			for line := range strings.Lines(files["/usr/local/share/made/net"]) {
				if dev, _, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(dev) != "lo" {
					t.Errorf("the script had the network device %s", dev)
				}
			}
			if _, ok := files["/tmp"]; !ok || files["/usr/share/jetson/plan.json"] == "" {
				t.Error("the base's /tmp or the plan is missing")
			}
			for path := range files {
				if strings.HasPrefix(path, "/run/jetson") || strings.HasPrefix(path, "/tmp/") {
					t.Errorf("%s is left behind", path)
				}
			}
		})
	}
}

// TestSameDigest: the frontend image, pulled by the syntax line, and the build
// function in this process give one manifest; a second build runs nothing.
func TestSameDigest(t *testing.T) {
	r := fast(t, `stack = "made+setup"`, nil)
	digest := func(build func(engine.Request) (harness.Outcome, error)) (string, harness.Outcome) {
		var b bytes.Buffer
		r.Exports = []client.ExportEntry{harness.OCIExport(&b, nil)}
		o, err := build(r)
		must(t, err)
		return o.Response["containerimage.digest"], o
	}
	ctx := deadline(t, minute)
	direct, _ := digest(func(r engine.Request) (harness.Outcome, error) { return suite.Daemon.Build(ctx, r) })
	forwarded, o := digest(func(r engine.Request) (harness.Outcome, error) { return suite.Daemon.BuildThroughImage(ctx, r) })
	if direct == "" || direct != forwarded {
		t.Errorf("in this process %s, through the frontend image %s", direct, forwarded)
	}
	if again := append(o.Executed("[made"), append(o.Executed("finalize"), o.Executed("[test]")...)...); len(again) > 0 {
		t.Errorf("ran twice: %v", again)
	}
}

// TestWithoutMerge: a daemon that cannot merge gives an image with the same
// files.
func TestWithoutMerge(t *testing.T) {
	r := fast(t, `stack = "made+setup+heavy-a"`, nil)
	ctx := deadline(t, 2*minute)
	a, err := suite.Daemon.Build(ctx, r)
	must(t, err)
	b, err := suite.Daemon.Build(ctx, with(r, "DISABLE=merge"))
	must(t, err)
	merged, err := a.Files()
	must(t, err)
	copied, err := b.Files()
	must(t, err)
	if diff := cmp.Diff(merged, copied); diff != "" {
		t.Errorf("merged and copied differ:\n%s", diff)
	}
}

// TestFailures plants what must fail a build, and wants the line of the stack
// file that asked for it.
func TestFailures(t *testing.T) {
	script := func(run string) map[string]string {
		return map[string]string{"components/x/bad.toml": "name = \"bad\"\n[[step]]\nkind = \"script\"\nrun = '''\n" + run + "\n'''\noutputs = [\"/usr/local/bad\"]\n"}
	}
	for _, tc := range []struct {
		name  string
		stack string
		over  map[string]string
		mark  string
		texts []string
	}{
		{"a script fails", "stack = \"bad\"", script("echo about to fail\nls /nowhere"), "stack.toml:2",
			[]string{"about to fail", "the script failed with exit status", "/run/jetson/op/script.sh"}},
		{"a promised output is missing", "stack = \"bad\"", script("true"), "stack.toml:2", []string{"the script did not make /usr/local/bad"}},
		{"a forbidden place", "stack = \"bad\"", script("mkdir -p $DESTDIR/usr/local $DESTDIR/root; echo >$DESTDIR/usr/local/bad; echo >$DESTDIR/root/x"), "stack.toml:2",
			[]string{"this step installs to /root"}},
		{"one path twice", "stack = [\n  \"texts\",\n  \"twice\",\n]", map[string]string{
			"components/x/twice.toml": "name = \"twice\"\n[[step]]\nkind = \"files\"\nput = [{ to = \"/usr/local/share/texts/hello\", content = \"mine\" }]\n",
		}, "stack.toml:3", []string{"/usr/local/share/texts/hello is installed by more than one component: texts twice"}},
		{"a test's status", "stack = \"texts\"\n[[test]]\nname = \"wrong\"\nrun = [\"false\"]", nil, "stack.toml:3", []string{"test wrong: exit status 1, expected 0"}},
		{"a test's output", "stack = \"texts\"\n[[test]]\nname = \"says\"\nrun = [\"cat\", \"/usr/local/share/texts/hello\"]\nstdout.contains = [\"goodbye\"]", nil, "stack.toml:3",
			[]string{"test says: stdout does not contain: goodbye", "hello 1.2"}},
		{"a test's exclusion", "stack = \"texts\"\n[[test]]\nname = \"not\"\nrun = [\"cat\", \"/usr/local/share/texts/hello\"]\nstdout.excludes = [\"hello\"]", nil, "stack.toml:3",
			[]string{"test not: stdout contains: hello"}},
		{"a test's pattern", "stack = \"texts\"\n[[test]]\nname = \"re\"\nrun = [\"cat\", \"/usr/local/share/texts/hello\"]\nstdout.matches = [\"^x\"]", nil, "stack.toml:3",
			[]string{"test re: stdout does not match: ^x"}},
		{"a test's file", "stack = \"texts\"\n[[test]]\nname = \"file\"\nrun = [\"true\"]\nfiles = [{ path = \"/usr/local/none\" }]", nil, "stack.toml:3",
			[]string{"test file: /usr/local/none does not exist"}},
		{"a component's test", "stack = [\n  \"texts\",\n  \"bad\",\n]", map[string]string{
			"components/x/bad.toml": "name = \"bad\"\n[[test]]\nname = \"t\"\nrun = [\"false\"]\n",
		}, "stack.toml:4", []string{"test bad/t: exit status 1"}},
		{"a base that is not there", "stack = \"texts\"\nbase = \"127.0.0.1:1/none:1\"", nil, "stack.toml:3",
			[]string{"the image 127.0.0.1:1/none:1 cannot be reached", "--build-context 127.0.0.1:1/none:1=docker-image://registry.example/none:1"}},
		{"a base without a tag", "stack = \"texts\"\nbase = \"127.0.0.1:1/none\"", nil, "stack.toml:3", []string{"the image 127.0.0.1:1/none cannot be reached", "connection refused"}},
		{"an unknown target", "stack = \"texts\"", nil, "stack.toml:1", []string{`there is no target "text" (did you mean "test", "texts"`}},
	} {
		t.Run(strings.ReplaceAll(tc.name, " ", "-"), func(t *testing.T) {
			r := fast(t, tc.stack, tc.over)
			if tc.name == "an unknown target" {
				r.Target = "text"
			}
			o, err := suite.Daemon.BuildThroughImage(deadline(t, minute), r)
			wantFailure(t, o, err, tc.mark, tc.texts...)
		})
	}
}

// TestTargets builds parts of a stack.
func TestTargets(t *testing.T) {
	ctx := deadline(t, 2*minute)
	r := fast(t, `stack = "made+setup"`, nil)
	for _, tc := range []struct {
		target    string
		has, lack []string
	}{
		{"texts", []string{"/usr/local/share/texts/hello"}, []string{"/usr/bin/sh", "/usr/local/share/made/copy"}},
		{"made-env", []string{"/usr/bin/sh", "/usr/local/share/texts/hello"}, []string{"/usr/local/share/made/copy"}},
		{"runtime", []string{"/usr/bin/sh", "/usr/local/share/made/copy", "/opt/setup/setup.sh"}, nil},
		{"test", []string{"/texts_reads", "/made_machine", "/coherent"}, []string{"/usr/bin/sh"}},
	} {
		t.Run(tc.target, func(t *testing.T) {
			r := r
			r.Target = tc.target
			o, err := suite.Daemon.Build(ctx, r)
			must(t, err)
			files, err := o.Files()
			must(t, err)
			for _, p := range tc.has {
				if _, ok := files[p]; !ok {
					t.Errorf("%s is missing", p)
				}
			}
			for _, p := range tc.lack {
				if _, ok := files[p]; ok {
					t.Errorf("%s is there", p)
				}
			}
		})
	}
}

// TestImageConfig: environment, entry point, command and labels; a stack's own
// [image] has the last word; what changes only the config runs nothing.
func TestImageConfig(t *testing.T) {
	ctx := deadline(t, 2*minute)
	r := fast(t, "stack = \"made+setup\"", nil)
	r.Labels = map[string]string{"mine": "yes"}
	_, config := imageOf(t, ctx, r)
	env := map[string]string{}
	for _, e := range config.Config.Env {
		k, v, _ := strings.Cut(e, "=")
		env[k] = v
	}
	if env["TEXTS"] != "1.2" || !strings.HasPrefix(env["PATH"], "/usr/local/texts/bin:") || env["BASE"] != "fast" {
		t.Errorf("the environment is %v", config.Config.Env)
	}
	if diff := cmp.Diff([]string{"/usr/share/jetson/entrypoint"}, config.Config.Entrypoint); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"env"}, config.Config.Cmd); diff != "" {
		t.Error(diff)
	}
	l := config.Config.Labels
	if l["mine"] != "yes" || l["io.jetson-frontend.components"] != "made@0.1 setup texts@1.2" || !strings.HasPrefix(l["io.jetson-frontend.plan"], "sha256:") || l["io.jetson-frontend.distro"] != "fast-1" {
		t.Errorf("the labels are %v", l)
	}
	if config.Architecture != "amd64" || config.Created.Unix() != time.Date(2024, 2, 4, 0, 0, 0, 0, time.UTC).Unix() {
		t.Errorf("architecture %s, created %v; the newest source is of 2024-02-04", config.Architecture, config.Created)
	}

	more := fast(t, "stack = \"made+setup\"\n[image]\ncmd = [\"sh\"]\nworkdir = \"/opt\"\nuser = \"1000\"\nexpose = [\"80\"]\n", nil)
	o, config := imageOf(t, ctx, more)
	if config.Config.Cmd[0] != "sh" || config.Config.WorkingDir != "/opt" || config.Config.User != "1000" {
		t.Errorf("the stack's [image] is not followed: %+v", config.Config)
	}
	if again := append(o.Executed("finalize"), o.Executed("[test]")...); len(again) > 0 {
		t.Errorf("a change of the config alone ran %v", again)
	}
}

// TestContexts puts other things in the place of the base, of a source and of
// the catalog, and copies from the build context.
func TestContexts(t *testing.T) {
	ctx := deadline(t, 2*minute)
	over := map[string]string{"components/x/src.toml": `name = "src"
[[version]]
version = "1"
date = "2024-01-01"
sources = [{ to = "/src/src", git = "https://nowhere.invalid/x.git", tag = "v1", commit = "1111111111111111111111111111111111111111" }]
[[step]]
kind = "files"
put = [{ to = "/usr/local/src", source = "/src/src" }]
`}
	r := fast(t, `stack = "src"
[[copy]]
from = "data"
to   = "/opt/data"
[[component]]
path = "own"
`, over)
	write(t, r.Context+"/data/a", "from the context")
	write(t, r.Context+"/own/own.toml", "name = \"own\"\n[[step]]\nkind = \"files\"\nput = [{ to = \"/usr/local/own\", file = \"files/x\" }]\n")
	write(t, r.Context+"/own/files/x", "from the component's folder")
	r.Contexts = maps.Clone(r.Contexts)
	r.Contexts["src"] = folder(t, map[string]string{"main.c": "in place of the repository"})
	base := unpackedBase(t)
	r.Contexts["base"] = base
	o, err := suite.Daemon.Build(ctx, r)
	must(t, err)
	files, err := o.Files()
	must(t, err)
	for path, want := range map[string]string{
		"/opt/data/a": "from the context", "/usr/local/own": "from the component's folder", "/usr/local/src/main.c": "in place of the repository",
		"/etc/base-is": "another base",
	} {
		if files[path] != want {
			t.Errorf("%s is %q, want %q", path, files[path], want)
		}
	}
}

// TestHeavyStepsTakeTurns: with one slot two heavy steps do not overlap.
func TestHeavyStepsTakeTurns(t *testing.T) {
	r := fast(t, `stack = "heavy-a+heavy-b"`, nil)
	r.NoCache = []string{"heavy-a", "heavy-b"}
	o, err := suite.Daemon.Build(deadline(t, minute), r)
	must(t, err)
	a, b := o.Times["[heavy-a] script"], o.Times["[heavy-b] script"]
	if a[1] == 0 || b[1] == 0 {
		t.Fatalf("the steps did not run: %v", o.Ran)
	}
	// A vertex starts before it has its cache: what counts is when the two end.
	if gap := max(a[1], b[1]) - min(a[1], b[1]); gap < int64(500*time.Millisecond) {
		t.Errorf("the two ended within %v of each other", time.Duration(gap))
	}
}

// TestNoCacheFilter builds one component anew and leaves the rest.
func TestNoCacheFilter(t *testing.T) {
	ctx := deadline(t, 2*minute)
	r := fast(t, `stack = "made+heavy-a"`, nil)
	_, err := suite.Daemon.Build(ctx, r)
	must(t, err)
	r.NoCache = []string{"made"}
	o, err := suite.Daemon.Build(ctx, r)
	must(t, err)
	if len(o.Executed("[made 0.1] script")) != 1 || len(o.Executed("[heavy-a]")) != 0 {
		t.Errorf("ran %v", o.Executed(""))
	}
}

// TestSubrequests asks what is not a build.
func TestSubrequests(t *testing.T) {
	ctx := deadline(t, 2*minute)
	ask := func(id, stack string, over map[string]string) (string, string) {
		r := fast(t, stack, over)
		r.Attrs = map[string]string{"requestid": id, "frontend.caps": "moby.buildkit.frontend.subrequests"}
		res, err := suite.Daemon.Ask(ctx, r)
		must(t, err)
		return string(res["result.txt"]), string(res["result.json"])
	}
	text, _ := ask("frontend.outline", `stack = "made"`, nil)
	for _, want := range []string{"JETPACK", "MADE_VERSION", "0.1", "MIRRORS", "jetson"} {
		if !strings.Contains(text, want) {
			t.Errorf("the outline lacks %s:\n%s", want, text)
		}
	}
	text, _ = ask("frontend.targets", `stack = "made"`, nil)
	for _, want := range []string{"dev (default)", "runtime", "texts", "made-env"} {
		if !strings.Contains(text, want) {
			t.Errorf("the targets lack %s:\n%s", want, text)
		}
	}
	text, _ = ask("frontend.lint", "stack = \"mad\"\nbananas = 1", nil)
	for _, want := range []string{"unknown-key", "bananas", "stack.toml:3"} {
		if !strings.Contains(text, want) {
			t.Errorf("the check lacks %s:\n%s", want, text)
		}
	}
	text, _ = ask("frontend.subrequests.describe", `stack = "made"`, nil)
	for _, want := range []string{"outline", "lint", "convertllb"} {
		if !strings.Contains(text, want) {
			t.Errorf("the description lacks %s:\n%s", want, text)
		}
	}
	_, doc := ask("frontend.convertllb", `stack = "made"`, nil)
	var llb struct{ Def map[string]any }
	if err := json.Unmarshal([]byte(doc), &llb); err != nil || len(llb.Def) < 5 {
		t.Errorf("convertllb gives %d vertices: %v", len(llb.Def), err)
	}
}

// TestMultiPlatform builds two platforms in one request.
func TestMultiPlatform(t *testing.T) {
	r := fast(t, `stack = "made"`, nil)
	r.Platforms = []string{"linux/arm64", "linux/amd64"}
	o, err := suite.Daemon.BuildThroughImage(deadline(t, 2*minute), r)
	must(t, err)
	files, err := o.Files()
	must(t, err)
	if files["/linux_arm64/usr/local/share/made/machine"] != "aarch64\n" || files["/linux_amd64/usr/local/share/made/machine"] != "x86_64\n" {
		t.Errorf("the two platforms are not both right")
	}
	if len(o.Executed("[linux/arm64] "))+len(o.Cached) == 0 {
		t.Errorf("vertices do not name their platform: %v", o.Ran)
	}
}
