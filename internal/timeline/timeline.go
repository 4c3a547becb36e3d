// Package timeline watches a build and tells afterwards where its time went:
// as a summary for a terminal and as a page for a browser.
package timeline

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"

	"github.com/org/jetson-frontend/llb"
)

// Kind is what a vertex does, as far as a reader cares.
type Kind string

// The kinds of vertex.
const (
	Compile  Kind = "compile"  // steps of a component
	Download Kind = "download" // sources, packages, images
	Packages Kind = "packages" // unpacking and installing packages
	Assemble Kind = "assemble" // trees into one image
	Test     Kind = "test"
	Export   Kind = "export"   // writing or pushing the result
	Internal Kind = "internal" // what BuildKit does for itself
)

// Span is a time in which a vertex was worked on.
type Span struct{ Start, End time.Time }

// Vertex is one step of a build as it went.
type Vertex struct {
	Name string
	// Group is the part of the image that it belongs to, as "vtk 9.3.1".
	Group string
	// Short is the name inside the group.
	Short  string
	Kind   Kind
	Cached bool
	Error  string
	Spans  []Span
	// Hits and Total are those of a compile cache; Total is 0 without one.
	Hits, Total int
	// Critical says that it lies on the critical path.
	Critical bool

	inputs []digest.Digest
	digest digest.Digest
	sizes  map[string]int64
	said   string // the errors that a step's script printed, or apt's
}

// Start is when work on it began, the zero time if none did.
func (v *Vertex) Start() time.Time {
	if len(v.Spans) == 0 {
		return time.Time{}
	}
	return v.Spans[0].Start
}

// End is when work on it ended last.
func (v *Vertex) End() time.Time {
	if len(v.Spans) == 0 {
		return time.Time{}
	}
	return v.Spans[len(v.Spans)-1].End
}

// Took is how long it was worked on.
func (v *Vertex) Took() time.Duration {
	var d time.Duration
	for _, s := range v.Spans {
		d += s.End.Sub(s.Start)
	}
	return d
}

// Ran says that the vertex was executed.
func (v *Vertex) Ran() bool { return !v.Cached && len(v.Spans) > 0 }

// Recorder watches a build. Its methods may be called at the same time.
type Recorder struct {
	mu       sync.Mutex
	nodes    map[digest.Digest]string // the graph's node of a vertex
	vertices map[digest.Digest]*Vertex
	partial  map[digest.Digest]string // a log line that has not ended
	places   *pb.Source               // which part of the stack file asked for a vertex
}

// New returns a recorder.
func New() *Recorder {
	return &Recorder{nodes: map[digest.Digest]string{}, vertices: map[digest.Digest]*Vertex{}, partial: map[digest.Digest]string{}}
}

// Define tells the recorder which vertices are nodes of the graph. Without it
// they are told by their names.
func (r *Recorder) Define(def *pb.Definition) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if def.GetSource() != nil {
		r.places = def.Source
	}
	for d, md := range def.GetMetadata() {
		if id := md.GetDescription()[llb.NodeKey]; id != "" {
			r.nodes[digest.Digest(d)] = id
		}
	}
}

// Tee records a build's status and passes it on. It returns when in is closed,
// and closes out.
func (r *Recorder) Tee(in <-chan *client.SolveStatus, out chan<- *client.SolveStatus) {
	defer close(out)
	for st := range in {
		r.Add(st)
		out <- st
	}
}

// Add records one status.
func (r *Recorder) Add(st *client.SolveStatus) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, v := range st.Vertexes {
		r.vertex(v)
	}
	for _, l := range st.Logs {
		r.log(l)
	}
}

