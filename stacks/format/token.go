package format

import (
	"bytes"
	"slices"

	"github.com/pelletier/go-toml/v2/unstable"
)

// tokenKind is what a token is. Keys, scalars and comments are found by the
// TOML parser; what lies between them can only be punctuation and white space.
type tokenKind uint8

const (
	punct   tokenKind = iota // one of [ ] { } = , .
	newline                  // the end of a line
	key                      // one part of a key
	scalar                   // a string, number, boolean or date, as written
	comment
)

type token struct {
	kind tokenKind
	text string
}

func (t token) is(p string) bool { return t.kind == punct && t.text == p }

// atom is a piece of the source that the parser found.
type atom struct {
	kind       tokenKind
	start, end int
}

// tokens splits a text that is known to be valid TOML.
func tokens(src []byte) ([]token, error) {
	var atoms []atom
	p := unstable.Parser{KeepComments: true}
	p.Reset(src)
	for p.NextExpression() {
		collect(p.Expression(), &atoms)
	}
	if err := p.Error(); err != nil {
		return nil, err
	}
	slices.SortFunc(atoms, func(a, b atom) int { return a.start - b.start })
	var out []token
	at := 0
	for _, a := range atoms {
		out = append(out, gap(src[at:a.start])...)
		text := string(src[a.start:a.end])
		if a.kind == comment {
			text = string(bytes.TrimRight(src[a.start:a.end], " \t\r"))
		}
		out = append(out, token{a.kind, text})
		at = a.end
	}
	return append(out, gap(src[at:])...), nil
}

// collect finds the keys, scalars and comments of a node, of its children, and
// of what hangs on it.
func collect(n *unstable.Node, atoms *[]atom) {
	for ; n.Valid(); n = n.Next() {
		kind := scalar
		switch n.Kind {
		case unstable.Key:
			kind = key
		case unstable.Comment:
			kind = comment
		case unstable.Array, unstable.InlineTable, unstable.KeyValue, unstable.Table, unstable.ArrayTable:
			collect(n.Child(), atoms)
			continue
		}
		*atoms = append(*atoms, atom{kind, int(n.Raw.Offset), int(n.Raw.Offset + n.Raw.Length)})
		if n.Kind == unstable.Comment {
			collect(n.Child(), atoms) // the comments that follow it
		}
	}
}

// gap reads what lies between atoms.
func gap(b []byte) []token {
	var out []token
	for _, c := range b {
		switch c {
		case '\n':
			out = append(out, token{newline, "\n"})
		case ' ', '\t', '\r':
		default:
			out = append(out, token{punct, string(c)})
		}
	}
	return out
}
