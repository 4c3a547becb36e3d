// Package version compares the version strings that occur in this field and
// matches them against constraints.
//
// NVIDIA's versions have two to four numbers (36.4.3, 10.3.0.30), wheels carry
// local parts (2.5.0a0+nv24.08), Ubuntu has 22.04 with a leading zero, and ROS
// counts in names (humble). None of the strict schemes takes them all, so the
// rule here is the common one: numbers compare as numbers, a pre-release comes
// before its release, a suffix after it, and names are only equal or not.
package version

import (
	"fmt"
	"strconv"
	"strings"
)

// Compare returns -1, 0 or 1 as a is before, equal to or after b.
func Compare(a, b string) int {
	pa, sa := split(a)
	pb, sb := split(b)
	for i := range max(len(pa), len(pb)) {
		if c := cmp(at(pa, i), at(pb, i)); c != 0 {
			return c
		}
	}
	return compareSuffix(sa, sb)
}

func at(parts []int, i int) int {
	if i < len(parts) {
		return parts[i]
	}
	return 0
}

func cmp(a, b int) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// split separates the dotted numbers at the start of v from what follows.
func split(v string) (numbers []int, suffix string) {
	v = strings.TrimPrefix(v, "v")
	for v != "" {
		i := 0
		for i < len(v) && v[i] >= '0' && v[i] <= '9' {
			i++
		}
		if i == 0 {
			break
		}
		n, err := strconv.Atoi(v[:i])
		if err != nil {
			break
		}
		numbers = append(numbers, n)
		v = v[i:]
		if !strings.HasPrefix(v, ".") || len(v) < 2 || v[1] < '0' || v[1] > '9' {
			break
		}
		v = v[1:]
	}
	return numbers, v
}

// preRelease lists what, after the numbers, marks a version as earlier than
// the bare numbers.
var preRelease = [...]string{"alpha", "beta", "dev", "pre", "rc", "ea", "dp", "er", "a", "b", "~"}

// rank orders suffixes: pre-releases, then none, then everything else.
func rank(suffix string) int {
	if suffix == "" {
		return 1
	}
	s := strings.ToLower(strings.TrimLeft(suffix, "-._"))
	for _, p := range preRelease {
		if strings.HasPrefix(s, p) {
			return 0
		}
	}
	return 2
}

func compareSuffix(a, b string) int {
	if c := cmp(rank(a), rank(b)); c != 0 {
		return c
	}
	for a != "" && b != "" {
		da, ra := cutNumber(a)
		db, rb := cutNumber(b)
		if da >= 0 && db >= 0 {
			if c := cmp(da, db); c != 0 {
				return c
			}
			a, b = ra, rb
			continue
		}
		if a[0] != b[0] {
			return cmp(int(a[0]), int(b[0]))
		}
		a, b = a[1:], b[1:]
	}
	return cmp(len(a), len(b))
}

func cutNumber(s string) (int, string) {
	i := 0
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	n, err := strconv.Atoi(s[:i])
	if err != nil {
		return -1, s
	}
	return n, s[i:]
}

// Prefix returns the first n numbers of v joined by dots, fewer if v has
// fewer: Prefix("12.6.68", 2) is "12.6".
func Prefix(v string, n int) string {
	numbers, _ := split(v)
	parts := make([]string, 0, n)
	raw := strings.Split(strings.TrimPrefix(v, "v"), ".")
	for i := range min(n, len(numbers)) {
		if i < len(raw) && i < len(numbers)-1 {
			parts = append(parts, raw[i])
			continue
		}
		parts = append(parts, leadingDigits(raw[min(i, len(raw)-1)]))
	}
	return strings.Join(parts, ".")
}

func leadingDigits(s string) string {
	for i, r := range s {
		if r < '0' || r > '9' {
			return s[:i]
		}
	}
	return s
}

// Constraint is a conjunction of comparisons. The zero Constraint holds for
// every version.
type Constraint struct {
	terms []term
	text  string
}

