package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/org/jetson-frontend/internal/engine"
	"github.com/org/jetson-frontend/stacks/diag"
)

// FrontendImage is what runs a stack that names no frontend of its own.
const FrontendImage = "ghcr.io/org/jetson-frontend:1"

// stackTemp begins the name of the folder of a stack that has no file.
const stackTemp = "jetson-stack-"

// throughBuildx has buildx do the build, with the frontend image that the
// stack's syntax line names. Its progress is read and shown as every other.
func (b *buildFlags) throughBuildx(cmd *cobra.Command, w watched, where engine.Builder, req engine.Request) error {
	dir, err := os.MkdirTemp("", "jetson-buildx-")
	if err != nil {
		return fmt.Errorf("making a folder for buildx's result: %w", err)
	}
	defer os.RemoveAll(dir)
	metadata := filepath.Join(dir, "metadata.json")
	if f := cmd.Flag("metadata-file"); f != nil && f.Changed {
		metadata = f.Value.String()
	}
	args, err := b.buildxArgs(cmd.Context(), cmd.Flags(), w.env, where, req)
	if err != nil {
		return err
	}
	args = append([]string{"build", "--metadata-file", metadata}, args...)
	var rest bytes.Buffer // what is not progress: warnings and errors
	err = w.show(cmd.Context(), func(ctx context.Context, ch chan *client.SolveStatus) error {
		return runBuildx(ctx, w.env, where.Buildx, args, ch, &rest)
	})
	var exit *exec.ExitError
	said := strings.Trim(rest.String(), "\n")
	ended := errors.As(err, &exit) && said != ""
	var refused diag.List
	if ended {
		if g, other, ok := refusedThere(w.rec.Failed(), said); ok {
			refused, said = diag.List{g}, other
		}
	}
	if said != "" {
		fmt.Fprintln(w.env.Stderr, said)
	}
	terr := w.tell(req, err)
	if ended {
		w.env.show(refused)
		return errReported
	}
	if err != nil {
		return err
	}
	if b.piped {
		return terr // standard output is the result itself
	}
	return errors.Join(w.env.printDigest(engine.Result{Response: readMetadata(metadata)}), terr)
}

// readMetadata is what buildx says of the result, as far as it is text. A
// result without an image has little of it.
func readMetadata(path string) map[string]string {
	out := map[string]string{}
	data, err := os.ReadFile(path)
	if err != nil {
		return out
	}
	var all map[string]any
	if json.Unmarshal(data, &all) != nil {
		return out
	}
	for k, v := range all {
		if text, ok := v.(string); ok {
			out[k] = text
		}
	}
	return out
}

// handedOn are the flags that mean to buildx what they mean to us, and are
// handed on as they were written.
func handedOn() []string {
	return []string{
		"add-host", "allow", "annotation", "attest", "cache-from", "cache-to", "cgroup-parent", "iidfile", "label", "load", "network",
		"no-cache", "no-cache-filter", "output", "provenance", "pull", "push", "sbom", "secret", "shm-size", "ssh", "tag", "target", "ulimit",
	}
}

// buildxArgs are the arguments of the build. What our own flags come to is in
// the request.
func (b *buildFlags) buildxArgs(ctx context.Context, f *pflag.FlagSet, env Env, where engine.Builder, req engine.Request) ([]string, error) {
	args := []string{"--progress=rawjson", "--file=" + filepath.Join(req.Dir, req.File)}
	if where.Name != "" {
		args = append(args, "--builder="+where.Name)
	}
	platforms := req.Platforms
	if len(platforms) == 0 {
		// buildx would take its own platform for the build's.
		r, err := b.resolveOffline(ctx, env)
		if err != nil {
			return nil, err
		}
		if r.Plan == nil {
			return nil, r.Diags.Err()
		}
		platforms = []string{"linux/" + r.Plan.Platform.Arch}
	}
	args = append(args, "--platform="+strings.Join(platforms, ","))
	f.Visit(func(fl *pflag.Flag) {
		if !slices.Contains(handedOn(), fl.Name) {
			return
		}
		if list, ok := fl.Value.(pflag.SliceValue); ok {
			for _, v := range list.GetSlice() {
				args = append(args, "--"+fl.Name+"="+v)
			}
			return
		}
		args = append(args, "--"+fl.Name+"="+fl.Value.String())
	})
	for _, k := range slices.Sorted(maps.Keys(req.Args)) {
		args = append(args, "--build-arg="+k+"="+req.Args[k])
	}
	for _, k := range slices.Sorted(maps.Keys(req.Contexts)) {
		args = append(args, "--build-context="+k+"="+req.Contexts[k])
	}
	data, err := os.ReadFile(filepath.Join(req.Dir, req.File))
	if err != nil {
		return nil, fmt.Errorf("the stack file cannot be read: %w", err)
	}
	if _, _, _, ok := parser.DetectSyntax(data); !ok && req.Args["BUILDKIT_SYNTAX"] == "" {
		args = append(args, "--build-arg=BUILDKIT_SYNTAX="+FrontendImage)
	}
	return append(args, req.Context), nil
}

// runBuildx runs it and closes ch at its end.
func runBuildx(ctx context.Context, env Env, bin string, args []string, ch chan<- *client.SolveStatus, rest io.Writer) error {
	defer close(ch)
	cmd := exec.CommandContext(ctx, bin, args...)
	cmd.Stdin, cmd.Stdout = env.Stdin, direct(env.Stdout)
	// It cancels its build when it is interrupted; killed, it would not.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 20 * time.Second
	stderr, theirs, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("running %s: %w", bin, err)
	}
	defer stderr.Close()
	cmd.Stderr = theirs
	err = cmd.Start()
	theirs.Close()
	if err != nil {
		return fmt.Errorf("running %s: %w", bin, err)
	}
	read := make(chan error, 1)
	go func() { read <- readProgress(stderr, ch, rest) }()
	err = cmd.Wait()
	// What it has started may hold its standard error for longer than it lives.
	_ = stderr.SetReadDeadline(time.Now().Add(buildxLast))
	if readErr := <-read; err == nil {
		return readErr
	}
	return fmt.Errorf("buildx: %w", err)
}

// buildxLast is how long buildx's last words may take after its end.
const buildxLast = time.Second

// readProgress takes the lines that are a status for one, and keeps the others.
func readProgress(r io.Reader, ch chan<- *client.SolveStatus, rest io.Writer) error {
	in := bufio.NewReaderSize(r, 64<<10)
	for {
		line, err := in.ReadBytes('\n')
		var st client.SolveStatus
		if bytes.HasPrefix(line, []byte("{")) && json.Unmarshal(line, &st) == nil {
			ch <- &st
		} else if len(line) > 0 {
			if _, werr := rest.Write(line); werr != nil {
				return fmt.Errorf("reading buildx's progress: %w", werr)
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, os.ErrDeadlineExceeded) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading buildx's progress: %w", err)
		}
	}
}
