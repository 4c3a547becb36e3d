// Package tree turns a TOML text into values that know their place in it, and
// binds those values to Go types.
//
// The TOML itself is read by pelletier/go-toml: its decoder says whether the
// text is valid, its syntax tree gives the values and their byte ranges. What
// is added here is the tree (a table's fields in one place, whichever way they
// were written) and the binding, which reports every unknown key and every
// wrong type of a file at once.
package tree

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"unicode"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/org/jetson-frontend/stacks/diag"
)

// MaxFileSize bounds one TOML file, in bytes. The largest hand-written stack
// is a few kilobytes; a file may come from a stranger.
const MaxFileSize = 512 << 10

// Kind is the TOML type of a value.
type Kind uint8

// The TOML types. The four date types are one here: nothing takes a date.
const (
	String Kind = iota
	Integer
	Float
	Bool
	Date
	Array
	Table
	Broken // something that could not be read; see ParseAround
)

// String gives the name that a message uses.
func (k Kind) String() string {
	return [...]string{"a string", "a whole number", "a number", "true or false", "a date", "a list", "a table", "unreadable"}[k]
}

// Value is one TOML value.
type Value struct {
	Kind Kind
	// At is the value's own text. For a table that has no text of its own
	// (a dotted key's parent) it is the key that first made it.
	At diag.Range
	// Raw is the text of a scalar: a string's content, unescaped, or the
	// number or keyword as written.
	Raw    string
	Items  []*Value
	Fields []Field
	// places are those of the fields by name, where there are many.
	places map[string]int
}

// Field is one key of a table.
type Field struct {
	Name  string
	Key   diag.Range
	Value *Value
}

// Field returns the value of a table's key, or nil.
func (v *Value) Field(name string) *Value {
	if v.places != nil {
		if i, ok := v.places[name]; ok {
			return v.Fields[i].Value
		}
		return nil
	}
	for i := range v.Fields {
		if v.Fields[i].Name == name {
			return v.Fields[i].Value
		}
	}
	return nil
}

// manyFields is how many fields make an index of them worth its while.
const manyFields = 16

// add adds a field whose name no other has.
func (v *Value) add(name string, key diag.Range, value *Value) {
	v.Fields = append(v.Fields, Field{name, key, value})
	switch {
	case v.places != nil:
		v.places[name] = len(v.Fields) - 1
	case len(v.Fields) > manyFields:
		v.places = map[string]int{}
		for i, f := range v.Fields {
			v.places[f.Name] = i
		}
	}
}

// Inside returns the range of part of a string value: the bytes from start to
// end of its content. Where content and source text differ (escapes, multi-line
// strings) it is the range of the whole string.
func (v *Value) Inside(start, end int) diag.Range {
	if v.At.End-v.At.Start == len(v.Raw)+2 {
		return v.At.Sub(1+start, 1+end)
	}
	return v.At
}

// Parse reads a TOML text. Where that is not TOML the table is nil.
func Parse(f *diag.File) (*Value, diag.List) {
	if len(f.Data) > MaxFileSize {
		// The place has no text: what is too large to read is too large to show.
		at := diag.Range{File: &diag.File{Name: f.Name}}
		return nil, diag.List{diag.Errorf("file-size", at, "%s has more than %d bytes, the most that is read", f.Name, MaxFileSize)}
	}
	if tooManyKeys(f.Data) {
		at := diag.Range{File: &diag.File{Name: f.Name}}
		return nil, diag.List{diag.Errorf("file-size", at, "%s has more than %d keys or %d tables, the most that are read", f.Name, maxKeys, maxTables)}
	}
	var valid map[string]any
	if err := toml.Unmarshal(withoutMark(f.Data), &valid); err != nil {
		return nil, diag.List{syntaxError(f, err)}
	}
	return ParseValid(f)
}

// The bounds on what a file may hold: the time that the decoder takes grows with
// the square of the keys of one table. Equals signs are counted for keys, so
// that the bound also holds for a text that is not valid.
const (
	maxKeys   = 20_000
	maxTables = 10_000
)

