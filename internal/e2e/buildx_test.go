package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/client"

	"github.com/org/jetson-frontend/internal/badstacks"
	"github.com/org/jetson-frontend/internal/engine"
	"github.com/org/jetson-frontend/internal/harness"
)

func buildx(t *testing.T) *harness.Buildx {
	t.Helper()
	b, err := harness.NewBuildx(t.Context(), t.TempDir(), suite.Daemon)
	must(t, err)
	return b
}

// arguments are a request as buildx takes it.
func arguments(r engine.Request) []string {
	args := []string{"build", "-f", filepath.Join(r.Dir, r.File), "--progress", "plain", "--provenance=false"}
	for _, p := range r.Platforms {
		args = append(args, "--platform", p)
	}
	for k, v := range r.Contexts {
		args = append(args, "--build-context", k+"="+v)
	}
	for k, v := range r.Args {
		args = append(args, "--build-arg", k+"="+v)
	}
	return args
}

// TestBuildx builds through the real buildx, with the frontend from a registry
// and, air-gapped, from an OCI layout, and gets the digest that the build
// function gives in this process.
func TestBuildx(t *testing.T) {
	ctx := deadline(t, 2*minute)
	bx := buildx(t)
	r := fast(t, `stack = "made+setup"`, nil)
	var image bytes.Buffer
	direct := r
	direct.Exports = []client.ExportEntry{harness.OCIExport(&image, nil)}
	o, err := suite.Daemon.Build(ctx, direct)
	must(t, err)
	want := o.Response["containerimage.digest"]

	out := t.TempDir()
	digest := func(name string, r engine.Request, more ...string) string {
		meta := filepath.Join(out, name+".json")
		args := append(arguments(r), "--metadata-file", meta, "--output", "type=oci,dest="+filepath.Join(out, name+".tar"))
		text, err := bx.Run(ctx, r.Context, append(append(args, more...), ".")...)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		m, err := harness.Metadata(meta)
		must(t, err)
		return fmt.Sprint(m["containerimage.digest"])
	}
	if got := digest("registry", r); got != want {
		t.Errorf("with the frontend from a registry the digest is %s, want %s", got, want)
	}
	text, err := os.ReadFile(filepath.Join(r.Dir, r.File))
	must(t, err)
	airgapped := strings.Replace(string(text), suite.Frontend, "frontend.invalid/jetson-frontend:1", 1)
	write(t, filepath.Join(r.Dir, r.File), airgapped)
	if got := digest("layout", r, "--build-context", "frontend.invalid/jetson-frontend:1=oci-layout://"+suite.FrontendLayout); got != want {
		t.Errorf("with the frontend from an OCI layout the digest is %s, want %s", got, want)
	}
}

// TestBuildxErrors sends every broken stack through buildx: none is accepted,
// and the mark is on the line.
func TestBuildxErrors(t *testing.T) {
	cases, err := badstacks.All()
	must(t, err)
	bx := buildx(t)
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel() // each is a process that mostly waits
			dir := t.TempDir()
			must(t, os.CopyFS(dir, c.Files))
			write(t, filepath.Join(dir, "stack.toml"), strings.Replace(string(c.Stack()), "ghcr.io/org/jetson-frontend:1", suite.Frontend, 1))
			args := []string{"build", "-f", "stack.toml", "--platform", "linux/arm64", "--progress", "plain"}
			for k, v := range c.Args {
				args = append(args, "--build-arg", k+"="+v)
			}
			if c.Catalog() != nil {
				args = append(args, "--build-context", "catalog="+filepath.Join(dir, "catalog"))
			}
			text, err := bx.Run(deadline(t, minute), dir, append(args, ".")...)
			if err == nil {
				t.Fatalf("the stack was accepted:\n%s", text)
			}
			// buildx prints "file:line", then the lines with a mark.
			if !slices.Contains(strings.Split(text, "\n"), fmt.Sprintf("%s:%d", c.File, c.Line)) || !strings.Contains(text, fmt.Sprintf("%4d | >>> ", c.Line)) {
				t.Errorf("line %d of %s is not marked:\n%s", c.Line, c.File, text)
			}
			if !strings.Contains(text, c.Message) || !strings.Contains(text, c.Help) {
				t.Errorf("%q and %q are not both said:\n%s", c.Message, c.Help, text)
			}
			if strings.Contains(text, "panic") || strings.Contains(text, "exit code: 2") {
				t.Errorf("the frontend broke:\n%s", text)
			}
		})
	}
}

