package resolve

import (
	"reflect"
	"slices"
	"strings"

	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/catalog"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/platform"
	"github.com/org/jetson-frontend/stacks/tree"
)

// Conditions reports conditions of a component that hold nowhere, since they
// name what does not exist: what stands under them would be left out in silence.
func Conditions(e *catalog.Entry, cat *catalog.Catalog, db *platform.DB) diag.List {
	w := conditionCheck{entry: e, cat: cat, words: platformWords(db)}
	w.walk(reflect.ValueOf(e.Component).Elem())
	return w.diags
}

type conditionCheck struct {
	entry *catalog.Entry
	cat   *catalog.Catalog
	words map[string][]string
	diags diag.List
}

// walk meets every condition, wherever a component has one.
func (w *conditionCheck) walk(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		if when, ok := v.Interface().(stacks.When); ok {
			w.check(when)
			return
		}
		if v.Type() == reflect.TypeFor[diag.Range]() {
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				w.walk(v.Field(i))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			w.walk(v.Index(i))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			w.walk(v.Elem())
		}
	}
}

func (w *conditionCheck) check(when stacks.When) {
	for _, c := range when.Conds {
		axis, isVariant := strings.CutPrefix(c.Key, "variant.")
		for _, t := range c.Any {
			switch {
			case isVariant:
				w.one(t, c.Key, w.valuesOf(axis, c.At))
			case c.Key == "with":
				w.component(t)
			case w.words[c.Key] != nil:
				w.one(t, c.Key, w.words[c.Key])
			}
		}
	}
}

func (w *conditionCheck) one(t tree.Text, key string, known []string) {
	if known == nil || slices.Contains(known, t.V) {
		return
	}
	g := diag.Errorf("bad-value", t.At, "no platform has the %s %q", key, t.V)
	if strings.HasPrefix(key, "variant.") {
		g = diag.Errorf("unknown-variant", t.At, "%s has no %s %q", w.entry.Name.V, key, t.V)
	}
	g.Help = diag.DidYouMean(t.V, known)
	w.diags = append(w.diags, g)
}

// valuesOf are the values of an axis; nil if there is no such axis, which is
// said.
func (w *conditionCheck) valuesOf(axis string, at diag.Range) []string {
	var axes []string
	for _, v := range w.entry.Variants {
		if v.Axis.V == axis {
			return texts(v.Values)
		}
		axes = append(axes, v.Axis.V)
	}
	g := diag.Errorf("unknown-variant", at, "%s has no variants by the name of %q", w.entry.Name.V, axis)
	g.Help = diag.DidYouMean(axis, axes)
	w.diags = append(w.diags, g)
	return nil
}

// component checks a name under with: conditions know a component by its own
// name alone.
func (w *conditionCheck) component(t tree.Text) {
	name, variants, _ := strings.Cut(t.V, ":")
	e, alias, _ := w.cat.Find(name)
	if e == nil {
		g := diag.Errorf("unknown-component", t.At, "there is no component %q", name)
		g.Help = diag.DidYouMean(name, w.cat.Words())
		w.diags = append(w.diags, g)
		return
	}
	if alias != nil && e.Name.V != name {
		w.diags = append(w.diags, diag.Errorf("unknown-component", t.At, "%q is another name of the component %q", name, e.Name.V).
			WithHelp("write %s here", e.Name.V))
		return
	}
	for v := range strings.SplitSeq(variants, ":") {
		if v != "" && axisOf(e.Component, v) == "" {
			w.diags = append(w.diags, diag.Errorf("unknown-variant", t.At, "%s has no variant %q", name, v))
		}
	}
}

// platformWords are what the platform data has for the keys that take words.
func platformWords(db *platform.DB) map[string][]string {
	words := map[string][]string{}
	add := func(key string, ws ...string) { words[key] = append(words[key], ws...) }
	for _, d := range db.Distributions {
		add("distro", d.Name.V, d.ID.V)
		add("arch", tree.Strings(d.Arches)...)
		for _, f := range d.Flavours {
			add("flavour", f.Val.V)
		}
	}
	for _, r := range db.Releases {
		add("flavour", r.Flavour.V)
	}
	for _, s := range db.SoCs {
		add("soc", s.Name.V)
	}
	for key, ws := range words {
		slices.Sort(ws)
		words[key] = slices.Compact(ws)
	}
	return words
}