func tooManyKeys(text []byte) bool {
	return bytes.Count(text, []byte("=")) > maxKeys || bytes.Count(text, []byte("\n[")) > maxTables
}

// ByteOrderMark is what some editors put before a text.
const ByteOrderMark = "\ufeff"

// withoutMark is a text as TOML has it, with every byte in its place.
func withoutMark(text []byte) []byte {
	rest, ok := bytes.CutPrefix(text, []byte(ByteOrderMark))
	if !ok {
		return text
	}
	return append([]byte("   "), rest...)
}

// ParseValid reads a text that is known to be valid TOML: one that this
// program carries and that was tested with it. It saves reading it twice.
func ParseValid(f *diag.File) (*Value, diag.List) {
	b := builder{file: f, root: &Value{Kind: Table, At: diag.Range{File: f}}}
	b.table = b.root
	b.parser.Reset(withoutMark(f.Data))
	for b.parser.NextExpression() {
		b.expression(b.parser.Expression())
	}
	if err := b.parser.Error(); err != nil {
		return nil, diag.List{syntaxError(f, err)}
	}
	return b.root, b.diags
}

func syntaxError(f *diag.File, err error) diag.Diagnostic {
	at := diag.Range{File: f, End: min(1, len(f.Data))}
	msg := strings.TrimPrefix(err.Error(), "toml: ")
	var de *toml.DecodeError
	if errors.As(err, &de) {
		line, col := de.Position()
		at = rangeAt(f, line, col)
	}
	if word := bareValue(at); word.Known() {
		text := word.File.Data[word.Start:word.End]
		return diag.Errorf("toml-syntax", word, "not valid TOML: a text without quotes").WithHelp("text is written in quotes: %q", text)
	}
	g := diag.Errorf("toml-syntax", at, "not valid TOML: %s", msg)
	switch {
	case strings.Contains(msg, "strings cannot have new lines"):
		g = g.WithHelp("a string ends with a quote on the same line")
	case strings.Contains(msg, "at start of value"):
		if word := bareWord(at); word != "" {
			g = g.WithHelp("text is written in quotes: %q", word)
		}
	}
	return g
}

// bareLine is a line whose value is one word without quotes.
var bareLine = regexp.MustCompile(`^[^=#"']*=[ \t]*([A-Za-z0-9_.:+@/-]+)[ \t\r]*(?:#.*)?$`)

// bareValue is the whole value of a line with an error in it, if that value is
// one word without quotes.
func bareValue(at diag.Range) diag.Range {
	data := at.File.Data
	start := bytes.LastIndexByte(data[:at.Start], '\n') + 1
	line, _, _ := bytes.Cut(data[start:], []byte("\n"))
	m := bareLine.FindSubmatchIndex(line)
	if m == nil || at.Start < start+m[2] || at.Start > start+m[3] {
		return diag.Range{}
	}
	return diag.Range{File: at.File, Start: start + m[2], End: start + m[3]}
}

// bareWord is a value that was written without quotes, or nothing where a value
// of more than letters, digits and signs of a name begins.
func bareWord(at diag.Range) string {
	rest := at.File.Data[at.Start:]
	end := bytes.IndexFunc(rest, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_.:+@/", r)
	})
	if end < 0 {
		end = len(rest)
	}
	return string(rest[:end])
}

// rangeAt gives the word at a place, or the byte there.
func rangeAt(f *diag.File, line, col int) diag.Range {
	off := 0
	for n := 1; n < line && off < len(f.Data); off++ {
		if f.Data[off] == '\n' {
			n++
		}
	}
	start := min(off+max(col-1, 0), len(f.Data))
	end := start
	for end < len(f.Data) && !strings.ContainsRune(" \t\r\n,]}=#", rune(f.Data[end])) {
		end++
	}
	if end == start && start == len(f.Data) && start > 0 {
		start--
	}
	return diag.Range{File: f, Start: start, End: max(end, min(start+1, len(f.Data)))}
}

// builder collects expressions into one tree. The text is known to be valid
// TOML, so that no key can be defined twice and no path can cross a scalar.
type builder struct {
	parser unstable.Parser
	file   *diag.File
	root   *Value
	table  *Value // what key-value lines are added to
	diags  diag.List
}

