package tree

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/jetson-frontend/stacks/diag"
)

// outline is a tree in one line: its keys, a broken one with a question mark.
func outline(v *Value) string {
	var parts []string
	for _, f := range v.Fields {
		switch f.Value.Kind {
		case Broken:
			parts = append(parts, f.Name+"?")
		case Table:
			parts = append(parts, f.Name+"{"+outline(f.Value)+"}")
		case Array:
			items := ""
			for _, i := range f.Value.Items {
				if i.Kind == Table {
					items += "{" + outline(i) + "}"
				}
			}
			parts = append(parts, f.Name+"["+items+"]")
		default:
			parts = append(parts, f.Name)
		}
	}
	return strings.Join(parts, " ")
}

// TestParseAround: what can be told of a text with errors, and where they are.
func TestParseAround(t *testing.T) {
	for _, tc := range []struct{ name, text, tree, at string }{
		{"nothing wrong", "a = 1\n[b]\nc = 2\n", "a b{c}", ""},
		{"no quotes", "a = flann\nb = 12.6.3\nc = 1\n", "a? b? c", "1:5 2:5"},
		{"no value", "a =\nb = 1\n", "a? b", "1:4"},
		{"a string without end", "a = \"x\nb = 1\n", "a? b", "1:7"},
		{"twice", "a = 1\nb = 2\na = 3\n", "a b", "3:1"},
		{"in a table", "[t]\nk = v\nl = 1\n[[u]]\nm.n = o\n[[u]]\nm = 1\n", "t{k? l} u[{m{n?}}{m}]", "2:5 5:7"},
		{"at the end", "[t]\na = 1\nb = c", "t{a b?}", "3:5"},
		{"a list", "a = [\n  \"x\",\n  y,\n]\nb = 1\n", "a? b", "3:3"},
		{"a list without end", "a = [\n  \"x\",\nb = 1\nc = d\n", "a? b c?", "1:1 4:5"},
		{"a list without end before a table", "[t]\na = [\n  1,\n[u]\nb = 1\n", "t{a?} u{b}", "2:1"},
		{"a list begun wrongly", "a = [\"x\" \"y\",\n  \"z\",\n]\nb = 1\n", "a? b", "1:10"},
		{"an inline table", "a = [{ b = 1 c = 2 }]\nd = 1\n", "a? d", "1:14"},
		{"a quoted key", "\"a b\".c = d\ne = 1\n", "a b{c?} e", "1:11"},
		{"words between", "a = b\n# a comment\n\nc = 1\n", "a? c", "1:5"},
		{"a header", "a = 1\n[t\nb = c\n", "-", "2:3"},
		{"a stray word", "a = 1\nhello\nb = 2\n", "-", "2:6"},
		{"a string of several lines", "a = \"\"\"\nx = 1\ny = 2\n", "-", "3:5"},
		{"an error and then a header", "a = b\n[t\n", "-", "1:5 2:3"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v, diags := ParseAround(&diag.File{Name: "f", Data: []byte(tc.text)})
			got := "-"
			if v != nil {
				got = outline(v)
			}
			if diff := cmp.Diff(tc.tree, got); diff != "" {
				t.Errorf("the tree: want -, got +:\n%s", diff)
			}
			var at []string
			for _, d := range diags {
				at = append(at, fmt.Sprintf("%d:%d", d.Range.Pos().Line, d.Range.Pos().Col))
			}
			if diff := cmp.Diff(tc.at, strings.Join(at, " ")); diff != "" {
				t.Errorf("the places: want -, got +:\n%s", diff)
			}
		})
	}
}

// The work for a text is bounded by what is read of it: a text of many errors is
// not read anew for each, and one of many keys not at all.
func TestBounds(t *testing.T) {
	count := func(text string) (*Value, diag.List) {
		return ParseAround(&diag.File{Name: "f", Data: []byte(text)})
	}
	for _, tc := range []struct {
		name, text string
		rule       string
		most       int
	}{
		{"many errors", strings.Repeat("k=x\n", 16_000), "toml-syntax", minTries + 1},
		{"errors of a short text", strings.Repeat("k=x\n", 200), "toml-syntax", maxTries + 1},
		{"keys", strings.Repeat("k=1\n", maxKeys+1), "file-size", 1},
		{"keys of one line", "a={" + strings.Repeat("k=1,", maxKeys) + "k=1}", "file-size", 1},
		{"tables", strings.Repeat("[a]\n", maxTables+2), "file-size", 1},
		{"bytes", strings.Repeat("#\n", MaxFileSize), "file-size", 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v, diags := count(tc.text)
			if v != nil || len(diags) == 0 || len(diags) > tc.most || diags[0].Rule != tc.rule {
				t.Errorf("the tree is %v, with %d findings, at most %d of rule %s", v, len(diags), tc.most, tc.rule)
			}
		})
	}
}

// Many fields are found by an index, as few are without.
func TestManyFields(t *testing.T) {
	for _, n := range []int{1, manyFields, manyFields + 1, 1000} {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "k%d = %d\n", i, i)
		}
		v, diags := Parse(&diag.File{Name: "f", Data: []byte(b.String())})
		if len(diags) > 0 || len(v.Fields) != n {
			t.Fatalf("%d fields of %d: %v", len(v.Fields), n, diags)
		}
		if (v.places != nil) != (n > manyFields) {
			t.Errorf("with %d fields there is an index: %t", n, v.places != nil)
		}
		for i := range n {
			if f := v.Field(fmt.Sprintf("k%d", i)); f == nil || f.Raw != fmt.Sprint(i) {
				t.Fatalf("the field k%d is %v", i, f)
			}
		}
		if v.Field("nowhere") != nil {
			t.Error("a field that is not there was found")
		}
	}
}

func BenchmarkManyTables(b *testing.B) {
	var text strings.Builder
	for i := range maxTables {
		fmt.Fprintf(&text, "[a.b%d]\n", i)
	}
	f := &diag.File{Name: "f", Data: []byte(text.String())}
	for b.Loop() {
		if _, diags := Parse(f); len(diags) > 0 {
			b.Fatal(diags)
		}
	}
}
