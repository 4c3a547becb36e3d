// Package format writes TOML files in one form: stack files and component
// files alike. It keeps every comment, the order of keys, and where an author
// put line breaks into a list; it settles white space, blank lines and the
// place of the equals signs. It never changes what a file means, and formatting
// twice is the same as once.
package format

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/tree"
)

// ErrChanged is a fault of the formatter that was caught: its result would mean
// something else than the file does.
var ErrChanged = errors.New("formatting would change what it means, which is a fault of the formatter; it is left as it is")

// Source formats a file. For a file that is not TOML the error carries the
// finding.
func Source(f *diag.File) ([]byte, error) {
	if text, ok := bytes.CutPrefix(f.Data, []byte(tree.ByteOrderMark)); ok {
		f = &diag.File{Name: f.Name, Data: text}
	}
	before, diags := tree.Parse(f)
	if before == nil {
		return nil, diags.Err()
	}
	toks, err := tokens(f.Data)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", f.Name, err)
	}
	out := []byte(write(items(toks)))
	if len(out) > tree.MaxFileSize {
		return nil, fmt.Errorf("%s would have %d bytes in this form; at most %d are read", f.Name, len(out), tree.MaxFileSize)
	}
	if !unchanged(before, f.Data, out) {
		return nil, fmt.Errorf("%s: %w", f.Name, ErrChanged)
	}
	return out, nil
}

// unchanged reports whether out means the same as the file that it was made
// of, and holds the same comments.
func unchanged(before *tree.Value, src, out []byte) bool {
	after, _ := tree.Parse(&diag.File{Data: out})
	return after != nil && same(before, after) && slices.Equal(comments(src), comments(out))
}

// same reports whether two values are equal, wherever they stand.
func same(a, b *tree.Value) bool {
	return a.Kind == b.Kind && a.Raw == b.Raw &&
		slices.EqualFunc(a.Items, b.Items, same) &&
		slices.EqualFunc(a.Fields, b.Fields, func(x, y tree.Field) bool { return x.Name == y.Name && same(x.Value, y.Value) })
}

func comments(src []byte) []string {
	toks, err := tokens(src)
	if err != nil {
		return nil
	}
	var out []string
	for _, t := range toks {
		if t.kind == comment {
			out = append(out, t.text)
		}
	}
	return out
}

// item is one line of a file: a header, a key with its value, or a comment.
type item struct {
	header  []string // the path of a table; double for a list of tables
	double  bool
	key     []string
	value   string
	comment string // alone on its line, or behind the rest
	blank   bool   // a blank line stands before it
}

func (it *item) plain() bool { return it.header == nil && it.key == nil }

// items reads a file line by line.
func items(toks []token) []item {
	r := &reader{tokens: toks}
	var out []item
	newlines := 1
	for !r.done() {
		t := r.peek()
		if t.kind == newline {
			newlines++
			r.at++
			continue
		}
		if t.kind == comment && newlines == 0 && len(out) > 0 {
			out[len(out)-1].comment = t.text
			r.at++
			continue
		}
		it := item{blank: newlines > 1}
		newlines = 0
		switch {
		case t.kind == comment:
			it.comment = t.text
			r.at++
		case t.is("["):
			r.header(&it)
		default:
			it.key = r.path()
			if r.peek().is("=") {
				r.at++
			}
			it.value = r.value("")
		}
		out = append(out, it)
	}
	return out
}

// header reads [a.b] or [[a.b]].
func (r *reader) header(it *item) {
	r.at++
	if r.peek().is("[") {
		it.double = true
		r.at++
	}
	it.header = r.path()
	for r.peek().is("]") {
		r.at++
	}
}

// write puts the lines out.
func write(list []item) string {
	spaced(list)
	var b strings.Builder
	for i := 0; i < len(list); {
		if list[i].blank && i > 0 {
			b.WriteByte('\n')
		}
		it := &list[i]
		switch {
		case it.header != nil:
			open, end := "[", "]"
			if it.double {
				open, end = "[[", "]]"
			}
			b.WriteString(withComment(open+strings.Join(it.header, ".")+end, it.comment, 0))
		case it.key == nil:
			b.WriteString(it.comment + "\n")
		default:
			n := run(list[i:])
			writeRun(&b, list[i:i+n])
			i += n
			continue
		}
		i++
	}
	return b.String()
}

// spaced decides on the blank lines: one before a table, unless it belongs to
// the one above; none after a header; elsewhere the author's.
func spaced(list []item) {
	var last []string
	for i := range list {
		it := &list[i]
		if i > 0 && list[i-1].header != nil && it.header == nil {
			it.blank = false
		}
		if it.header == nil {
			continue
		}
		sub := len(last) > 0 && len(it.header) > len(last) && slices.Equal(last, it.header[:len(last)])
		if !sub {
			last = it.header
			first := i
			for first > 0 && list[first-1].plain() && !list[first].blank {
				first--
			}
			list[first].blank = true
		}
	}
}

// run is the number of lines that are aligned with the first: what follows it
// directly, dotted or not as it is, up to a value of several lines.
func run(list []item) int {
	n := 0
	for n < len(list) {
		it := &list[n]
		if it.key == nil || n > 0 && it.blank || (len(it.key) > 1) != (len(list[0].key) > 1) {
			break
		}
		n++
		if strings.Contains(it.value, "\n") {
			break
		}
	}
	return n
}

// writeRun writes lines with their equals signs, and then their comments, in
// one column.
func writeRun(b *strings.Builder, list []item) {
	width := 0
	for _, it := range list {
		width = max(width, utf8.RuneCountInString(strings.Join(it.key, ".")))
	}
	lines := make([]string, len(list))
	for i, it := range list {
		k := strings.Join(it.key, ".")
		lines[i] = k + strings.Repeat(" ", width-utf8.RuneCountInString(k)) + " = " + it.value
	}
	for i := 0; i < len(list); i++ {
		column := 0
		for k := i; k < len(list) && list[k].comment != ""; k++ {
			if !strings.Contains(lines[k], "\n") {
				column = max(column, utf8.RuneCountInString(lines[k]))
			}
		}
		for ; i < len(list) && list[i].comment != ""; i++ {
			b.WriteString(withComment(lines[i], list[i].comment, column))
		}
		if i < len(list) {
			b.WriteString(lines[i] + "\n")
		}
	}
}

func withComment(line, comment string, column int) string {
	if comment == "" {
		return line + "\n"
	}
	pad := 0
	if !strings.Contains(line, "\n") {
		pad = max(0, column-utf8.RuneCountInString(line))
	}
	return line + strings.Repeat(" ", pad) + "  " + comment + "\n"
}
