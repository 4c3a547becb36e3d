package llb_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"

	"github.com/org/jetson-frontend/llb"
	"github.com/org/jetson-frontend/llb/graph"
	"github.com/org/jetson-frontend/stacks/plan"
)

// shuffled lists every folder in another order each time: nothing may depend
// on how a file system counts.
type shuffled struct{ fs.FS }

func (s shuffled) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(s.FS, name)
	rand.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
	return entries, err
}

func (s shuffled) ReadFile(name string) ([]byte, error) { return fs.ReadFile(s.FS, name) }

const freshProcess = "JETSON_TEST_FRESH_PROCESS"

// TestDeterminism compiles in 25 fresh processes, each with its own order of
// maps and files, and expects the same bytes.
func TestDeterminism(t *testing.T) {
	if os.Getenv(freshProcess) != "" {
		fmt.Println("digest", wholeDigest(t, shuffled{archive(t, "testdata/laws.txtar")}))
		return
	}
	exe, err := os.Executable()
	must(t, err)
	want := ""
	for i := range 25 {
		cmd := exec.Command(exe, "-test.run=^TestDeterminism$", "-test.v")
		// What must not matter: the environment and the place.
		cmd.Env = []string{freshProcess + "=1", "TZ=Pacific/Auckland", fmt.Sprintf("HOME=/nowhere/%d", i), "LANG=tr_TR.UTF-8", "SOURCE_DATE_EPOCH=12345"}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		got := ""
		for line := range strings.Lines(string(out)) {
			if d, ok := strings.CutPrefix(line, "digest "); ok {
				got = strings.TrimSpace(d)
			}
		}
		if got == "" {
			t.Fatalf("no digest in:\n%s", out)
		}
		if want == "" {
			want = got
		}
		if got != want {
			t.Fatalf("process %d gave %s, the first %s", i, got, want)
		}
	}
}

