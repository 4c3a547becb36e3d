package cli

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/org/jetson-frontend/internal/engine"
	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/diag"
)

func testEnv(stdin string) (Env, *bytes.Buffer, *bytes.Buffer) {
	var out, errs bytes.Buffer
	return Env{Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &errs, Getenv: func(string) string { return "" }}, &out, &errs
}

// imageRequest parses flags as the command line does.
func imageRequest(t *testing.T, env Env, args ...string) (*imageFlags, engine.Request) {
	t.Helper()
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	var i imageFlags
	cmd := &cobra.Command{}
	i.register(cmd)
	if err := cmd.Flags().Parse(args); err != nil {
		t.Fatal(err)
	}
	var r engine.Request
	if err := i.request(env, &r); err != nil {
		t.Fatal(err)
	}
	return &i, r
}

func TestBuildRequest(t *testing.T) {
	env, _, _ := testEnv("")
	_, r := imageRequest(t, env, "-t", "user/app", "-t", "registry.example/app:2", "--push", "-o", "type=oci,dest="+filepath.Join(t.TempDir(), "x.tar"), "-o", "out",
		"--annotation", "a=b", "--annotation", "index,manifest:c=d", "--annotation", "manifest[linux/arm64]:e=f",
		"--cache-from", "user/app:cache", "--cache-to", "type=local,dest=there", "--no-cache-filter", "x", "--sbom", "--provenance=mode=max", "--pull", "--allow", "network.host")
	name := "docker.io/user/app:latest,registry.example/app:2"
	notes := map[string]string{"annotation.a": "b", "annotation-index.c": "d", "annotation-manifest.c": "d", "annotation-manifest[linux/arm64].e": "f"}
	want := []map[string]string{{"name": name}, {}, {"name": name, "push": "true"}}
	for k, v := range notes {
		want[0][k], want[2][k] = v, v
	}
	var types []string
	for i, e := range r.Exports {
		types = append(types, e.Type)
		if diff := cmp.Diff(want[i], e.Attrs); diff != "" {
			t.Errorf("export %d: %s", i, diff)
		}
	}
	if diff := cmp.Diff([]string{"oci", "local", "image"}, types); diff != "" {
		t.Error(diff)
	}
	if r.Exports[1].OutputDir != "out" || r.Exports[0].Output == nil {
		t.Error("a folder, or a file, is not where it was asked for")
	}
	if diff := cmp.Diff(map[string]string{"attest:sbom": "", "attest:provenance": "mode=max"}, r.Attrs); diff != "" {
		t.Error(diff)
	}
	if len(r.CacheFrom) != 1 || r.CacheFrom[0].Type != "registry" || r.CacheFrom[0].Attrs["ref"] != "user/app:cache" || len(r.CacheTo) != 1 || r.CacheTo[0].Attrs["dest"] != "there" {
		t.Errorf("caches: %v %v", r.CacheFrom, r.CacheTo)
	}
	if !slices.Equal(r.NoCache, []string{"x"}) || !r.Pull || !slices.Equal(r.Allow, []string{"network.host"}) {
		t.Errorf("%+v", r)
	}
	if len(r.Session) == 0 {
		t.Error("the builder cannot ask for credentials")
	}
}

