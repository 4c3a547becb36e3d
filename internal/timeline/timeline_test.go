package timeline

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"

	"github.com/org/jetson-frontend/llb"
)

var zero = time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)

// did is a vertex that ran from one second to another; equal times are a cached
// one.
type did struct {
	name     string
	from, to float64
	inputs   []string
	err      string
}

func at(s float64) *time.Time {
	t := zero.Add(time.Duration(s * float64(time.Second)))
	return &t
}

func id(name string) digest.Digest { return digest.FromString(name) }

func record(list []did) *Recorder {
	r := New()
	for _, d := range list {
		v := &client.Vertex{Digest: id(d.name), Name: d.name, Started: at(d.from)}
		for _, in := range d.inputs {
			v.Inputs = append(v.Inputs, id(in))
		}
		r.Add(&client.SolveStatus{Vertexes: []*client.Vertex{v}})
		end := *v
		end.Completed, end.Cached, end.Error = at(d.to), d.from == d.to, d.err
		r.Add(&client.SolveStatus{Vertexes: []*client.Vertex{&end}})
	}
	return r
}

// example is a build of two libraries, of which one needs the other.
func example() *Recorder {
	r := record([]did{
		{"[internal] load build definition", 0, 0.1, nil, ""},
		{"[base] debian:12", 0, 0, nil, ""},
		{"[toolchain] fetch 3 packages", 0.2, 5, []string{"[base] debian:12"}, ""},
		{"[toolchain] install 3 packages", 5, 12, []string{"[toolchain] fetch 3 packages"}, ""},
		{"[mesh 1.0] source", 0.2, 3, nil, ""},
		{"[mesh 1.0] cmake build", 12, 72, []string{"[toolchain] install 3 packages", "[mesh 1.0] source"}, ""},
		{"[view 2.1] cmake build", 72, 102, []string{"[mesh 1.0] cmake build"}, ""},
		{"[other 3] cmake build", 12, 90, []string{"[toolchain] install 3 packages"}, ""},
		{"[image] merge", 102, 103, []string{"[view 2.1] cmake build", "[other 3] cmake build"}, ""},
		{"[test] view/links", 103, 104, []string{"[image] merge"}, ""},
		{"exporting to image", 103, 110, nil, ""},
	})
	for _, part := range []string{"noise\njetson: ccac", "he 30 of 40 hits\nmore"} {
		r.Add(&client.SolveStatus{Logs: []*client.VertexLog{{Vertex: id("[mesh 1.0] cmake build"), Data: []byte(part)}}})
	}
	return r
}