type term struct {
	op string // "=", "prefix", "!=", ">", ">=", "<", "<=", "~", "^"
	v  string
}

// ParseConstraint reads comma-separated comparisons, all of which must hold:
//
//	>=9,<10   at least 9 and below 10
//	=9.3.1    exactly 9.3.1
//	9.3       9.3 and every 9.3.x
//	~9.3.1    at least 9.3.1, below 9.4
//	^9.3      at least 9.3, below 10
//	!=9.3.0   anything but 9.3.0
//	humble    that name
func ParseConstraint(s string) (Constraint, error) {
	c := Constraint{text: strings.TrimSpace(s)}
	if c.text == "" || c.text == "*" {
		return c, nil
	}
	for part := range strings.SplitSeq(c.text, ",") {
		t, err := parseTerm(strings.TrimSpace(part))
		if err != nil {
			return Constraint{}, err
		}
		c.terms = append(c.terms, t)
	}
	return c, nil
}

var operators = [...]string{">=", "<=", "==", "!=", ">", "<", "=", "~", "^"}

func parseTerm(s string) (term, error) {
	op := "prefix"
	for _, o := range operators {
		if strings.HasPrefix(s, o) {
			op, s = o, strings.TrimSpace(s[len(o):])
			break
		}
	}
	if op == "==" {
		op = "="
	}
	if !Valid(s) {
		return term{}, fmt.Errorf("%q is not a version", s)
	}
	numbers, _ := split(s)
	if len(numbers) == 0 && op != "prefix" && op != "=" && op != "!=" {
		return term{}, fmt.Errorf("%q is a name, and names have no order", s)
	}
	return term{op, s}, nil
}

// Valid reports whether s can be a version: it is not empty, not too long, and
// made of letters, digits and . + - _ ~ alone.
func Valid(s string) bool {
	if s == "" || len(s) > 128 {
		return false
	}
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z':
		case strings.ContainsRune(".+-_~", r):
		default:
			return false
		}
	}
	return s[0] != '-' && s[0] != '.'
}

// Allows reports whether v satisfies c.
func (c Constraint) Allows(v string) bool {
	for _, t := range c.terms {
		if !t.allows(v) {
			return false
		}
	}
	return true
}

// Any reports whether c holds for every version.
func (c Constraint) Any() bool { return len(c.terms) == 0 }

// String returns c as it was written.
func (c Constraint) String() string { return c.text }

func (t term) allows(v string) bool {
	order := Compare(v, t.v)
	switch t.op {
	case "=":
		return order == 0 && sameName(v, t.v)
	case "!=":
		return order != 0 || !sameName(v, t.v)
	case ">":
		return order > 0
	case ">=":
		return order >= 0
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case "~":
		return order >= 0 && hasPrefix(v, t.v, max(1, count(t.v)-1))
	case "^":
		return order >= 0 && hasPrefix(v, t.v, 1)
	}
	return prefixMatch(v, t.v)
}

func count(v string) int {
	numbers, _ := split(v)
	return len(numbers)
}

// sameName guards names, whose numbers are all absent and compare as equal.
func sameName(a, b string) bool {
	return count(a) != 0 || count(b) != 0 || a == b
}

func hasPrefix(v, want string, n int) bool {
	pv, _ := split(v)
	pw, _ := split(want)
	for i := range n {
		if at(pv, i) != at(pw, i) {
			return false
		}
	}
	return true
}

func prefixMatch(v, want string) bool {
	pw, suffix := split(want)
	if len(pw) == 0 {
		return v == want
	}
	if suffix != "" {
		return Compare(v, want) == 0
	}
	pv, _ := split(v)
	for i, n := range pw {
		if at(pv, i) != n {
			return false
		}
	}
	return true
}

// Named reports whether v is a name such as humble, and not a number.
func Named(v string) bool { return v != "" && (v[0] < '0' || v[0] > '9') }
