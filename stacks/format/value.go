package format

import (
	"strings"
)

// indent is one level of a list that runs over several lines.
const indent = "  "

// reader walks over tokens.
type reader struct {
	tokens []token
	at     int
}

func (r *reader) peek() token {
	if r.at < len(r.tokens) {
		return r.tokens[r.at]
	}
	return token{newline, "\n"}
}

func (r *reader) done() bool { return r.at >= len(r.tokens) }

func (r *reader) next() token {
	t := r.peek()
	r.at++
	return t
}

// path reads a key, which may be dotted, up to what is not part of it.
func (r *reader) path() []string {
	var parts []string
	for !r.done() {
		switch t := r.peek(); {
		case t.kind == key:
			parts = append(parts, bare(t.text))
		case !t.is("."):
			return parts
		}
		r.at++
	}
	return parts
}

// bare takes the quotes off a key that needs none.
func bare(k string) string {
	if len(k) < 3 || k[0] != '"' && k[0] != '\'' {
		return k
	}
	in := k[1 : len(k)-1]
	if strings.Trim(in, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == "" {
		return in
	}
	return k
}

// value writes a value; in is the white space before the line it begins on.
func (r *reader) value(in string) string {
	switch t := r.next(); {
	case t.is("["):
		return r.group(in, "[", "]", r.value)
	case t.is("{"):
		return r.group(in, "{", "}", func(in string) string {
			k := strings.Join(r.path(), ".")
			if r.peek().is("=") {
				r.at++
			}
			return k + " = " + r.value(in)
		})
	default:
		return t.text
	}
}

// row is one line of a group: members, a comment, or both. An empty one is a
// blank line.
type row struct {
	members []string
	comment string
}

// group writes a list or an inline table. One that was written on one line
// stays on one; in one of several lines, the author's lines are kept.
func (r *reader) group(in, open, end string, member func(string) string) string {
	rows := r.rows(in+indent, end, member)
	if len(rows) == 1 && rows[0].comment == "" {
		inside := strings.Join(rows[0].members, ", ")
		switch {
		case inside == "":
			return open + end
		case open == "{":
			return "{ " + inside + " }"
		}
		return open + inside + end
	}
	var b strings.Builder
	b.WriteString(open + "\n")
	for _, w := range trim(rows) {
		line := strings.Join(w.members, ", ")
		if line != "" {
			line += ","
		}
		if w.comment != "" {
			line = strings.TrimPrefix(line+" "+w.comment, " ")
		}
		if line != "" {
			b.WriteString(in + indent + line)
		}
		b.WriteString("\n")
	}
	b.WriteString(in + end)
	return b.String()
}

// rows reads a group up to its end, by the lines of the source.
func (r *reader) rows(in, end string, member func(string) string) []row {
	rows := []row{{}}
	for !r.done() {
		last := &rows[len(rows)-1]
		switch t := r.peek(); {
		case t.is(end):
			r.at++
			return rows
		case t.kind == newline:
			r.at++
			rows = append(rows, row{})
		case t.kind == comment:
			r.at++
			last.comment = t.text
		case t.is(","):
			r.at++
		default:
			last.members = append(last.members, member(in))
		}
	}
	return rows
}

// trim takes blank lines off both ends, and leaves one where there were more.
func trim(rows []row) []row {
	var out []row
	blank := false
	for _, w := range rows {
		if len(w.members) == 0 && w.comment == "" {
			blank = len(out) > 0
			continue
		}
		if blank {
			out = append(out, row{})
		}
		blank = false
		out = append(out, w)
	}
	return out
}