func TestPath(t *testing.T) {
	tl := example().Timeline()
	var got []string
	for _, v := range tl.Path {
		got = append(got, v.Name)
	}
	want := []string{"[toolchain] fetch 3 packages", "[toolchain] install 3 packages", "[mesh 1.0] cmake build", "[view 2.1] cmake build", "[image] merge", "[test] view/links", "exporting to image"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
	if tl.Took() != 110*time.Second {
		t.Errorf("it took %v", tl.Took())
	}
}

func TestSummary(t *testing.T) {
	var b bytes.Buffer
	if err := example().Timeline().Summary(&b, 80); err != nil {
		t.Fatal(err)
	}
	want := `
1m50s: 8 steps ran, 1 cached
  PART       RAN  CACHED  TIME   CCACHE
  mesh 1.0   2    0       1m02s  30 of 40 (75%)
  toolchain  2    0       12s    -
  other 3    1    0       1m18s  -
  view 2.1   1    0       30s    -
  image      1    0       1.0s   -
  tests      1    0       1.0s   -
  1 part more, all cached (1 step)
critical path: [toolchain] fetch 3 packages 4.8s,
   [toolchain] install 3 packages 7.0s, [mesh 1.0] cmake build 1m00s,
   [view 2.1] cmake build 30s, exporting to image 7.0s
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
}

// TestSizes: what the check of the image says of each component is a column, and
// what is not in it is part of the last line. Nobody else is believed.
func TestSizes(t *testing.T) {
	r := record([]did{
		{"[mesh 1.0] cmake build", 0, 1, nil, ""}, {"[python main] install libraries", 0, 1, nil, ""}, {"[view 2.1] cmake build", 0, 0, nil, ""},
		{"[image] merge", 1, 2, nil, ""}, {"[image] check coherence", 2, 3, nil, ""},
	})
	say := func(vertex, text string) {
		r.Add(&client.SolveStatus{Logs: []*client.VertexLog{{Vertex: id(vertex), Data: []byte(text)}}})
	}
	say("[mesh 1.0] cmake build", "jetson: mesh adds 5 bytes\n")
	say("[image] check coherence", "jetson: mesh adds 1234567 bytes\njetson: python-main adds 2500000000 bytes\njetson: vi")
	say("[image] check coherence", "ew adds 8100 bytes\njetson: bad adds many bytes\njetson: far adds 99999999999999999999 bytes\n")
	var b bytes.Buffer
	if err := r.Timeline().Summary(&b, 80); err != nil {
		t.Fatal(err)
	}
	want := `
3.0s: 4 steps ran, 1 cached
  PART         RAN  CACHED  TIME  CCACHE  ADDS
  mesh 1.0     1    0       1.0s  -       1.2 MB
  python main  1    0       1.0s  -       2.50 GB
  image        1    0       1.0s  -       -
  tests        1    0       1.0s  -       -
  1 part more that adds 8 kB, all cached (1 step)
critical path: [mesh 1.0] cmake build 1.0s
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
	b.Reset()
	if err := r.Timeline().Page(&b, About{Title: "x"}); err != nil || !strings.Contains(b.String(), "· adds 2.50 GB") {
		t.Errorf("the page does not say what the world adds: %v", err)
	}
	// Two platforms are two images.
	r.Add(&client.SolveStatus{Vertexes: []*client.Vertex{{Digest: id("2"), Name: "[linux/arm64] [image] check coherence", Started: at(2), Completed: at(3)}}})
	r.Add(&client.SolveStatus{Logs: []*client.VertexLog{{Vertex: id("2"), Data: []byte("jetson: mesh adds 7 bytes\n")}}})
	if got := r.Timeline().Sizes(); got != nil {
		t.Errorf("two images have the sizes %v", got)
	}
}

// TestNodes: the graph's own word on a vertex goes before its name.
func TestNodes(t *testing.T) {
	r := record([]did{{"[thing 1] source of truth", 0, 1, nil, ""}, {"linux/arm64 [thing 1] script", 0, 1, nil, ""}, {"[thing 1] result", 1, 2, nil, ""}})
	r.Define(&pb.Definition{Metadata: map[string]*pb.OpMetadata{
		string(id("[thing 1] result")): {Description: map[string]string{llb.NodeKey: "out/thing"}},
	}})
	got := map[string]Kind{}
	for _, v := range r.Timeline().Vertices {
		got[v.Name] = v.Kind
		if v.Group != "thing 1" {
			t.Errorf("%s belongs to %q", v.Name, v.Group)
		}
	}
	want := map[string]Kind{"[thing 1] source of truth": Download, "linux/arm64 [thing 1] script": Compile, "[thing 1] result": Assemble}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
}

// TestInterrupted: what did not end ends with the build, and a vertex that was
// worked on twice has both times.
func TestInterrupted(t *testing.T) {
	r := record([]did{{"[a] one", 0, 4, nil, ""}, {"[b] two", 5, 6, nil, ""}})
	r.Add(&client.SolveStatus{Vertexes: []*client.Vertex{{Digest: id("[c]"), Name: "[c] open", Started: at(1)}, {Digest: id("[d]"), Name: "[d] never begun"}}})
	r.Add(&client.SolveStatus{Vertexes: []*client.Vertex{{Digest: id("[a] one"), Name: "[a] one", Started: at(5), Completed: at(7)}}})
	took := map[string]time.Duration{}
	for _, v := range r.Timeline().Vertices {
		took[v.Name] = v.Took()
	}
	if diff := cmp.Diff(map[string]time.Duration{"[a] one": 6 * time.Second, "[b] two": time.Second, "[c] open": 6 * time.Second}, took); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
}

// TestPage: it is well formed, needs nothing else, and what comes from outside
// stays text.
func TestPage(t *testing.T) {
	r := example()
	bad := `[evil "><script>alert(1)</script>] step`
	r.Add(&client.SolveStatus{Vertexes: []*client.Vertex{{Digest: id(bad), Name: bad, Started: at(1), Completed: at(2), Error: "</div><b>"}}})
	var b bytes.Buffer
	if err := r.Timeline().Page(&b, About{Title: "<stack>", Target: "linux/arm64", When: zero, Error: "it <failed>"}); err != nil {
		t.Fatal(err)
	}
	html := b.String()
	for _, no := range []string{"<script", "http:", "https:", "url(", "src=", "ZgotmplZ", "<b>\n", "it <failed>"} {
		if strings.Contains(html, no) {
			t.Errorf("the page has %q", no)
		}
	}
	for _, want := range []string{"&lt;stack&gt;", "30 of 40 (75%)", "view/links", "1m00s", `class="row crit compile"`} {
		if !strings.Contains(html, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	d := xml.NewDecoder(strings.NewReader(strings.Replace(regexp.MustCompile(`<(meta|link)([^>]*)>`).ReplaceAllString(html, "<$1$2/>"), "<!doctype html>", "", 1)))
	for {
		if _, err := d.Token(); err != nil {
			if err.Error() != "EOF" {
				t.Errorf("the page is not well formed: %v", err)
			}
			break
		}
	}
	if path := os.Getenv("JETSON_TEST_PAGE"); path != "" {
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestEmpty: a build that was refused before it began has nothing to tell.
func TestEmpty(t *testing.T) {
	tl := New().Timeline()
	var b bytes.Buffer
	if err := tl.Summary(&b, 0); err != nil || b.Len() > 0 {
		t.Errorf("%v %q", err, b.String())
	}
	if err := tl.Page(&b, About{Title: "x"}); err != nil {
		t.Error(err)
	}
}

func TestTicks(t *testing.T) {
	for _, took := range []float64{0.05, 1, 7, 65, 700, 4000, 20000, 80000} {
		tl := record([]did{{"[a] one", 0, took, nil, ""}}).Timeline()
		if n := len(tl.ticks()); n < 1 || n > 16 {
			t.Errorf("%g seconds have %d ticks: %v", took, n, fmt.Sprint(tl.ticks()))
		}
	}
}
