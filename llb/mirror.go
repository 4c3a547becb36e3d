package llb

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/plan"
)

// Mirrors are tried longest prefix first.
type Mirrors []plan.Mirror

// ParseMirrors reads the MIRRORS argument: from=to, separated by blanks or
// commas.
func ParseMirrors(s string) (Mirrors, error) {
	var out Mirrors
	for _, part := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' }) {
		from, to, ok := strings.Cut(part, "=")
		if stacks.HasCredentials(from) || stacks.HasCredentials(to) {
			return nil, errors.New("an address carries credentials, which the build's record would keep; name a mirror that needs none")
		}
		if !ok || !stacks.ValidURL(from, "http", "https") || !stacks.ValidURL(to, "http", "https") {
			return nil, fmt.Errorf("%q is not a mirror; write https://upstream/prefix=https://mirror/prefix", part)
		}
		out = append(out, plan.Mirror{From: from, To: to})
	}
	return out.Sorted(), nil
}

// Sorted returns the mirrors in the order in which they are tried.
func (m Mirrors) Sorted() Mirrors {
	out := slices.Clone(m)
	slices.SortStableFunc(out, func(a, b plan.Mirror) int {
		return cmp.Or(cmp.Compare(len(b.From), len(a.From)), strings.Compare(a.From, b.From))
	})
	return out
}

// Rewrite returns where url is to be fetched from. A prefix ends at a slash or
// at the end of the address.
func (m Mirrors) Rewrite(url string) string {
	for _, mi := range m {
		from := strings.TrimSuffix(mi.From, "/")
		if rest, ok := strings.CutPrefix(url, from); ok && (rest == "" || rest[0] == '/') {
			return strings.TrimSuffix(mi.To, "/") + rest
		}
	}
	return url
}
