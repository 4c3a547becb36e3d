package diag

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// Visible returns a text with what a terminal would obey, or not show, written
// out: control characters, invisible ones, and those that turn the direction of
// writing. Line breaks and tabs stay.
func Visible(text string) string {
	if strings.IndexFunc(text, hidden) < 0 && utf8.ValidString(text) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if r == '\n' || r == '\t' {
			b.WriteRune(r)
		} else {
			b.WriteString(glyph(r, text[i:i+size]))
		}
		i += size
	}
	return b.String()
}

// hidden reports whether a character of a text is not itself seen.
func hidden(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) && r != '\n' && r != '\t'
}

// glyph is one character, whose bytes are raw, as it is shown.
func glyph(r rune, raw string) string {
	switch {
	case r == utf8.RuneError && len(raw) == 1, r < 0x80 && unicode.IsControl(r):
		return fmt.Sprintf(`\x%02x`, raw[0])
	case !unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp):
		return raw
	case r > 0xffff:
		return fmt.Sprintf(`\U%08x`, r)
	}
	return fmt.Sprintf(`\u%04x`, r)
}

// Width is the number of columns that a visible text takes on a terminal.
func Width(text string) int {
	n := 0
	for _, r := range text {
		n += columns(r)
	}
	return n
}

// columns is what one character takes: two for one of East Asia, none for a mark
// on the character before it.
func columns(r rune) int {
	if r < 0x300 {
		return 1
	}
	if unicode.In(r, unicode.Mn, unicode.Me) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// shorten cuts a text that no reader wants whole.
func shorten(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most] + "…"
}

// The part of a long line that is shown, in columns: so many before what is
// marked, and so many in all. A line is cut only if it is longer than maxLine.
const (
	maxLine   = 200
	maxWindow = 160
	maxBefore = 60
)

// window is a line as it is shown, with its marked part.
type window struct {
	text         string
	before, mark int // columns
}

// windowOf shows a line around its bytes from start to end.
func windowOf(line string, start, end int) window {
	// A line may have a file's whole size. No character that is seen is longer
	// than four bytes, so that this much holds any window.
	lo, hi := max(0, start-4*maxLine), min(len(line), start+4*maxLine)
	for lo > 0 && !utf8.RuneStart(line[lo]) {
		lo--
	}
	for hi < len(line) && !utf8.RuneStart(line[hi]) {
		hi++
	}
	var cells []cell
	total, before := 0, 0
	for i := lo; i < hi; {
		c := cellAt(line, i)
		if i < start {
			before += c.columns
		}
		total += c.columns
		cells = append(cells, c)
		i += c.bytes
	}
	if lo == 0 && hi == len(line) && total <= maxLine {
		return windowIn(cells, lo, start, end, 0, total)
	}
	from := max(0, before-maxBefore)
	w := windowIn(cells, lo, start, end, from, from+maxWindow)
	if lo > 0 || from > 0 {
		w.text = "…" + w.text
		w.before++
	}
	if hi < len(line) || from+maxWindow < total {
		w.text += "…"
	}
	return w
}

// cell is one character of a line.
type cell struct {
	text           string
	bytes, columns int
}

func cellAt(line string, i int) cell {
	r, size := utf8.DecodeRuneInString(line[i:])
	text := " "
	if r != '\t' {
		text = glyph(r, line[i:i+size])
	}
	return cell{text, size, Width(text)}
}

// windowIn takes those cells of a line, the first of which is at byte at, that
// lie between two columns.
func windowIn(cells []cell, at, start, end, from, to int) window {
	var w window
	var b strings.Builder
	column := 0
	for _, c := range cells {
		inside := column >= from && column+c.columns <= to
		switch {
		case !inside:
		case at < start:
			w.before += c.columns
		case at < end:
			w.mark += c.columns
		}
		if inside {
			b.WriteString(c.text)
		}
		column += c.columns
		at += c.bytes
	}
	w.text = b.String()
	return w
}