// TestOutputIsMadeLate holds that a file of a result is left alone until there
// is one.
func TestOutputIsMadeLate(t *testing.T) {
	env, _, _ := testEnv("")
	file := filepath.Join(t.TempDir(), "image.tar")
	if err := os.WriteFile(file, []byte("as it was"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, r := imageRequest(t, env, "-o", "type=oci,dest="+file)
	if data, _ := os.ReadFile(file); string(data) != "as it was" {
		t.Errorf("the file holds %q before the build", data)
	}
	w, err := r.Exports[0].Output(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, "new"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if data, _ := os.ReadFile(file); string(data) != "new" {
		t.Errorf("the file holds %q after it", data)
	}
}

func TestPipedOutput(t *testing.T) {
	env, out, _ := testEnv("")
	i, r := imageRequest(t, env, "-o", "-")
	if r.Exports[0].Type != "tar" || !i.piped {
		t.Fatalf("%+v", r.Exports)
	}
	w, err := r.Exports[0].Output(nil)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(w, "tar")
	_ = w.Close()
	if err := i.keep(env, engine.Result{Response: map[string]string{"containerimage.digest": "sha256:1"}}); err != nil {
		t.Fatal(err)
	}
	if out.String() != "tar" {
		t.Errorf("standard output holds %q: the digest is in the way of the result", out)
	}
	env.Width = 80
	if _, _, err := parseOutput(env, "-"); err == nil || !strings.Contains(err.Error(), "terminal") {
		t.Errorf("a tar on the terminal: %v", err)
	}
}

// TestLoad gives the result to a stand-in for docker that keeps what it reads.
func TestLoad(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "docker"), []byte("#!/bin/sh\n[ \"$1\" = load ] && cat >"+dir+"/loaded\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	env, _, _ := testEnv("")
	_, r := imageRequest(t, env, "--load", "-t", "x")
	w, err := r.Exports[0].Output(nil)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(w, "image")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if data, _ := os.ReadFile(filepath.Join(dir, "loaded")); string(data) != "image" {
		t.Errorf("docker got %q", data)
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := r.Exports[0].Output(nil); err == nil || !strings.Contains(err.Error(), "no docker here") {
		t.Errorf("without docker: %v", err)
	}
}

func TestMetadata(t *testing.T) {
	env, out, _ := testEnv("")
	dir := t.TempDir()
	i := imageFlags{metadataFile: filepath.Join(dir, "meta.json"), iidFile: filepath.Join(dir, "iid")}
	inner := base64.StdEncoding.EncodeToString([]byte(`{"mediaType":"m"}`))
	err := i.keep(env, engine.Result{Response: map[string]string{"containerimage.digest": "sha256:1", "containerimage.descriptor": inner}})
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(i.metadataFile)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"containerimage.digest": "sha256:1", "containerimage.descriptor": map[string]any{"mediaType": "m"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if iid, _ := os.ReadFile(i.iidFile); string(iid) != "sha256:1" || out.String() != "sha256:1\n" {
		t.Errorf("digest in the file %q, on standard output %q", iid, out)
	}
}

// TestInitAsks answers the questions of init, wrong ones first.
func TestInitAsks(t *testing.T) {
	t.Chdir(t.TempDir())
	env, _, errs := testEnv("?\n6.99\n\n6.2\nagx-orin\n?\nnothing-like-it\nflann qhull\n")
	env.Asks = true
	if code := Main([]string{"init"}, env); code != 0 {
		t.Fatalf("it ended with %d:\n%s", code, errs)
	}
	data, err := os.ReadFile(DefaultFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`stack = "flann+qhull"`, `jetpack = "6.2"`, `device  = "agx-orin"`} {
		if !strings.Contains(string(data), want) {
			t.Errorf("the file lacks %s:\n%s", want, data)
		}
	}
	for _, want := range []string{`there is no JetPack "6.99"`, `there is no component "nothing-like-it"`, "agx-orin"} {
		if !strings.Contains(errs.String(), want) {
			t.Errorf("it did not say %s", want)
		}
	}
	env, _, errs = testEnv("")
	env.Asks = true
	if code := Main([]string{"init", "-f", "other.toml"}, env); code != 2 || !strings.Contains(errs.String(), "no answer") {
		t.Errorf("without an answer it ended with %d: %s", code, errs)
	}
}

// TestInitComments takes the marks off the commented parts of what init writes:
// they are a stack, too.
func TestInitComments(t *testing.T) {
	env, out, errs := testEnv("")
	if code := Main([]string{"init", "flann", "--platform", "debian-12", "-f", "-"}, env); code != 0 {
		t.Fatalf("it ended with %d:\n%s", code, errs)
	}
	_, body, _ := strings.Cut(out.String(), "[versions]")
	var b strings.Builder
	b.WriteString("stack = \"flann\"\nplatform = \"debian-12\"\n[versions]\n")
	for line := range strings.Lines(body) {
		rest, commented := strings.CutPrefix(line, "# ")
		if commented && (strings.Contains(rest, " = ") || strings.HasPrefix(rest, "[")) {
			b.WriteString(rest)
		}
	}
	if _, diags := stacks.Parse(&diag.File{Name: "x", Data: []byte(b.String())}); diags.HasErrors() {
		t.Errorf("%v\n%s", diags.Err(), b.String())
	}
	if !strings.Contains(b.String(), "[[test]]") {
		t.Errorf("the parts are not there:\n%s", b.String())
	}
}

// TestFits looks at tables and paragraphs at several widths.
func TestFits(t *testing.T) {
	for _, width := range []int{40, 80, 200} {
		var out bytes.Buffer
		s := screen{w: &out, width: width}
		tb := table{head: []string{"A", "B", "C"}, flex: []int{1, 2}}
		tb.add("name", strings.Repeat("long ", 30), strings.Repeat("x", 90))
		tb.write(s)
		s.hang(2, 6, strings.Repeat("word ", 60))
		for line := range strings.Lines(out.String()) {
			if n := length(strings.TrimSuffix(line, "\n")); n > width {
				t.Errorf("at %d columns a line has %d: %s", width, n, line)
			}
		}
	}
	var out bytes.Buffer
	(&table{rows: [][]string{{strings.Repeat("x", 300)}}, flex: []int{0}}).write(screen{w: &out})
	if out.Len() != 301 {
		t.Errorf("in a pipe %d bytes are left of 301", out.Len())
	}
	if n := length("\x1b[1mab\x1b[0m…"); n != 3 {
		t.Errorf("a coloured text of 3 columns counts %d", n)
	}
}

// What a stranger wrote moves no cursor: our own colours alone are obeyed.
func TestScreenShowsControlCharacters(t *testing.T) {
	for _, color := range []bool{false, true} {
		var out bytes.Buffer
		s := screen{w: &out, color: color}
		s.printf("%s %s\n", s.paint(bold, "title"), "a\x1b[2J\u202eb\rc")
		want := "title a\\x1b[2J\\u202eb\\x0dc\n"
		if color {
			want = strings.Replace(want, "title", bold+"title"+reset, 1)
		}
		if out.String() != want {
			t.Errorf("with colours %t: %q, not %q", color, out.String(), want)
		}
	}
}
