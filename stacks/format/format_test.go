package format_test

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/org/jetson-frontend/internal/badstacks"
	"github.com/org/jetson-frontend/internal/genstack"
	"github.com/org/jetson-frontend/internal/harness"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/format"
)

func formatted(t testing.TB, name string, src []byte) []byte {
	t.Helper()
	out, err := format.Source(&diag.File{Name: name, Data: src})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return out
}

func TestFormat(t *testing.T) {
	ar, err := txtar.ParseFile("testdata/all.txtar")
	if err != nil {
		t.Fatal(err)
	}
	got := formatted(t, "in.toml", ar.Files[0].Data)
	if diff := cmp.Diff(string(ar.Files[1].Data), string(got)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// corpus is every TOML file of the repository, of the table of broken stacks
// and of a generated catalog, as far as it is TOML.
func corpus(t testing.TB) map[string][]byte {
	t.Helper()
	root, err := harness.Root()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{"generated stack": genstack.Stack(5)}
	for name, f := range genstack.Catalog(4) {
		out[name] = f.Data
	}
	for _, dir := range []string{"examples", "stacks"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(p string, d fs.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(p, ".toml") {
				out[p], err = os.ReadFile(p)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	cases, err := badstacks.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		for name, f := range c.Files {
			if strings.HasSuffix(name, ".toml") {
				out[c.Name+"/"+name] = f.Data
			}
		}
	}
	for name, data := range out {
		var v map[string]any
		if toml.Unmarshal(data, &v) != nil {
			delete(out, name)
		}
	}
	if len(out) < 10 {
		t.Fatalf("the corpus has %d files only", len(out))
	}
	return out
}

// check holds a text to the two laws of formatting. The meaning is what another
// decoder than the formatter's own reads.
func check(t *testing.T, name string, src []byte) {
	t.Helper()
	var before, after, again map[string]any
	if toml.Unmarshal(src, &before) != nil {
		return
	}
	out, err := format.Source(&diag.File{Name: name, Data: src})
	if errors.Is(err, format.ErrChanged) {
		t.Fatalf("%v\n%s", err, src)
	}
	if err != nil {
		return // what one decoder takes and the other does not
	}
	if err := toml.Unmarshal(out, &after); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	if !reflect.DeepEqual(before, after) {
		t.Errorf("%s: the meaning changed: %s", name, cmp.Diff(before, after))
	}
	twice := formatted(t, name, out)
	if err := toml.Unmarshal(twice, &again); err != nil || string(twice) != string(out) {
		t.Errorf("%s: formatting twice differs: %s", name, cmp.Diff(string(out), string(twice)))
	}
}

func TestMeaningStays(t *testing.T) {
	for name, src := range corpus(t) {
		check(t, name, src)
	}
}

// TestCatalogIsFormatted: the catalog's components are as the formatter writes
// them.
func TestCatalogIsFormatted(t *testing.T) {
	seen := 0
	for name, src := range corpus(t) {
		if !strings.Contains(name, "/stacks/catalog/components/") {
			continue
		}
		seen++
		if diff := cmp.Diff(string(src), string(formatted(t, name, src))); diff != "" {
			t.Errorf("%s is not formatted: jetson fmt writes it\n%s", name, diff)
		}
	}
	if seen < 20 {
		t.Errorf("%d components are too few to compare", seen)
	}
}

// TestDisarranged formats files whose white space was disarranged: the result
// means the same, and blank lines and line breaks apart it is the same text.
func TestDisarranged(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for name, src := range corpus(t) {
		want := formatted(t, name, src)
		for range 20 {
			check(t, name, disarrange(rng, want))
		}
	}
}

// disarrange adds spaces around what may have them on lines that hold no
// quotes, and comments behind them.
func disarrange(rng *rand.Rand, src []byte) []byte {
	var b strings.Builder
	for line := range strings.Lines(string(src)) {
		if strings.ContainsAny(line, `"'#`) || rng.IntN(2) == 0 {
			b.WriteString(line)
			continue
		}
		line = strings.TrimSuffix(line, "\n")
		line = strings.ReplaceAll(line, " = ", strings.Repeat(" ", rng.IntN(4))+"="+strings.Repeat("\t", rng.IntN(3)))
		line = strings.ReplaceAll(line, ", ", strings.Repeat(" ", rng.IntN(3))+","+strings.Repeat(" ", rng.IntN(3)))
		b.WriteString(line + strings.Repeat(" ", rng.IntN(3)) + "\n")
	}
	return []byte(b.String())
}

func TestNotTOML(t *testing.T) {
	_, err := format.Source(&diag.File{Name: "x.toml", Data: []byte("a = \n")})
	if list, ok := diag.From(err); !ok || list[0].Rule != "toml-syntax" {
		t.Errorf("got %v", err)
	}
}

func FuzzFormat(f *testing.F) {
	for _, src := range corpus(f) {
		f.Add(string(src))
	}
	f.Fuzz(func(t *testing.T, src string) { check(t, "fuzz", []byte(src)) })
}

// A text that grows beyond what is read is left as it is, for that reason.
func TestGrowsTooLarge(t *testing.T) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s=1\n", strings.Repeat("k", 80))
	for i := range 8000 {
		fmt.Fprintf(&b, "k%d=1\n", i)
	}
	_, err := format.Source(&diag.File{Name: "f", Data: []byte(b.String())})
	if err == nil || errors.Is(err, format.ErrChanged) || !strings.Contains(err.Error(), "in this form") {
		t.Errorf("the error is %v", err)
	}
}
