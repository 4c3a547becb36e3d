package cli

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/moby/buildkit/client"
	"github.com/tonistiigi/go-csvvalue"

	"github.com/org/jetson-frontend/stacks/diag"
)

// exportTypes are the values of type= in --output.
func exportTypes() []string {
	return []string{client.ExporterImage, "registry", client.ExporterOCI, client.ExporterDocker, client.ExporterTar, client.ExporterLocal}
}

// exports are where the result goes: --output, and --push and --load, which
// stand for one.
func (i *imageFlags) exports(env Env) ([]client.ExportEntry, error) {
	var out []client.ExportEntry
	for _, o := range i.outputs {
		e, to, err := parseOutput(env, o)
		if err != nil {
			return nil, err
		}
		if to == toStandard && i.piped {
			return nil, usagef("only one --output can go to standard output")
		}
		i.piped = i.piped || to == toStandard
		i.loads = i.loads || to == toDocker
		out = append(out, e)
	}
	if i.push && !pushes(out) {
		out = append(out, client.ExportEntry{Type: client.ExporterImage, Attrs: map[string]string{"push": "true"}})
	}
	if i.load {
		i.loads = true
		out = append(out, client.ExportEntry{Type: client.ExporterDocker, Attrs: map[string]string{}, Output: dockerLoad(env)})
	}
	if len(out) == 0 && len(i.tags) > 0 {
		out = append(out, client.ExportEntry{Type: client.ExporterImage, Attrs: map[string]string{}})
	}
	return out, i.describe(out)
}

// pushes turns the first image among the exports into one that is pushed.
func pushes(list []client.ExportEntry) bool {
	for _, e := range list {
		if e.Type == client.ExporterImage {
			e.Attrs["push"] = "true"
			return true
		}
	}
	return false
}

// describe gives the exports of images their names and annotations.
func (i *imageFlags) describe(list []client.ExportEntry) error {
	names, err := i.names()
	if err != nil {
		return err
	}
	notes, err := i.annotate()
	if err != nil {
		return err
	}
	for _, e := range list {
		switch e.Type {
		case client.ExporterImage, client.ExporterOCI, client.ExporterDocker:
			merge(e.Attrs, notes)
			if names != "" {
				merge(e.Attrs, map[string]string{"name": names})
			}
		}
		if e.Type == client.ExporterImage && e.Attrs["push"] == "true" && e.Attrs["name"] == "" {
			return usagef("an image is pushed by its name: give it with -t, as in: jetson build -t registry.example/mine:1 --push")
		}
	}
	return nil
}

// sink is where an output goes, where that matters to other flags.
type sink int

const (
	elsewhere  sink = iota // a registry, the builder's cache, a file, a folder
	toStandard             // standard output
	toDocker               // Docker on this machine
)

// parseOutput reads one --output: a folder, - for a tar on standard output, or
// type=… with its attributes.
func parseOutput(env Env, text string) (e client.ExportEntry, to sink, err error) {
	e.Attrs = map[string]string{}
	switch {
	case text == "":
		return e, elsewhere, usagef("--output is empty")
	case text == "-":
		text = "type=tar,dest=-"
	case !strings.Contains(text, "="):
		e.Type, e.OutputDir = client.ExporterLocal, text
		return e, elsewhere, notFile(text)
	}
	fields, err := csvvalue.Fields(text, nil)
	if err != nil {
		return e, elsewhere, usagef("--output %q: %v", text, err)
	}
	for _, f := range fields {
		k, v, ok := strings.Cut(f, "=")
		if !ok {
			return e, elsewhere, usagef("--output takes NAME=VALUE pairs, as type=oci,dest=image.tar; %q is none", f)
		}
		if k = strings.ToLower(strings.TrimSpace(k)); k == "type" {
			e.Type = v
		} else {
			e.Attrs[k] = v
		}
	}
	if err := oneOf("the type of --output", e.Type, exportTypes(), diag.DidYouMean); err != nil {
		return e, elsewhere, err
	}
	if e.Type == "registry" {
		e.Type = client.ExporterImage
		e.Attrs["push"] = "true"
	}
	to, err = destination(env, &e)
	return e, to, err
}