func (r *Recorder) vertex(in *client.Vertex) {
	v := r.vertices[in.Digest]
	if v == nil {
		v = &Vertex{digest: in.Digest}
		r.vertices[in.Digest] = v
	}
	v.Name = in.Name
	if len(in.Inputs) > 0 {
		v.inputs = in.Inputs
	}
	v.Cached = v.Cached || in.Cached
	if in.Error != "" {
		v.Error = in.Error
	}
	if in.Started == nil {
		return
	}
	i := slices.IndexFunc(v.Spans, func(s Span) bool { return s.Start.Equal(*in.Started) })
	if i < 0 {
		i = len(v.Spans)
		v.Spans = append(v.Spans, Span{Start: *in.Started})
	}
	if in.Completed != nil {
		v.Spans[i].End = *in.Completed
	}
}

// ccache is the line with which a compiling step ends.
var ccache = regexp.MustCompile(`^jetson: ccache (\d+) of (\d+) hits`)

// longLine bounds what is kept of a line that does not end.
const longLine = 4096

func (r *Recorder) log(l *client.VertexLog) {
	text := r.partial[l.Vertex] + string(l.Data)
	for {
		line, rest, ended := strings.Cut(text, "\n")
		if !ended {
			break
		}
		text = rest
		m := ccache.FindStringSubmatch(strings.TrimSpace(line))
		v := r.vertices[l.Vertex]
		if v != nil {
			v.hear(strings.TrimSpace(line))
			v.weigh(strings.TrimSpace(line))
		}
		if m == nil || v == nil {
			continue
		}
		// The expression leaves nothing but digits.
		v.Hits, _ = strconv.Atoi(m[1])
		v.Total, _ = strconv.Atoi(m[2])
	}
	r.partial[l.Vertex] = text[:min(len(text), longLine)]
}

// hear keeps what a step's script, or apt in it, says is wrong.
func (v *Vertex) hear(line string) {
	const own, apt = "jetson: error: ", "E: Unable to locate package "
	switch {
	case strings.HasPrefix(line, own):
		if !strings.HasPrefix(v.said, "there is no package ") && len(v.said) < longLine/8 {
			v.said = strings.TrimPrefix(v.said+"; "+line[len(own):min(len(line), longLine)], "; ")
		}
	case strings.HasPrefix(line, apt) && v.said == "":
		v.said = "there is no package " + line[len(apt):min(len(line), longLine)]
	}
}

// Timeline is a build that is over.
type Timeline struct {
	Start, End time.Time
	// Vertices are those that were worked on or cached, by when they began.
	Vertices []*Vertex
	// Path is the critical path, the first vertex first.
	Path []*Vertex
}

// Took is the time from the first vertex to the end of the last.
func (t *Timeline) Took() time.Duration { return t.End.Sub(t.Start) }

// Timeline returns what was recorded. A vertex that did not end, because the
// build was interrupted, ends with the build.
func (r *Recorder) Timeline() *Timeline {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := &Timeline{}
	first := r.first()
	for _, v := range r.vertices {
		if len(v.Spans) == 0 && !v.Cached {
			continue // never begun
		}
		c := *v
		c.Spans = slices.SortedFunc(slices.Values(v.Spans), func(a, b Span) int { return a.Start.Compare(b.Start) })
		c.Spans = slices.DeleteFunc(c.Spans, func(s Span) bool { return !s.End.IsZero() && s.End.Before(first) })
		if len(c.Spans) == 0 && !c.Cached {
			continue
		}
		c.Group, c.Short, c.Kind = classify(v.Name, r.nodes[v.digest])
		t.Vertices = append(t.Vertices, &c)
		for _, s := range c.Spans {
			if t.Start.IsZero() || s.Start.Before(t.Start) {
				t.Start = s.Start
			}
			for _, at := range []time.Time{s.Start, s.End} {
				if at.After(t.End) {
					t.End = at
				}
			}
		}
	}
	for _, v := range t.Vertices {
		for i := range v.Spans {
			if v.Spans[i].End.IsZero() {
				v.Spans[i].End = t.End
			}
		}
	}
	slices.SortFunc(t.Vertices, func(a, b *Vertex) int {
		return cmp.Or(a.Start().Compare(b.Start()), strings.Compare(a.Name, b.Name), strings.Compare(string(a.digest), string(b.digest)))
	})
	t.path()
	return t
}

