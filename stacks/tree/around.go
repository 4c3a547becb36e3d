package tree

import (
	"bytes"
	"errors"
	"regexp"
	"slices"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/org/jetson-frontend/stacks/diag"
)

// A text is read anew for each error that is taken out of it, and for each place
// at which a beginning is looked for: a short one so often, and a longer one
// less, down to the fewest.
const (
	maxTries  = 64
	minTries  = 4
	triedSize = 256 << 10 // bytes that are read anew in all
)

// ParseAround reads a TOML text and goes on after a key whose value, or second
// definition, is not TOML, where it is plain where the next one begins: the
// table then has that key as Broken, so that nothing else is said of it. On an
// error with which nothing can be told of the rest, such as a header or a string
// of several lines that does not end, the table is nil.
func ParseAround(f *diag.File) (*Value, diag.List) {
	root, diags := Parse(f)
	if root != nil || len(f.Data) > MaxFileSize || tooManyKeys(f.Data) {
		return root, diags
	}
	a := around{file: f, text: bytes.Clone(withoutMark(f.Data))}
	a.most = min(maxTries, max(minTries, triedSize/max(1, len(f.Data))))
	return a.parse()
}

// around is a text from which broken expressions are taken, one by one.
type around struct {
	file  *diag.File
	text  []byte // as long as the file's; what was broken is blank
	lost  []lost
	tries int
	most  int // errors taken out, and tries
}

// lost is the key of an expression that was taken out, by its place.
type lost struct{ start, end int }

func (a *around) parse() (*Value, diag.List) {
	var diags diag.List
	for {
		var valid map[string]any
		err := toml.Unmarshal(a.text, &valid)
		if err == nil {
			break
		}
		finding := syntaxError(a.file, err)
		var at *toml.DecodeError
		ok := errors.As(err, &at)
		if ok {
			line, _ := at.Position()
			var endless *diag.Diagnostic
			if endless, ok = a.cut(line - 1); endless != nil {
				finding = *endless
			}
		}
		diags = append(diags, finding)
		if !ok {
			return nil, diags
		}
	}
	b := builder{file: a.file, root: &Value{Kind: Table, At: diag.Range{File: a.file}}}
	b.table = b.root
	b.parser.Reset(a.text)
	left := a.lost
	for b.parser.NextExpression() {
		e := b.parser.Expression()
		for len(left) > 0 && left[0].start < offset(e) {
			b.lose(left[0])
			left = left[1:]
		}
		b.expression(e)
	}
	for _, l := range left {
		b.lose(l)
	}
	return b.root, append(diags, b.diags...)
}

// Independent returns those findings about a tree that do not follow from what is
// broken in it: what a table seems to lack may be what could not be read.
func Independent(root *Value, found diag.List) diag.List {
	holes := map[diag.Range]bool{}
	root.holes(holes)
	return slices.DeleteFunc(found, func(d diag.Diagnostic) bool {
		return holes[d.Range] && (d.Rule == "missing-key" || d.Rule == "choose-one")
	})
}

// holes collects the places of tables that have something broken in them.
func (v *Value) holes(at map[diag.Range]bool) {
	for _, item := range v.Items {
		item.holes(at)
	}
	for _, f := range v.Fields {
		if f.Value.Kind == Broken {
			at[v.At] = true
		}
		f.Value.holes(at)
	}
}

// offset is where an expression begins.
func offset(e *unstable.Node) int {
	key := e.Key()
	if !key.Next() {
		return 0
	}
	return int(key.Node().Raw.Offset)
}

var (
	keyName   = `(?:[A-Za-z0-9_-]+|"[^"\\]*"|'[^']*')`
	keyLine   = regexp.MustCompile(`^[ \t]*(` + keyName + `(?:[ \t]*\.[ \t]*` + keyName + `)*)[ \t]*=`)
	tableLine = regexp.MustCompile(`^[ \t]*\[\[?[ \t]*` + keyName + `(?:[ \t]*\.[ \t]*` + keyName + `)*[ \t]*\]`)
	emptyLine = regexp.MustCompile(`^[ \t\r]*(?:#.*)?$`)
	longText  = regexp.MustCompile(`"""|'''`)
)