// destination turns dest= into a folder, a file or standard output. An image
// has none.
func destination(env Env, e *client.ExportEntry) (sink, error) {
	dest := e.Attrs["dest"]
	delete(e.Attrs, "dest")
	folder := e.Type == client.ExporterLocal
	if e.Type == client.ExporterOCI || e.Type == client.ExporterDocker {
		tar, err := strconv.ParseBool(e.Attrs["tar"])
		folder = err == nil && !tar
	}
	switch {
	case e.Type == client.ExporterImage && dest != "":
		return elsewhere, usagef("an image has no dest=; write type=oci,dest=%s for a file", dest)
	case e.Type == client.ExporterImage:
	case folder && (dest == "" || dest == "-"):
		return elsewhere, usagef("--output type=%s needs the folder that it goes to, as dest=out", e.Type)
	case folder:
		e.OutputDir = dest
		return elsewhere, notFile(dest)
	case dest == "" && e.Type == client.ExporterDocker:
		e.Output = dockerLoad(env)
		return toDocker, nil
	case (dest == "" || dest == "-") && env.Width > 0:
		return elsewhere, usagef("--output type=%s would write to the terminal; give it a file, as dest=image.tar", e.Type)
	case dest == "" || dest == "-":
		e.Output = func(map[string]string) (io.WriteCloser, error) { return keepOpen{env.Stdout}, nil }
		return toStandard, nil
	case isDir(dest):
		return elsewhere, usagef("%s is a folder; --output type=%s writes a file", dest, e.Type)
	case !isDir(filepath.Dir(dest)):
		return elsewhere, usagef("there is no folder %s for --output %s", filepath.Dir(dest), dest)
	default:
		// Made when there is something to write: a stack with a fault leaves
		// what is there alone.
		e.Output = func(map[string]string) (io.WriteCloser, error) { return os.Create(dest) }
	}
	return elsewhere, nil
}

// notFile refuses a file in the place of a folder that the result goes to. One
// that does not exist is made.
func notFile(dest string) error {
	if st, err := os.Stat(dest); err == nil && !st.IsDir() {
		return usagef("%s is a file; this --output writes a folder", dest)
	}
	return nil
}

// keepOpen is a writer that is not ours to close.
type keepOpen struct{ io.Writer }

func (keepOpen) Close() error { return nil }

// dockerHere finds the program that an image is loaded with.
func dockerHere() (string, error) {
	path, err := exec.LookPath("docker")
	if err != nil {
		return "", errors.New("there is no docker here to load the image into\n  -o type=docker,dest=image.tar writes a file that docker load takes elsewhere, --push sends the image to a registry")
	}
	return path, nil
}

// dockerLoad gives the image to Docker on this machine.
func dockerLoad(env Env) func(map[string]string) (io.WriteCloser, error) {
	return func(map[string]string) (io.WriteCloser, error) {
		path, err := dockerHere()
		if err != nil {
			return nil, err
		}
		l := &loader{cmd: exec.Command(path, "load")}
		l.cmd.Stdout, l.cmd.Stderr = env.Stderr, &l.said
		if l.in, err = l.cmd.StdinPipe(); err != nil {
			return nil, fmt.Errorf("running docker load: %w", err)
		}
		if err := l.cmd.Start(); err != nil {
			return nil, fmt.Errorf("running docker load: %w", err)
		}
		return l, nil
	}
}

// loader is the input of a running `docker load`.
type loader struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	said bytes.Buffer
	once sync.Once
	err  error
}

// Write hands the image on. Docker may end before it has it all; then its words
// say why, and the broken pipe does not.
func (l *loader) Write(p []byte) (int, error) {
	n, err := l.in.Write(p)
	if err == nil {
		return n, nil
	}
	return n, cmp.Or(l.Close(), err)
}

// Close ends the input and waits for Docker to take it.
func (l *loader) Close() error {
	l.once.Do(func() {
		cerr := l.in.Close()
		if err := l.cmd.Wait(); err != nil {
			l.err = fmt.Errorf("docker load: %s", cmp.Or(line(l.said.String()), err.Error()))
			return
		}
		l.err = cerr
	})
	return l.err
}