// first is when this build began, by the builder's clock: when it read its
// stack file. A builder tells also of the steps that another build, which runs
// at the same time, has done for it before.
func (r *Recorder) first() time.Time {
	var first time.Time
	for _, v := range r.vertices {
		if !strings.HasPrefix(v.Name, "[internal] load build definition") {
			continue
		}
		for _, s := range v.Spans {
			if first.IsZero() || s.Start.Before(first) {
				first = s.Start
			}
		}
	}
	return first
}

// path finds the critical path: of all chains in which each vertex needs the
// one before, the one that took longest. More cores would not shorten it. The
// export, which needs the whole build and says so to nobody, comes last.
func (t *Timeline) path() {
	g := chains{vertices: map[digest.Digest]*Vertex{}, best: map[digest.Digest]chain{}}
	for _, v := range t.Vertices {
		g.vertices[v.digest] = v
	}
	var end chain
	var exports []*Vertex
	for _, v := range t.Vertices {
		if v.Kind == Export {
			exports = append(exports, v)
			continue
		}
		if c := g.longest(v.digest); c.took > end.took {
			end = c
		}
	}
	for d := end.last; d != ""; d = g.best[d].before {
		if v := g.vertices[d]; v != nil && v.Ran() {
			t.Path = append(t.Path, v)
		}
	}
	slices.Reverse(t.Path)
	t.Path = append(t.Path, exports...)
	for _, v := range t.Path {
		v.Critical = true
	}
}

// chain is the longest one that ends with a vertex.
type chain struct {
	took         time.Duration
	last, before digest.Digest
}

type chains struct {
	vertices map[digest.Digest]*Vertex
	best     map[digest.Digest]chain
}

func (g *chains) longest(d digest.Digest) chain {
	if c, ok := g.best[d]; ok {
		return c
	}
	c := chain{last: d}
	g.best[d] = c // a circle, which no graph has, would end here
	v := g.vertices[d]
	if v == nil {
		return c
	}
	for _, in := range v.inputs {
		if b := g.longest(in); b.took > c.took {
			c.took, c.before = b.took, in
		}
	}
	if v.Ran() {
		c.took += v.Took()
	}
	g.best[d] = c
	return c
}

// label is the part of a name in brackets, after the platform that several
// platforms put before it.
var label = regexp.MustCompile(`^(?:\S+/\S+ )?\[([^\]]+)\] *(.*)$`)

// classify says what a vertex belongs to, what it is called there and what it
// does: from the graph's node, or else from its name.
func classify(name, node string) (group, short string, k Kind) {
	m := label.FindStringSubmatch(name)
	switch {
	case m == nil && (strings.HasPrefix(name, "export") || strings.HasPrefix(name, "push")):
		return "export", name, Export
	case m == nil || m[1] == "internal" || strings.HasPrefix(m[1], "context ") || strings.HasPrefix(m[1], "auth"):
		return "builder", name, Internal
	}
	group, short = m[1], m[2]
	first, _, _ := strings.Cut(short, " ")
	kind, _, _ := strings.Cut(node, "/")
	switch {
	case group == "test":
		return "tests", short, Test
	case strings.HasPrefix(group, "test ") || kind == "check" || first == "check":
		return "tests", strings.TrimPrefix(group, "test ") + ": " + short, Test
	}
	group = strings.TrimSuffix(group, " sysroot") // packages to compile against
	switch {
	case first == "fetch" || first == "source" || group == "base":
		k = Download
	case first == "install" || first == "unpack" || first == "configure" || first == "sysroot":
		k = Packages
	case kind == "step", node == "" && group != "image" && group != "stack" && first != "result":
		k = Compile
	default:
		k = Assemble
	}
	return group, short, k
}

// Seconds is a time for people.
func Seconds(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()+0.5))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}