// zero refuses a byte that is 0, which TOML can write: a command, a variable or
// a path would end there.
func (b *builder) zero(text []byte, at diag.Range) {
	if bytes.IndexByte(text, 0) >= 0 {
		b.diags = append(b.diags, diag.Errorf("bad-value", at, "a text may not hold a byte that is 0"))
	}
}

func (b *builder) expression(e *unstable.Node) {
	switch e.Kind {
	case unstable.Table:
		b.table = b.descend(b.root, e.Key(), false)
	case unstable.ArrayTable:
		b.table = b.descend(b.root, e.Key(), true)
	case unstable.KeyValue:
		b.keyValue(b.table, e)
	}
}

func (b *builder) rangeOf(r unstable.Range) diag.Range {
	return diag.Range{File: b.file, Start: int(r.Offset), End: int(r.Offset + r.Length)}
}

// descend walks a header's dotted key from t, making what is missing. With
// list set, the last part names an array of tables, to which one is added.
func (b *builder) descend(t *Value, key unstable.Iterator, list bool) *Value {
	start := -1
	for key.Next() {
		n := key.Node()
		at := b.rangeOf(n.Raw)
		if start < 0 {
			start = at.Start
		}
		header := diag.Range{File: b.file, Start: start, End: at.End}
		b.zero(n.Data, at)
		last := key.IsLast()
		child := t.Field(string(n.Data))
		switch {
		case child == nil && last && list:
			child = &Value{Kind: Array, At: header}
			t.add(string(n.Data), at, child)
		case child == nil:
			child = &Value{Kind: Table, At: header}
			t.add(string(n.Data), at, child)
		}
		if last && list {
			item := &Value{Kind: Table, At: header}
			child.Items = append(child.Items, item)
			return item
		}
		if child.Kind == Array && len(child.Items) > 0 {
			child = child.Items[len(child.Items)-1]
		}
		t = child
	}
	return t
}

// keyValue adds one key = value to t.
func (b *builder) keyValue(t *Value, e *unstable.Node) {
	key := e.Key()
	for key.Next() {
		n := key.Node()
		at := b.rangeOf(n.Raw)
		name := string(n.Data)
		b.zero(n.Data, at)
		if key.IsLast() {
			t.add(name, at, b.value(e.Value(), at))
			return
		}
		child := t.Field(name)
		if child == nil {
			child = &Value{Kind: Table, At: at}
			t.add(name, at, child)
		}
		t = child
	}
}

// value makes the value of a node. Lists and inline tables have no range of
// their own in the syntax tree: theirs runs over what they hold, or is their
// key's if they hold nothing.
func (b *builder) value(n *unstable.Node, key diag.Range) *Value {
	v := &Value{At: b.rangeOf(n.Raw), Raw: string(n.Data)}
	switch n.Kind {
	case unstable.String:
		v.Kind = String
		b.zero(n.Data, v.At)
	case unstable.Bool:
		v.Kind = Bool
	case unstable.Integer:
		v.Kind = Integer
	case unstable.Float:
		v.Kind = Float
	case unstable.Array:
		v.Kind, v.At, v.Raw = Array, key, ""
		for it := n.Children(); it.Next(); {
			if it.Node().Kind != unstable.Comment {
				v.Items = append(v.Items, b.value(it.Node(), key))
			}
		}
		if k := len(v.Items); k > 0 {
			// An empty list at the end has the place of its key, before the first.
			v.At = diag.Range{File: b.file, Start: v.Items[0].At.Start, End: max(v.Items[0].At.End, v.Items[k-1].At.End)}
		}
	case unstable.InlineTable:
		v.Kind, v.At, v.Raw = Table, key, ""
		for it := n.Children(); it.Next(); {
			if it.Node().Kind == unstable.KeyValue {
				b.keyValue(v, it.Node())
			}
		}
		if k := len(v.Fields); k > 0 {
			v.At = diag.Range{File: b.file, Start: v.Fields[0].Key.Start, End: max(v.Fields[0].Key.End, v.Fields[k-1].Value.At.End)}
		}
	default:
		v.Kind = Date
	}
	return v
}
