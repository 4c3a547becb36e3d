package harness

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/solver/errdefs"

	"github.com/org/jetson-frontend/internal/engine"
)

// Outcome is what a build did and gave.
type Outcome struct {
	Response map[string]string
	// Ran are the vertices that were executed, Cached those that were not
	// needed, by name, sorted.
	Ran, Cached []string
	// Started are those that did not end.
	Started []string
	// Logs is what all vertices printed.
	Logs string
	// Warnings are those of the frontend.
	Warnings []string
	// Findings is the build function's own error, if it ran in this process.
	Findings error
	// Times are when a vertex ran, by name.
	Times map[string][2]int64
	// Transferred is how many bytes of the user's folders the daemon got.
	Transferred int64
	Tar         []byte // the result as a tar, if it was asked for
}

// Executed returns the vertices that ran whose name contains a text. Internal
// ones are left out: a daemon reports a vertex of which it only computed the
// cache key as it reports one that ran.
func (o Outcome) Executed(text string) []string {
	var out []string
	for _, n := range o.Ran {
		if strings.Contains(n, text) && !strings.Contains(n, "[internal]") && !strings.Contains(n, "[context") {
			out = append(out, n)
		}
	}
	return out
}

// Files reads the result's tar: path → content; a link is "→ target", a folder
// "/".
func (o Outcome) Files() (map[string]string, error) {
	out := map[string]string{}
	r := tar.NewReader(bytes.NewReader(o.Tar))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading the result: %w", err)
		}
		name := "/" + strings.TrimSuffix(strings.TrimPrefix(h.Name, "./"), "/")
		switch h.Typeflag {
		case tar.TypeDir:
			out[name] = "/"
		case tar.TypeSymlink:
			out[name] = "→ " + h.Linkname
		default:
			data, err := io.ReadAll(r)
			if err != nil {
				return nil, fmt.Errorf("reading %s: %w", name, err)
			}
			out[name] = string(data)
		}
	}
}

// TarExport gives a build a tar as its result.
func TarExport(b *bytes.Buffer) client.ExportEntry {
	return client.ExportEntry{Type: client.ExporterTar, Output: func(map[string]string) (io.WriteCloser, error) { return nopCloser{b}, nil }}
}

// OCIExport gives a build an OCI image as a tar.
func OCIExport(b *bytes.Buffer, attrs map[string]string) client.ExportEntry {
	return client.ExportEntry{Type: client.ExporterOCI, Attrs: attrs, Output: func(map[string]string) (io.WriteCloser, error) { return nopCloser{b}, nil }}
}

type nopCloser struct{ *bytes.Buffer }

func (nopCloser) Close() error { return nil }

// Build runs a request on the daemon with the build function in this process.
func (d *Daemon) Build(ctx context.Context, r engine.Request) (Outcome, error) {
	return d.run(ctx, r, func(ctx context.Context, c *client.Client, r engine.Request, ch chan *client.SolveStatus) (engine.Result, error) {
		return engine.Build(ctx, c, r, ch)
	})
}

// BuildThroughImage runs it the way buildx does: the daemon reads the syntax
// line and starts the frontend image.
func (d *Daemon) BuildThroughImage(ctx context.Context, r engine.Request) (Outcome, error) {
	return d.run(ctx, r, func(ctx context.Context, c *client.Client, r engine.Request, ch chan *client.SolveStatus) (engine.Result, error) {
		return engine.Forward(ctx, c, r, ch)
	})
}

type builder func(context.Context, *client.Client, engine.Request, chan *client.SolveStatus) (engine.Result, error)

func (d *Daemon) run(ctx context.Context, r engine.Request, build builder) (Outcome, error) {
	var o Outcome
	c, err := d.Client(ctx)
	if err != nil {
		return o, err
	}
	defer c.Close()
	var tarball bytes.Buffer
	if r.Exports == nil {
		r.Exports = []client.ExportEntry{TarExport(&tarball)}
	}
	ch := make(chan *client.SolveStatus)
	seen := newWatch()
	var wg sync.WaitGroup
	wg.Go(func() { seen.all(ch) })
	res, err := build(ctx, c, r, ch)
	wg.Wait()
	o = seen.outcome()
	o.Response, o.Findings, o.Tar = res.Response, res.Err, tarball.Bytes()
	if err != nil {
		return o, fmt.Errorf("%w", err)
	}
	return o, nil
}

// watch collects a build's status.
type watch struct {
	vertices map[string]*client.Vertex
	logs     strings.Builder
	warnings []string
	sent     map[string]int64 // by vertex and status
}

func newWatch() *watch {
	return &watch{vertices: map[string]*client.Vertex{}, sent: map[string]int64{}}
}

func (w *watch) all(ch chan *client.SolveStatus) {
	for st := range ch {
		for _, v := range st.Vertexes {
			w.vertices[v.Digest.String()] = v
		}
		for _, l := range st.Logs {
			w.logs.Write(l.Data)
		}
		for _, s := range st.Statuses {
			if strings.HasPrefix(s.ID, "transferring ") {
				w.sent[s.Vertex.String()+s.ID] = s.Current
			}
		}
		for _, x := range st.Warnings {
			w.warnings = append(w.warnings, string(x.Short))
		}
	}
}

func (w *watch) outcome() Outcome {
	o := Outcome{Logs: w.logs.String(), Warnings: w.warnings, Times: map[string][2]int64{}}
	for _, k := range slices.Sorted(maps.Keys(w.vertices)) {
		v := w.vertices[k]
		switch {
		case v.Cached:
			o.Cached = append(o.Cached, v.Name)
		case v.Started != nil && v.Completed == nil:
			o.Started = append(o.Started, v.Name)
		case v.Started != nil:
			o.Ran = append(o.Ran, v.Name)
			o.Times[v.Name] = [2]int64{v.Started.UnixNano(), v.Completed.UnixNano()}
		}
	}
	for _, n := range w.sent {
		o.Transferred += n
	}
	slices.Sort(o.Ran)
	slices.Sort(o.Cached)
	return o
}

// Marks are the lines of the user's file that an error points to, as
// "file:line", the first place first.
func Marks(err error) []string {
	var out []string
	for _, s := range errdefs.Sources(err) {
		for _, r := range s.Ranges {
			out = append(out, fmt.Sprintf("%s:%d", s.Info.Filename, r.Start.Line))
		}
	}
	return out
}

// Ask sends a subrequest and returns the result's metadata.
func (d *Daemon) Ask(ctx context.Context, r engine.Request) (map[string][]byte, error) {
	c, err := d.Client(ctx)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	res, err := engine.Build(ctx, c, r, nil)
	return res.Answer, err
}
