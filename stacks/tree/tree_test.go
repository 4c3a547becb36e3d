package tree

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	burnt "github.com/BurntSushi/toml"

	"github.com/org/jetson-frontend/stacks/diag"
)

func parse(t testing.TB, text string) *Value {
	t.Helper()
	v, diags := Parse(&diag.File{Name: "x.toml", Data: []byte(text)})
	if err := diags.Err(); err != nil {
		t.Fatal(err)
	}
	return v
}

// at is the text of a range.
func at(r diag.Range) string { return string(r.File.Data[r.Start:r.End]) }

func TestPositions(t *testing.T) {
	v := parse(t, `name = "x" # a comment
dotted.key.deep = 1
list = [ "a", 'b',
  "c" ]
inline = { p = true, "q r" = 1.5 }
multi = """
two
lines"""

[table.sub]
k = "v"
[[array]]
n = 1
[[array]]
n = 2
[array.inner]
m = 3
`)
	for path, want := range map[string]string{
		"name": `"x"`, "dotted.key.deep": "1", "list": `"a", 'b',` + "\n  " + `"c"`, "list.1": `'b'`, "inline.p": "true", "inline.q r": "1.5",
		"multi": "\"\"\"\ntwo\nlines\"\"\"", "table.sub.k": `"v"`, "array.0.n": "1", "array.1.n": "2", "array.1.inner.m": "3",
	} {
		got := v
		for part := range strings.SplitSeq(path, ".") {
			if got.Kind == Array {
				var i int
				fmt.Sscan(part, &i)
				got = got.Items[i]
				continue
			}
			if got = got.Field(part); got == nil {
				t.Fatalf("%s: there is no %s", path, part)
			}
		}
		if at(got.At) != want {
			t.Errorf("%s is at %q, want %q", path, at(got.At), want)
		}
	}
	if got := v.Field("multi").Raw; got != "two\nlines" {
		t.Errorf("the multi-line string is %q", got)
	}
	if got := at(v.Field("name").Inside(0, 1)); got != "x" {
		t.Errorf("inside the string is %q", got)
	}
}

func TestBindReportsAll(t *testing.T) {
	var dst struct {
		At    diag.Range `toml:",at"`
		Name  Text       `toml:"name,required"`
		Count int        `toml:"count"`
		On    bool       `toml:"on"`
		Words Words      `toml:"words"`
		Free  Map[Text]  `toml:"free"`
	}
	var d Decoder
	d.BindFields(parse(t, "count = \"3\"\non = 1\nnmae = \"x\"\nwords = [1]\nfree = { b = \"2\", a = \"1\" }\n"), "a test", &dst)
	var got []string
	for _, g := range d.Diags.Sorted() {
		got = append(got, fmt.Sprintf("%d %s", g.Range.Pos().Line, g.Rule))
	}
	want := []string{"1 missing-key", "1 wrong-type", "2 wrong-type", "3 unknown-key", "4 wrong-type"}
	if !slices.Equal(got, want) {
		t.Errorf("findings %v, want %v", got, want)
	}
	if len(dst.Free) != 2 || dst.Free[0].Key.V != "a" {
		t.Errorf("a free table is sorted by key: %v", dst.Free)
	}
}

// flat lists every key of a table with its value's kind, as BurntSushi counts
// them.
func flat(prefix string, v *Value, out map[string]string) {
	for _, f := range v.Fields {
		key := prefix + fmt.Sprintf("%q", f.Name)
		switch {
		case f.Value.Kind == Table:
			out[key] = "table"
			flat(key+".", f.Value, out)
		case f.Value.Kind == Array && len(f.Value.Items) > 0 && f.Value.Items[0].Kind == Table:
			out[key] = "array"
			for _, item := range f.Value.Items {
				if item.Kind == Table {
					flat(key+".", item, out)
				}
			}
		default:
			out[key] = "value"
		}
	}
}

func flatMap(prefix string, m map[string]any, out map[string]string) {
	for k, v := range m {
		key := prefix + fmt.Sprintf("%q", k)
		switch v := v.(type) {
		case map[string]any:
			out[key] = "table"
			flatMap(key+".", v, out)
		case []map[string]any:
			out[key] = "array"
			for _, item := range v {
				flatMap(key+".", item, out)
			}
		case []any:
			out[key] = "value"
			if len(v) > 0 {
				if _, ok := v[0].(map[string]any); ok {
					out[key] = "array"
					for _, item := range v {
						if m, ok := item.(map[string]any); ok {
							flatMap(key+".", m, out)
						}
					}
				}
			}
		default:
			out[key] = "value"
		}
	}
}

// FuzzParse holds the tree against BurntSushi/toml, an independent reader: a
// text that both accept must have the same keys. It also must never panic, and
// every range must lie in the text.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"a = 1\n[b]\nc = \"x\"\n[[d]]\ne.f = [1, 2]\n", "x = { y = { z = 1 } }\n", "\"quo ted\".k = 'v'\n", "a = [[1], [2]]\n[a.b]\n", "# only a comment",
		"[a]\nb.c = 1\n[a.b.d]\n", "d = 1979-05-27T07:32:00Z\n", "s = \"\"\"\\\n  x\"\"\"\n", "[[a]]\n[[a.b]]\n[[a]]\n[a.b]\nc=1\n", "a = [{x = 1}, {y = 2}]", "a = [[0], []]",
		"a = b\nc = [\n1,\nd\n]\n[e]\nf = \"g\nf = 1\nf = 2\n", "a = [\n1,\nb = 2\n[[c]]\nd.e = x\nd.e.f = y\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, diags := Parse(&diag.File{Name: "f", Data: data})
		around, more := ParseAround(&diag.File{Name: "f", Data: data})
		if (len(more) == 0) != (len(diags) == 0) || v != nil && around == nil {
			t.Fatalf("with errors gone around the findings are %v, without %v", more, diags)
		}
		diags = append(diags, more...)
		for _, d := range diags {
			if p := d.Range; p.Start < 0 || p.End > len(data) || p.Start > p.End {
				t.Fatalf("the range %d-%d is outside of %d bytes", p.Start, p.End, len(data))
			}
		}
		var check func(v *Value)
		check = func(v *Value) {
			if v.At.Start < 0 || v.At.End > len(data) || v.At.Start > v.At.End {
				t.Fatalf("the range %d-%d is outside of %d bytes", v.At.Start, v.At.End, len(data))
			}
			for _, i := range v.Items {
				check(i)
			}
			for _, f := range v.Fields {
				check(f.Value)
			}
		}
		if around != nil {
			check(around)
		}
		if v == nil {
			return
		}
		check(v)
		var m map[string]any
		if _, err := burnt.Decode(string(data), &m); err != nil {
			return // stricter or of another version of TOML; not our question
		}
		got, want := map[string]string{}, map[string]string{}
		flat("", v, got)
		flatMap("", m, want)
		for k, kind := range want {
			if got[k] != kind {
				t.Errorf("key %s is a %q here and a %q there", k, got[k], kind)
			}
		}
		for k := range got {
			if want[k] == "" {
				t.Errorf("key %s is only here", k)
			}
		}
	})
}