// TestBuildxCalls: what buildx asks besides builds.
func TestBuildxCalls(t *testing.T) {
	ctx := deadline(t, minute)
	bx := buildx(t)
	r := fast(t, `stack = "made"`, nil)
	for call, want := range map[string]string{"outline": "MADE_VERSION", "targets": "made-env", "check": "Check complete, no warnings found."} {
		text, err := bx.Run(ctx, r.Context, append(append(arguments(r), "--call", call), ".")...)
		if err != nil || !strings.Contains(text, want) {
			t.Errorf("--call %s does not say %q: %v\n%s", call, want, err, text)
		}
	}
}

// TestBake builds the frontend and an example of the repository in one call,
// the frontend from the binary that this run made.
func TestBake(t *testing.T) {
	ctx := deadline(t, 2*minute)
	bx := buildx(t)
	root, err := harness.Root()
	must(t, err)
	bin := t.TempDir()
	program, err := os.ReadFile(filepath.Join(suite.Dir, "jetson-frontend"))
	must(t, err)
	write(t, filepath.Join(bin, "amd64/jetson-frontend"), string(program))
	must(t, os.Chmod(filepath.Join(bin, "amd64/jetson-frontend"), 0o755))
	write(t, filepath.Join(bin, "arm64/jetson-frontend"), "stands in: the other architecture is built by Dockerfile.frontend alone")
	r := fast(t, `stack = "made"`, nil)
	text, err := os.ReadFile(filepath.Join(r.Dir, r.File))
	must(t, err)
	write(t, filepath.Join(r.Dir, r.File), strings.Replace(string(text), suite.Frontend, "ghcr.io/org/jetson-frontend:1", 1))
	args := []string{
		"bake", "frontend", "example", "--progress", "plain", "--provenance=false",
		"--set", "frontend.contexts.build=" + bin, "--set", "frontend-here.contexts.build=" + bin, "--set", "frontend.output=type=cacheonly",
		"--set", "example.context=" + r.Context, "--set", "example.platform=linux/amd64", "--set", "example.output=type=tar,dest=" + filepath.Join(bin, "out.tar"),
		"--set", "example.args.PLATFORM=fast-1",
	}
	for k, v := range r.Contexts {
		args = append(args, "--set", "example.contexts."+k+"="+v)
	}
	out, err := bx.Run(ctx, root, args...)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	data, err := os.ReadFile(filepath.Join(bin, "out.tar"))
	must(t, err)
	files, err := harness.Outcome{Tar: data}.Files()
	must(t, err)
	if files["/usr/local/share/texts/hello"] != "hello 1.2 on amd64" {
		t.Errorf("the example is not in the result:\n%s", out)
	}
}

// TestOldDaemons builds on the BuildKit of Docker 27.5 and on the first one
// that knows CDI devices.
func TestOldDaemons(t *testing.T) {
	ctx := deadline(t, 3*minute)
	r := fast(t, `stack = "made+setup"`, nil)
	o, err := suite.Daemon.Build(ctx, r)
	must(t, err)
	want, err := o.Files()
	must(t, err)
	bad := fast(t, "stack = \"texts\"\n[[test]]\nname = \"wrong\"\nrun = [\"false\"]", nil)
	repo := newRepository(t)
	git := fast(t, fromGit(repo.openly(t), `commit = %q`, repo.commit), nil)
	for _, tool := range []string{"buildkitd-v0.18", "buildkitd-v0.20"} {
		t.Run(tool, func(t *testing.T) {
			bin, err := harness.Tool(tool)
			must(t, err)
			dir, err := os.MkdirTemp("", "jt-")
			must(t, err)
			defer os.RemoveAll(dir)
			d, err := harness.StartDaemon(ctx, harness.DaemonOptions{Binary: bin, Root: dir + "/root", Run: dir})
			must(t, err)
			defer d.Stop()
			for _, args := range [][]string{nil, {"DISABLE=merge"}} {
				o, err := d.BuildThroughImage(ctx, with(r, args...))
				must(t, err)
				got, err := o.Files()
				must(t, err)
				for p, text := range want {
					if got[p] != text {
						t.Errorf("%v: %s differs from what the newest daemon makes", args, p)
					}
				}
			}
			o, err := d.BuildThroughImage(ctx, git)
			must(t, err)
			got, err := o.Files()
			must(t, err)
			if text := got["/usr/local/mine/hello"]; text != "from a private repository" {
				t.Errorf("the repository's file is %q", text)
			}
			o, err = d.BuildThroughImage(ctx, bad)
			wantFailure(t, o, err, "stack.toml:3", "test wrong: exit status 1")
		})
	}
}
