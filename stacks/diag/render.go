package diag

import (
	"fmt"
	"io"
	"strings"
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

// MaxShown bounds the findings that are shown of one run: nobody reads more, and
// a broken file may have one for each of its lines.
const MaxShown = 100

// Render writes the findings of l with their lines and a caret below each.
func (s Style) Render(w io.Writer, l List) error {
	var b strings.Builder
	shown := l.first(MaxShown)
	for i, d := range shown {
		if i > 0 {
			b.WriteByte('\n')
		}
		s.one(&b, d)
	}
	if rest := len(l) - len(shown); rest > 0 {
		fmt.Fprintf(&b, "\n… and %d more\n", rest)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// first returns at most n findings, errors before warnings, in their order.
func (l List) first(n int) List {
	if len(l) <= n {
		return l
	}
	if errs := l.Errors(); len(errs) >= n {
		return errs[:n]
	}
	warnings := n - len(l.Errors())
	var out List
	for _, d := range l {
		if d.Severity == Warning {
			if warnings == 0 {
				continue
			}
			warnings--
		}
		out = append(out, d)
	}
	return out
}

func (s Style) one(b *strings.Builder, d Diagnostic) {
	head, color := "error", red
	if d.Severity == Warning {
		head, color = "warning", yellow
	}
	if d.Rule != "" {
		head += "[" + d.Rule + "]"
	}
	fmt.Fprintf(b, "%s: %s\n", s.paint(bold+color, head), s.paint(bold, said(d.Summary)))
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
	fmt.Fprintf(b, "%s %s %s: %s\n", strings.Repeat(" ", pad), s.paint(blue, "="), kind, said(text))
}

// snippet writes one source line and marks r in it. A range of several lines
// is marked to the end of its first.
func (s Style) snippet(b *strings.Builder, r Range, pad int, color, label string) {
	start, end := r.Pos(), r.EndPos()
	space := strings.Repeat(" ", pad)
	fmt.Fprintf(b, "%s%s %s\n", space, s.paint(blue, "-->"), Visible(r.String()))
	if len(r.File.Data) == 0 {
		return
	}
	line := r.File.Line(start.Line)
	from := min(start.Col-1, len(line))
	to := len(line)
	if end.Line == start.Line {
		to = min(end.Col, len(line))
	}
	w := windowOf(line, from, max(from, to))
	fmt.Fprintf(b, "%s %s\n", space, s.paint(blue, "|"))
	fmt.Fprintf(b, "%s %s %s\n", s.paint(blue, fmt.Sprintf("%*d", pad, start.Line)), s.paint(blue, "|"), w.text)
	mark := strings.Repeat(" ", w.before) + s.paint(color, strings.Repeat("^", max(1, w.mark)))
	if label != "" {
		mark += " " + s.paint(color, said(label))
	}
	fmt.Fprintf(b, "%s %s %s\n", space, s.paint(blue, "|"), mark)
}

// maxSaid bounds a sentence, in bytes: it may quote what a file holds.
const maxSaid = 2000

// said is a text of a finding as it is shown.
func said(text string) string { return Visible(shorten(text, maxSaid)) }