// wholeDigest covers the plan and both definitions, metadata included.
func wholeDigest(t *testing.T, fsys fs.FS) string {
	h := sha256.New()
	p := planOf(t, fsys)
	text, err := p.Canonical()
	must(t, err)
	h.Write(text)
	b := compile(t, p, "amd64")
	for _, st := range []bk.State{b.Result, b.Checks} {
		def, err := b.Definition(st)
		must(t, err)
		for _, dt := range def.Def {
			h.Write(dt)
		}
		for _, k := range sortedKeys(def.Metadata) {
			fmt.Fprintln(h, k, def.Metadata[k].Description, def.Metadata[k].ProgressGroup)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// TestPlanRoundTrip: the plan is one value, in memory and as JSON.
func TestPlanRoundTrip(t *testing.T) {
	p := planOf(t, archive(t, "testdata/laws.txtar"))
	text, err := p.Canonical()
	must(t, err)
	back, err := plan.Decode(text)
	must(t, err)
	if diff := cmp.Diff(p, back); diff != "" {
		t.Errorf("the plan does not survive JSON:\n%s", diff)
	}
	again, err := back.Canonical()
	must(t, err)
	if !bytes.Equal(text, again) {
		t.Error("its second encoding differs from the first")
	}
}

func ops(t *testing.T, b *llb.Build, st bk.State) []*pb.Op {
	t.Helper()
	def, err := b.Definition(st)
	must(t, err)
	var out []*pb.Op
	for _, dt := range def.Def {
		op := &pb.Op{}
		must(t, op.UnmarshalVT(dt))
		out = append(out, op)
	}
	return out
}

// TestWithoutMerge: a daemon that cannot merge gets copies instead, and no
// vertex that it does not know.
func TestWithoutMerge(t *testing.T) {
	p := planOf(t, archive(t, "testdata/laws.txtar"))
	for _, merge := range []bool{true, false} {
		b, err := llb.Compile(t.Context(), p, llb.Options{Options: graph.Options{Build: "amd64"}, Caps: llb.Caps{Merge: merge}})
		must(t, err)
		merges := 0
		for _, op := range append(ops(t, b, b.Result), ops(t, b, b.Checks)...) {
			if op.GetMerge() != nil {
				merges++
			}
		}
		if merge != (merges > 0) {
			t.Errorf("with Merge %v there are %d merges", merge, merges)
		}
	}
}

// TestMirrorsTouchFetchesOnly: a mirror changes where bytes come from; nothing
// but what fetches them may know it.
func TestMirrorsTouchFetchesOnly(t *testing.T) {
	p := planOf(t, archive(t, "testdata/laws.txtar"))
	with := func(m llb.Mirrors) *llb.Build {
		b, err := llb.Compile(t.Context(), p, llb.Options{Options: graph.Options{Build: "amd64"}, Caps: capable, Mirrors: m})
		must(t, err)
		return b
	}
	mirrors, err := llb.ParseMirrors("http://example.invalid/main=http://127.0.0.1:1/main https://example.invalid=https://127.0.0.1:1,https://vendor.invalid=http://127.0.0.1:2 https://pypi.org=http://127.0.0.1:3")
	must(t, err)
	own := func(b *llb.Build) map[string]bool {
		out := map[string]bool{}
		for _, op := range append(ops(t, b, b.Result), ops(t, b, b.Checks)...) {
			if e := op.GetExec(); e != nil && !strings.HasSuffix(e.Meta.Args[1], "-fetch.sh") {
				out[strings.Join(append(e.Meta.Args, e.Meta.Env...), "\x00")] = true
			}
			if strings.Contains(op.String(), "127.0.0.1") && op.GetSource() == nil && op.GetFile() == nil {
				t.Errorf("a mirror is named outside a fetch: %v", op)
			}
		}
		return out
	}
	if diff := cmp.Diff(own(with(nil)), own(with(mirrors))); diff != "" {
		t.Errorf("mirrors changed what is run:\n%s", diff)
	}
	if got := indexes(t, with(mirrors))[0]; got != "http://127.0.0.1:3/simple\n" {
		t.Errorf("pip's index is %q", got)
	}
}

// indexes are the files that tell pip where to look, one for each download.
func indexes(t *testing.T, b *llb.Build) []string {
	var out []string
	for _, op := range append(ops(t, b, b.Result), ops(t, b, b.Checks)...) {
		for _, a := range op.GetFile().GetActions() {
			if f := a.GetMkfile(); f != nil && strings.HasSuffix(f.Path, "/indexes") {
				out = append(out, string(f.Data))
			}
		}
	}
	if len(out) == 0 {
		t.Fatal("no download of Python packages")
	}
	return out
}

// TestNamedIndex: where a stack names an index, PyPI is asked for nothing.
func TestNamedIndex(t *testing.T) {
	fsys := archive(t, "testdata/laws.txtar")
	fsys["stack.toml"].Data = bytes.Replace(fsys["stack.toml"].Data, []byte("[python.main]\n"), []byte("[python.main]\nindex = \"https://own.example/simple\"\n"), 1)
	for _, got := range indexes(t, compile(t, planOf(t, fsys), "amd64")) {
		if got != "https://own.example/simple\n" {
			t.Errorf("pip's indexes are %q", got)
		}
	}
}

// TestHostileValues: whatever a stack says reaches a shell as an argument or
// an environment variable. The texts that a shell reads are ours alone, except
// those that are meant as scripts.
func TestHostileValues(t *testing.T) {
	fsys := archive(t, "testdata/laws.txtar")
	evil := `$(touch /pwned) \"; rm -rf / #`
	for _, name := range []string{"lib", "app", "other", "chk", "whl", "ws", "ws2"} {
		f := "components/a/" + name + ".toml"
		fsys[f].Data = bytes.ReplaceAll(fsys[f].Data, []byte(`OPTION = "old"`), []byte(`OPTION = "`+evil+`"`))
	}
	fsys["components/a/files.toml"].Data = bytes.ReplaceAll(fsys["components/a/files.toml"].Data, []byte(`content = "old"`), []byte(`content = "`+evil+`"`))
	fsys["stack.toml"].Data = append(fsys["stack.toml"].Data, []byte("[[test]]\nname = \"evil\"\nrun = [\"echo\", \""+evil+"\"]\nstdout.contains = [\""+evil+"\"]\n")...)
	clean := scripts(t, compile(t, planOf(t, archive(t, "testdata/laws.txtar")), "amd64"))
	b := compile(t, planOf(t, fsys), "amd64")
	if diff := cmp.Diff(clean, scripts(t, b)); diff != "" {
		t.Errorf("what a stack says changed what a shell reads:\n%s", diff)
	}
	found := false
	for _, op := range append(ops(t, b, b.Result), ops(t, b, b.Checks)...) {
		e := op.GetExec()
		if e == nil {
			continue
		}
		if e.Meta.Args[0] != "/bin/sh" || !strings.HasPrefix(e.Meta.Args[1], "/run/jetson/op/") {
			t.Errorf("an exec does not run one of our scripts: %q", e.Meta.Args)
		}
		found = found || slices.ContainsFunc(e.Meta.Args[2:], func(a string) bool { return strings.Contains(a, "$(touch /pwned)") })
		if e.Network != pb.NetMode_NONE && !strings.HasSuffix(e.Meta.Args[1], "/apt-fetch.sh") && !strings.HasSuffix(e.Meta.Args[1], "/pip-fetch.sh") {
			t.Errorf("%q has a network", e.Meta.Args)
		}
		if e.Security != pb.SecurityMode_SANDBOX {
			t.Errorf("%q is not sandboxed", e.Meta.Args)
		}
	}
	if !found {
		t.Error("the hostile value is nowhere: this test looks at the wrong thing")
	}
}

// scripts are the texts of the files that end in .sh.
func scripts(t *testing.T, b *llb.Build) map[string]string {
	out := map[string]string{}
	for _, op := range append(ops(t, b, b.Result), ops(t, b, b.Checks)...) {
		for _, a := range op.GetFile().GetActions() {
			if f := a.GetMkfile(); f != nil && strings.HasSuffix(f.Path, ".sh") {
				out[f.Path] = string(f.Data)
			}
		}
	}
	return out
}

// TestStacksShareVertices: a component's vertices do not depend on what else
// is in the stack.
func TestStacksShareVertices(t *testing.T) {
	fsys := archive(t, "testdata/laws.txtar")
	all := digests(t, compile(t, planOf(t, fsys), "amd64"))
	fsys["stack.toml"].Data = []byte("stack = \"lib\"\nplatform = \"test-1\"\n")
	b := compile(t, planOf(t, fsys), "amd64")
	alone := digests(t, b)
	shared := 0
	for _, n := range b.Graph.Nodes {
		if n.Component != "lib" || strings.Contains(n.ID, "test") {
			continue
		}
		shared++
		if all[n.ID] != alone[n.ID] {
			t.Errorf("%s differs with its neighbours", n.ID)
		}
	}
	if shared < 8 {
		t.Errorf("only %d vertices were compared", shared)
	}
}

// TestOrderOfNeighbours: the order in which a component's needs are merged is
// its own, and not that in which the stack comes to them.
func TestOrderOfNeighbours(t *testing.T) {
	fsys := archive(t, "testdata/laws.txtar")
	add := func(name, links string) {
		fsys["components/a/"+name+".toml"] = &fstest.MapFile{Data: fmt.Appendf(nil,
			"name = %q\n[[needs]]\nlink = [%s]\n[[step]]\nkind = \"script\"\nrun = \"true\"\noutputs = [\"/usr/local/x\"]\n", name, links)}
	}
	add("first", "")
	add("second", "")
	add("both", `"first", "second"`)
	add("before", `"second"`)
	made := func(stack string) map[string]digest.Digest {
		fsys["stack.toml"] = &fstest.MapFile{Data: fmt.Appendf(nil, "stack = %q\nplatform = \"test-1\"\n", stack)}
		return digests(t, compile(t, planOf(t, fsys), "amd64"))
	}
	alone, together := made("both"), made("before+both")
	for _, id := range []string{"step/both/script-1", "step/first/script-1", "step/second/script-1"} {
		if alone[id] == "" || alone[id] != together[id] {
			t.Errorf("%s differs with a neighbour", id)
		}
	}
}

// TestTestsThatNeedAGPU: a daemon that knows no devices is not sent one.
func TestTestsThatNeedAGPU(t *testing.T) {
	p := planOf(t, archive(t, "testdata/laws.txtar"))
	p.Tests = append(p.Tests, plan.Test{Name: "on-gpu", Argv: []string{"true"}, GPU: true})
	o := llb.Options{Options: graph.Options{Build: "amd64", GPU: true}, Caps: capable}
	if _, err := llb.Compile(t.Context(), p, o); err == nil || !strings.Contains(err.Error(), "the test on-gpu needs a GPU, and this builder cannot give it one") {
		t.Errorf("without devices: %v", err)
	}
	o.Caps.CDI = true
	if _, err := llb.Compile(t.Context(), p, o); err != nil {
		t.Error(err)
	}
}

// TestScriptsMountWhatTheyUse: a script compiles nothing that a cache knows.
func TestScriptsMountWhatTheyUse(t *testing.T) {
	scripts := 0
	b := compile(t, planOf(t, archive(t, "testdata/laws.txtar")), "amd64")
	for _, op := range ops(t, b, b.Result) {
		e := op.GetExec()
		if e == nil || !strings.HasSuffix(e.Meta.Args[1], "/script.sh") {
			continue
		}
		scripts++
		for _, m := range e.Mounts {
			if m.MountType == pb.MountType_CACHE {
				t.Errorf("a script mounts the cache %s", m.CacheOpt.GetID())
			}
		}
	}
	if scripts == 0 {
		t.Error("there is no script: this test looks at the wrong thing")
	}
}
