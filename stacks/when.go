package stacks

import (
	"slices"

	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/tree"
	"github.com/org/jetson-frontend/stacks/version"
)

// When is a condition: a table whose keys must all hold. It is a table and not
// an expression, so that it can be listed, checked and explained.
//
// The keys l4t, jetpack, cuda, ubuntu and python take version constraints;
// arch, soc, distro and flavour take words; variant is a table from axis to words; with
// names components of the stack. A list holds if any of its members does.
type When struct {
	At    diag.Range
	Conds []Cond
}

// Cond is one key of a When.
type Cond struct {
	Key  string // "cuda", "arch", "with", or "variant.<axis>"
	At   diag.Range
	Any  tree.Words
	Want []version.Constraint // beside Any, for keys that take versions
}

// The keys that a condition knows, by what they take.
var (
	whenVersions = [...]string{"l4t", "jetpack", "cuda", "cudnn", "tensorrt", "vpi", "ubuntu", "python"}
	whenWords    = [...]string{"arch", "soc", "distro", "flavour", "with"}
)

// WhenKeys are the keys that a condition knows besides variant.
func WhenKeys() []string { return slices.Concat(whenVersions[:], whenWords[:]) }

// Situation answers what a condition asks. An unknown version is "".
type Situation interface {
	Version(key string) string
	// Words gives what a key may be called: "distro" is both "ubuntu-22.04"
	// and "ubuntu", "soc" is each that is built for.
	Words(key string) []string
	Variant(axis string) string
	// With reports whether the stack has a component, written as its name or
	// as name:variant.
	With(component string) bool
}

// Empty reports whether w has no condition, and so always holds.
func (w When) Empty() bool { return len(w.Conds) == 0 }

// Asks reports whether w depends on a key.
func (w When) Asks(key string) bool {
	return slices.ContainsFunc(w.Conds, func(c Cond) bool { return c.Key == key })
}

// Holds reports whether every key of w holds in s.
func (w When) Holds(s Situation) bool {
	_, failed := w.Fails(s)
	return !failed
}

// Fails returns the first key that does not hold in s.
func (w When) Fails(s Situation) (Cond, bool) {
	for _, c := range w.Conds {
		if !c.holds(s) {
			return c, true
		}
	}
	return Cond{}, false
}

func (c Cond) holds(s Situation) bool {
	if c.Want != nil {
		have := s.Version(c.Key)
		return have != "" && slices.ContainsFunc(c.Want, func(w version.Constraint) bool { return w.Allows(have) })
	}
	if c.Key == "with" {
		return slices.ContainsFunc(c.Any, func(t tree.Text) bool { return s.With(t.V) })
	}
	have := s.Words(c.Key)
	if axis, ok := cutVariant(c.Key); ok {
		have = []string{s.Variant(axis)}
	}
	return slices.ContainsFunc(c.Any, func(t tree.Text) bool { return t.V != "" && slices.Contains(have, t.V) })
}

func cutVariant(key string) (axis string, ok bool) {
	const prefix = "variant."
	if len(key) > len(prefix) && key[:len(prefix)] == prefix {
		return key[len(prefix):], true
	}
	return "", false
}

// UnmarshalTree reads a condition.
func (w *When) UnmarshalTree(d *tree.Decoder, v *tree.Value) {
	w.At = v.At
	if v.Kind != tree.Table {
		d.Add(diag.Errorf("wrong-type", v.At, "%q must be a table of conditions, not %s", "when", v.Kind).
			WithHelp(`write it like when = { cuda = ">=12" }`))
		return
	}
	fields := slices.Clone(v.Fields)
	slices.SortFunc(fields, func(a, b tree.Field) int { return compare(a.Name, b.Name) })
	for _, f := range fields {
		switch {
		case f.Value.Kind == tree.Broken:
		case slices.Contains(whenVersions[:], f.Name):
			w.versionCond(d, f)
		case slices.Contains(whenWords[:], f.Name):
			w.wordCond(d, f.Name, f)
		case f.Name == "variant" && f.Value.Kind == tree.Table:
			for _, axis := range f.Value.Fields {
				w.wordCond(d, "variant."+axis.Name, axis)
			}
		case f.Name == "variant":
			d.Add(diag.Errorf("wrong-type", f.Value.At, "%q must be a table from axis to words, not %s", "variant", f.Value.Kind).
				WithHelp("write it like variant = { from = %q }", "source"))
		default:
			known := append(slices.Clone(whenVersions[:]), whenWords[:]...)
			g := diag.Errorf("unknown-key", f.Key, "a condition does not know %q", f.Name)
			g.Help = diag.DidYouMean(f.Name, append(known, "variant"))
			d.Add(g)
		}
	}
	slices.SortStableFunc(w.Conds, func(a, b Cond) int { return compare(a.Key, b.Key) })
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func (w *When) wordCond(d *tree.Decoder, key string, f tree.Field) {
	c := Cond{Key: key, At: f.Key}
	d.BindAs(f.Value, key, &c.Any)
	w.Conds = append(w.Conds, c)
}

func (w *When) versionCond(d *tree.Decoder, f tree.Field) {
	c := Cond{Key: f.Name, At: f.Key, Want: []version.Constraint{}}
	d.BindAs(f.Value, f.Name, &c.Any)
	for _, t := range c.Any {
		want, err := version.ParseConstraint(t.V)
		if err != nil {
			d.Add(diag.Errorf("bad-constraint", t.At, "%q is not a version constraint", t.V).WithHelp("write it like >=12 or 22.04"))
			continue
		}
		c.Want = append(c.Want, want)
	}
	w.Conds = append(w.Conds, c)
}
