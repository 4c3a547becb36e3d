package e2e

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/org/jetson-frontend/internal/cli"
	"github.com/org/jetson-frontend/internal/engine"
)

// asTool is the variable under which the tests' own program is the command-line
// tool: a whole process of it takes no second compile.
const asTool = "JETSON_TEST_AS_TOOL"

// asPipe is the variable under which it joins its standard input and output to
// the socket of that name.
const asPipe = "JETSON_TEST_AS_PIPE"

// toolMain is one of the two, if this process is to be it.
func toolMain() {
	if sock := os.Getenv(asPipe); sock != "" {
		forward(standard{os.Stdin, os.Stdout}, sock)
		os.Exit(0)
	}
	if os.Getenv(asTool) != "" {
		os.Exit(cli.Main(os.Args[1:], cli.System()))
	}
}

type standard struct {
	io.Reader
	io.Writer
}

func (standard) Close() error { return nil }

// tool runs the command-line tool in an environment that the test knows whole.
type tool struct {
	t      *testing.T
	env    []string
	docker string // Docker's configuration folder
	bin    string // in front of PATH
}

// newTool builds on the suite's daemon unless a flag says otherwise.
func newTool(t *testing.T) *tool {
	t.Helper()
	home := t.TempDir()
	c := &tool{t: t, docker: filepath.Join(home, "docker"), bin: filepath.Join(home, "bin")}
	for _, dir := range []string{c.docker, c.bin} {
		must(t, os.Mkdir(dir, 0o700))
	}
	c.env = []string{
		asTool + "=1", "HOME=" + home, "DOCKER_CONFIG=" + c.docker, "PATH=" + c.bin + ":/usr/sbin:/usr/bin:/sbin:/bin",
		"BUILDKIT_HOST=" + suite.Daemon.Addr, "NO_COLOR=1",
	}
	return c
}

// program puts a shell script of this name in front of PATH.
func (c *tool) program(name, script string) {
	c.t.Helper()
	must(c.t, os.WriteFile(filepath.Join(c.bin, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755))
}

// ran is what came of a call.
type ran struct {
	code     int
	out, err string
}

// run calls the tool.
func (c *tool) run(args ...string) ran {
	c.t.Helper()
	cmd := exec.CommandContext(deadline(c.t, minute), "/proc/self/exe", args...)
	cmd.Env, cmd.Dir = c.env, c.docker
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		c.t.Fatal(err)
	}
	return ran{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

// build builds a request, with further flags, and must succeed.
func (c *tool) build(r engine.Request, more ...string) ran {
	c.t.Helper()
	got := c.try(r, more...)
	if got.code != 0 {
		c.t.Fatalf("jetson build ended with %d:\n%s", got.code, got.err)
	}
	return got
}

// try builds a request that may fail.
func (c *tool) try(r engine.Request, more ...string) ran {
	c.t.Helper()
	return c.run(append(append(arguments(r), more...), r.Context)...)
}

// refused wants a call to have ended with 1, and the last that it said to be
// one message with these texts, and no chain of errors.
func (c *tool) refused(got ran, texts ...string) {
	c.t.Helper()
	if got.code != 1 {
		c.t.Errorf("it ended with %d", got.code)
	}
	said := strings.Split(strings.TrimSpace(got.err), "\n")
	last := strings.Join(said[max(0, len(said)-12):], "\n")
	for _, text := range texts {
		if !strings.Contains(last, text) {
			c.t.Errorf("%q is not said:\n%s", text, got.err)
		}
	}
	if i := slices.IndexFunc(said, func(l string) bool { return strings.HasPrefix(l, "error") || strings.HasPrefix(l, "jetson: ") }); i >= 0 {
		for _, chain := range []string{"rpc error", "desc =", "failed to "} {
			if strings.Contains(strings.Join(said[i:], "\n"), chain) {
				c.t.Errorf("the message is a chain:\n%s", strings.Join(said[i:], "\n"))
			}
		}
	}
}
