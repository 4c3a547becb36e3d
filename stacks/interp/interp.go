// Package interp expands ${name} references in the values of component files.
// The set of names is closed and given by the caller; there is no default, no
// nesting and no expression.
package interp

import (
	"strings"
)

// Unknown is a reference that could not be expanded. Start and End are byte
// offsets into the text.
type Unknown struct {
	Name       string
	Start, End int
}

// Expand replaces every ${name} in s by what lookup gives, and $$ by one
// dollar sign. References that lookup does not know are left as they are and
// returned.
func Expand(s string, lookup func(name string) (string, bool)) (string, []Unknown) {
	if !strings.Contains(s, "$") {
		return s, nil
	}
	var b strings.Builder
	var unknown []Unknown
	for i := 0; i < len(s); {
		switch {
		case strings.HasPrefix(s[i:], "$$"):
			b.WriteByte('$')
			i += 2
		case strings.HasPrefix(s[i:], "${"):
			end := strings.IndexByte(s[i:], '}')
			if end < 0 {
				unknown = append(unknown, Unknown{Name: s[i+2:], Start: i, End: len(s)})
				b.WriteString(s[i:])
				return b.String(), unknown
			}
			name := s[i+2 : i+end]
			if v, ok := lookup(name); ok {
				b.WriteString(v)
			} else {
				unknown = append(unknown, Unknown{Name: name, Start: i, End: i + end + 1})
				b.WriteString(s[i : i+end+1])
			}
			i += end + 1
		default:
			b.WriteByte(s[i])
			i++
		}
	}
	return b.String(), unknown
}
