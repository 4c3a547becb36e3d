package diag_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/jetson-frontend/stacks/diag"
)

// at is the range of the part of a text that stands between « and ».
func at(text string) diag.Range {
	start := strings.Index(text, "«")
	text = strings.Replace(text, "«", "", 1)
	end := strings.Index(text, "»")
	text = strings.Replace(text, "»", "", 1)
	return diag.Range{File: &diag.File{Name: "f.toml", Data: []byte(text)}, Start: start, End: end}
}

func TestRender(t *testing.T) {
	for _, c := range []struct{ name, text, line, mark string }{
		{"plain", "a = «1»\n", "a = 1", "    ^"},
		{"tab", "\ta = «1»", " a = 1", "     ^"},
		{"escape sequence", "a = \"\x1b]0;x\a\x1b[31m\" = «b»", `a = "\x1b]0;x\x07\x1b[31m" = b`, strings.Repeat(" ", 29) + "^"},
		{"NUL and CR", "a\x00\rb = «1»", `a\x00\x0db = 1`, strings.Repeat(" ", 13) + "^"},
		{"C1", "\u009b = «1»", `\u009b = 1`, strings.Repeat(" ", 9) + "^"},
		{"direction of writing", "\u202e = «\u2066x»", `\u202e = \u2066x`, strings.Repeat(" ", 9) + "^^^^^^^"},
		{"no UTF-8", "\xff = «1»", `\xff = 1`, "       ^"},
		{"wide", "名前 = «値»", "名前 = 値", "       ^^"},
		{"a mark on a letter", "e\u0301 = «1»", "e\u0301 = 1", "    ^"},
		{"end of line", "abc«\n»", "abc", "   ^"},
		{
			"long before", strings.Repeat("x", 5000) + "«b»" + strings.Repeat("y", 5000),
			"…" + strings.Repeat("x", 60) + "b" + strings.Repeat("y", 99) + "…", strings.Repeat(" ", 61) + "^",
		},
		{"long mark", "a = «" + strings.Repeat("x", 500000) + "»", "a = " + strings.Repeat("x", 156) + "…", "    " + strings.Repeat("^", 156)},
		{"long and wide", strings.Repeat("値", 300) + "«b»", "…" + strings.Repeat("値", 30) + "b", strings.Repeat(" ", 61) + "^"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b strings.Builder
			if err := (diag.Style{}).Render(&b, diag.List{diag.Errorf("rule", at(c.text), "what")}); err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(b.String(), "\n")
			if diff := cmp.Diff([]string{"1 | " + c.line, "  | " + c.mark}, lines[3:5]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What a finding quotes of a file is made visible and bounded too, and so are
// the findings of a run.
func TestRenderIsBounded(t *testing.T) {
	file := &diag.File{Name: "a\x1b[1m.toml", Data: []byte(strings.Repeat("x\n", 5000))}
	var list diag.List
	for i := range 5000 {
		d := diag.Warnf("rule", diag.Range{File: file, Start: 2 * i, End: 2*i + 1}, "\x1b[2J%s", strings.Repeat("x", 5000))
		if i == 4000 {
			d.Severity = diag.Error
		}
		list = append(list, d)
	}
	var b strings.Builder
	if err := (diag.Style{}).Render(&b, list); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	if strings.Contains(text, "\x1b") {
		t.Error("an escape character got out")
	}
	if n := strings.Count(text, "[rule]"); n != diag.MaxShown {
		t.Errorf("%d findings are shown", n)
	}
	if !strings.Contains(text, "error[rule]") || !strings.HasSuffix(text, fmt.Sprintf("\n… and %d more\n", 5000-diag.MaxShown)) {
		t.Errorf("the error or the rest is not said: …%q", text[len(text)-100:])
	}
	if len(text) > 300_000 {
		t.Errorf("%d bytes are written", len(text))
	}
}

// Places are found by an index of lines: the text is read once for all of them.
func TestPositions(t *testing.T) {
	f := &diag.File{Data: []byte("a\n\nbc\r\nd")}
	var got []string
	for i := range len(f.Data) + 1 {
		p := diag.Range{File: f, Start: i}.Pos()
		got = append(got, fmt.Sprintf("%d:%d", p.Line, p.Col))
	}
	if diff := cmp.Diff(strings.Fields("1:1 1:2 2:1 3:1 3:2 3:3 3:4 4:1 4:2"), got); diff != "" {
		t.Error(diff)
	}
	var lines []string
	for n := range 6 {
		lines = append(lines, f.Line(n))
	}
	if diff := cmp.Diff([]string{"", "a", "", "bc", "d", ""}, lines); diff != "" {
		t.Error(diff)
	}
}

func BenchmarkPositions(b *testing.B) {
	text := []byte(strings.Repeat("key = 1\n", 60_000))
	for b.Loop() {
		f := &diag.File{Data: text}
		for i := 0; i < len(text); i += 8 {
			if (diag.Range{File: f, Start: i}).Pos().Line == 0 {
				b.Fatal("no line")
			}
		}
	}
}
