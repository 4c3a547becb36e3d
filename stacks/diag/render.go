package diag

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Style says how findings are written.
type Style struct {
	// Color switches ANSI colours on.
	Color bool
}

const (
	bold   = "\x1b[1m"
	red    = "\x1b[31m"
	yellow = "\x1b[33m"
	blue   = "\x1b[34m"
	reset  = "\x1b[0m"
)

func (s Style) paint(code, text string) string {
	if !s.Color {
		return text
	}
	return code + text + reset
}

// Render writes every finding of l with its line and a caret below it.
func (s Style) Render(w io.Writer, l List) error {
	var b strings.Builder
	for i, d := range l {
		if i > 0 {
			b.WriteByte('\n')
		}
		s.one(&b, d)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (s Style) one(b *strings.Builder, d Diagnostic) {
	head, color := "error", red
	if d.Severity == Warning {
		head, color = "warning", yellow
	}
	if d.Rule != "" {
		head += "[" + d.Rule + "]"
	}
	fmt.Fprintf(b, "%s: %s\n", s.paint(bold+color, head), s.paint(bold, d.Summary))
	pad := gutter(d)
	if d.Range.Known() {
		s.snippet(b, d.Range, pad, color, "")
	}
	for _, r := range d.Related {
		if r.Range.Known() {
			s.snippet(b, r.Range, pad, blue, r.Message)
		} else {
			s.note(b, pad, "note", r.Message)
		}
	}
	for line := range strings.Lines(d.Detail) {
		s.note(b, pad, "note", strings.TrimSuffix(line, "\n"))
	}
	if d.Help != "" {
		s.note(b, pad, "help", d.Help)
	}
}

// gutter is the width of the largest line number that d shows.
func gutter(d Diagnostic) int {
	widest := 1
	ranges := []Range{d.Range}
	for _, r := range d.Related {
		ranges = append(ranges, r.Range)
	}
	for _, r := range ranges {
		if r.Known() {
			widest = max(widest, len(fmt.Sprint(r.Pos().Line)))
		}
	}
	return widest
}

func (s Style) note(b *strings.Builder, pad int, kind, text string) {
	fmt.Fprintf(b, "%s %s %s: %s\n", strings.Repeat(" ", pad), s.paint(blue, "="), kind, text)
}

// snippet writes one source line and marks r in it. A range of several lines
// is marked to the end of its first.
func (s Style) snippet(b *strings.Builder, r Range, pad int, color, label string) {
	start, end := r.Pos(), r.EndPos()
	space := strings.Repeat(" ", pad)
	line := r.File.Line(start.Line)
	fmt.Fprintf(b, "%s%s %s\n", space, s.paint(blue, "-->"), r)
	if len(r.File.Data) == 0 {
		return
	}
	fmt.Fprintf(b, "%s %s\n", space, s.paint(blue, "|"))
	fmt.Fprintf(b, "%s %s %s\n", s.paint(blue, fmt.Sprintf("%*d", pad, start.Line)), s.paint(blue, "|"), strings.ReplaceAll(line, "\t", " "))
	from := min(start.Col-1, len(line))
	to := len(line)
	if end.Line == start.Line {
		to = min(end.Col, len(line))
	}
	width := max(1, utf8.RuneCountInString(line[from:max(from, to)]))
	mark := strings.Repeat(" ", utf8.RuneCountInString(line[:from])) + s.paint(color, strings.Repeat("^", width))
	if label != "" {
		mark += " " + s.paint(color, label)
	}
	fmt.Fprintf(b, "%s %s %s\n", space, s.paint(blue, "|"), mark)
}