// cut blanks the key and value that hold a line, and reports whether it could
// be told where they begin and end. If the line is one on which something else
// begins, the value has no end, and that is what there is to say.
func (a *around) cut(line int) (*diag.Diagnostic, bool) {
	if len(a.lost) >= a.most {
		return nil, false
	}
	starts := lineStarts(a.text)
	line = min(max(line, 0), len(starts)-2)
	text := func(n int) []byte { return bytes.TrimSuffix(a.text[starts[n]:starts[n+1]], []byte("\n")) }
	begins := func(n int) bool { return keyLine.Match(text(n)) || tableLine.Match(text(n)) }
	first := line
	for ; first >= 0 && !a.valid(starts[first]); first-- {
		if a.tries++; a.tries > a.most {
			return nil, false
		}
	}
	if first < 0 {
		return nil, false
	}
	m := keyLine.FindSubmatchIndex(text(first))
	if m == nil {
		return nil, false
	}
	key := lost{starts[first] + m[2], starts[first] + m[3]}
	var endless *diag.Diagnostic
	next := line
	if first == line {
		next++
	} else if begins(line) {
		g := diag.Errorf("toml-syntax", diag.Range{File: a.file, Start: key.start, End: key.end}, "not valid TOML: the value of this key does not end before line %d", line+1)
		endless = &g
	}
	if first < line || isOpen(text(line)) {
		for next < len(starts)-1 && !begins(next) && (next <= line || !emptyLine.Match(text(next))) {
			next++
		}
	}
	whole := a.text[starts[first]:starts[next]]
	if longText.Match(whole) {
		return nil, false
	}
	a.lost = insert(a.lost, key)
	for i, c := range whole {
		if c != '\n' {
			whole[i] = ' '
		}
	}
	return endless, true
}

// isOpen reports whether a line leaves a list or a table open.
func isOpen(line []byte) bool {
	open := bytes.Count(line, []byte("[")) + bytes.Count(line, []byte("{"))
	return open > bytes.Count(line, []byte("]"))+bytes.Count(line, []byte("}"))
}

// valid reports whether the text up to a place is whole: a line that begins
// there begins an expression.
func (a *around) valid(end int) bool {
	var valid map[string]any
	return toml.Unmarshal(a.text[:end], &valid) == nil
}

// lineStarts are the offsets at which lines begin, and the text's end.
func lineStarts(text []byte) []int {
	starts := []int{0}
	for i, c := range text {
		if c == '\n' && i+1 < len(text) {
			starts = append(starts, i+1)
		}
	}
	return append(starts, len(text))
}

func insert(list []lost, l lost) []lost {
	i := len(list)
	for i > 0 && list[i-1].start > l.start {
		i--
	}
	list = append(list, lost{})
	copy(list[i+1:], list[i:])
	list[i] = l
	return list
}

// lose adds a lost key to the table that it stood in, unless it is there.
func (b *builder) lose(l lost) {
	// The key alone, at the place that it has in the file.
	text := append(bytes.Repeat([]byte{' '}, l.start), b.file.Data[l.start:l.end]...)
	var p unstable.Parser
	p.Reset(append(text, "=0"...))
	if !p.NextExpression() {
		return
	}
	t := b.table
	for key := p.Expression().Key(); key.Next(); {
		n := key.Node()
		at := b.rangeOf(n.Raw)
		child := t.Field(string(n.Data))
		if child != nil && (child.Kind != Table || key.IsLast()) {
			return
		}
		if child == nil {
			child = &Value{Kind: Table, At: at}
			if key.IsLast() {
				child.Kind = Broken
			}
			t.add(string(n.Data), at, child)
		}
		t = child
	}
}
