package stacks

import (
	"strings"

	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/tree"
	"github.com/org/jetson-frontend/stacks/version"
)

// Ref asks for a component: name[:variant…][@constraint], as in
// "vtk:apt", "ros:desktop@humble" or "vtk9@>=9.3,<10".
type Ref struct {
	At         diag.Range
	Name       tree.Text
	Variants   []tree.Text
	Constraint tree.Text
	Allows     version.Constraint
}

// String gives the reference as it is written.
func (r Ref) String() string {
	var b strings.Builder
	b.WriteString(r.Name.V)
	for _, v := range r.Variants {
		b.WriteByte(':')
		b.WriteString(v.V)
	}
	if r.Constraint.V != "" {
		b.WriteByte('@')
		b.WriteString(r.Constraint.V)
	}
	return b.String()
}

// UnmarshalTree reads a reference from a string.
func (r *Ref) UnmarshalTree(d *tree.Decoder, v *tree.Value) {
	var text tree.Text
	before := len(d.Diags)
	d.BindAs(v, "the name of a component", &text)
	if len(d.Diags) == before {
		*r = parseRef(d, v, 0, text.V)
	}
}

// Refs is the value of the key `stack`: "a+b:variant@constraint+c", or a list
// of references. In a list a constraint may hold a plus sign.
type Refs []Ref

// UnmarshalTree reads the references.
func (r *Refs) UnmarshalTree(d *tree.Decoder, v *tree.Value) {
	if v.Kind == tree.Array {
		for _, item := range most(checker{d}, "stack", v.At, v.Items, MaxRefs) {
			var ref Ref
			ref.UnmarshalTree(d, item)
			*r = append(*r, ref)
		}
		return
	}
	var text tree.Text
	before := len(d.Diags)
	d.BindAs(v, "stack", &text)
	if len(d.Diags) > before {
		return
	}
	offset := 0
	for _, part := range most(checker{d}, "stack", v.At, strings.Split(text.V, "+"), MaxRefs) {
		trimmed := strings.TrimLeft(part, " ")
		*r = append(*r, parseRef(d, v, offset+len(part)-len(trimmed), strings.TrimRight(trimmed, " ")))
		offset += len(part) + 1
	}
}

// ParseRefs reads a shorthand that stands on its own, such as an argument of
// the command line. Its findings point into a file called name.
func ParseRefs(name, shorthand string) (Refs, diag.List) {
	f := &diag.File{Name: name, Data: []byte(shorthand)}
	v := &tree.Value{Kind: tree.String, Raw: shorthand, At: diag.Range{File: f, End: len(shorthand)}}
	var d tree.Decoder
	var refs Refs
	refs.UnmarshalTree(&d, v)
	checker{&d}.twice(refs)
	return refs, d.Diags
}

// inside is the range of a part of a string value. A shorthand that stands on
// its own has no quotes around it.
func inside(v *tree.Value, start, end int) diag.Range {
	if v.At.End-v.At.Start == len(v.Raw) {
		return v.At.Sub(start, end)
	}
	return v.Inside(start, end)
}

// parseRef reads the reference s, which begins at byte offset of v's content.
func parseRef(d *tree.Decoder, v *tree.Value, offset int, s string) Ref {
	r := Ref{At: inside(v, offset, offset+len(s))}
	text := func(start, end int) tree.Text {
		return tree.Text{V: s[start:end], At: inside(v, offset+start, offset+end)}
	}
	end := len(s)
	if i := strings.IndexByte(s, '@'); i >= 0 {
		r.Constraint = text(i+1, len(s))
		end = i
		c, err := version.ParseConstraint(r.Constraint.V)
		if err != nil || r.Constraint.V == "" {
			d.Add(diag.Errorf("bad-constraint", orRange(r.Constraint.At, r.At), "%q is not a version constraint", r.Constraint.V).
				WithHelp("write it like @9.3, or @>=9,<10"))
		}
		r.Allows = c
	}
	start := 0
	for i := 0; i <= end; i++ {
		if i < end && s[i] != ':' {
			continue
		}
		word := text(start, i)
		switch {
		case start == 0:
			r.Name = word
			checkName(d, word, r.At, "component")
		default:
			checkName(d, word, r.At, "variant")
			r.Variants = append(r.Variants, word)
		}
		start = i + 1
	}
	return r
}

func orRange(a, b diag.Range) diag.Range {
	if a.Known() && a.End > a.Start {
		return a
	}
	return b
}
