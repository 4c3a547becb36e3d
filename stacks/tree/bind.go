package tree

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/org/jetson-frontend/stacks/diag"
)

// Text is a string that knows its place.
type Text struct {
	V  string
	At diag.Range
}

// String returns the text.
func (t Text) String() string { return t.V }

// Inside returns the range of a part of the text: the bytes from start to end.
// Where text and source differ, as with escapes, it is the range of the whole.
func (t Text) Inside(start, end int) diag.Range {
	if t.At.End-t.At.Start == len(t.V)+2 {
		return t.At.Sub(1+start, 1+end)
	}
	return t.At
}

// Set reports whether the file gave the text, even if empty.
func (t Text) Set() bool { return t.V != "" || t.At.Known() }

// Scalar is a string, number or boolean, kept as text.
type Scalar struct {
	Text
	Kind Kind
}

// Words is a list of strings that may also be written as one string.
type Words []Text

// Values returns the strings alone.
func (w Words) Values() []string { return Strings(w) }

// Strings returns the strings of texts.
func Strings[T ~[]Text](texts T) []string {
	var out []string
	for _, t := range texts {
		out = append(out, t.V)
	}
	return out
}

// Entry is one key of a table whose keys are free.
type Entry[T any] struct {
	Key Text
	Val T
}

// Map is a table whose keys are free, sorted by key.
type Map[T any] []Entry[T]

// freeTable is what every Map is, whatever its values.
type freeTable interface{ freeTable() }

func (Map[T]) freeTable() {}

// Get returns the value of a key.
func (m Map[T]) Get(key string) (v T, ok bool) {
	for _, e := range m {
		if e.Key.V == key {
			return e.Val, true
		}
	}
	return v, false
}

// Unmarshaler is a type that binds itself.
type Unmarshaler interface {
	UnmarshalTree(d *Decoder, v *Value)
}

// Decoder binds values to Go types and collects what does not fit. It is used
// by one goroutine at a time; reusing it saves looking at types again.
type Decoder struct {
	Diags diag.List
	types map[reflect.Type]*structType
}

// structType is what binding needs to know of a struct. Fields are named by
// their `toml:"name"` tag; `toml:",at"` marks the field that takes the table's
// range, `toml:"name,required"` a key that must be there.
type structType struct {
	fields []structField
	names  []string
	at     int
}

type structField struct {
	name     string
	index    int
	required bool
}

// Add records a finding.
func (d *Decoder) Add(g ...diag.Diagnostic) { d.Diags = append(d.Diags, g...) }

// Take returns the findings so far and forgets them.
func (d *Decoder) Take() diag.List {
	out := d.Diags
	d.Diags = nil
	return out
}

// Bind fills dst, a pointer, from v.
func (d *Decoder) Bind(v *Value, dst any) {
	d.bind(v, reflect.ValueOf(dst).Elem(), "")
}

// BindAs fills dst from v, which messages call name.
func (d *Decoder) BindAs(v *Value, name string, dst any) {
	d.bind(v, reflect.ValueOf(dst).Elem(), name)
}

// BindFields fills several structs from one table; a key is known if any of
// them has it. what names the table in messages, such as "a cmake step".
func (d *Decoder) BindFields(v *Value, what string, dsts ...any) {
	if v.Kind != Table {
		d.wrongType(v, what, "a table")
		return
	}
	known := map[string]bool{}
	var names []string
	for _, dst := range dsts {
		rv := reflect.ValueOf(dst).Elem()
		st := d.structType(rv.Type())
		if st.at >= 0 {
			rv.Field(st.at).Set(reflect.ValueOf(v.At))
		}
		for _, f := range st.fields {
			known[f.name] = true
			d.bindField(v, rv, f, what)
		}
		names = append(names, st.names...)
	}
	for _, f := range v.Fields {
		if !known[f.Name] {
			d.unknownKey(f, what, names)
		}
	}
}

func (d *Decoder) bindField(v *Value, rv reflect.Value, f structField, what string) {
	fv := v.Field(f.name)
	if fv == nil {
		if f.required {
			d.Add(diag.Errorf("missing-key", v.At, "%s needs the key %q", orFile(what), f.name))
		}
		return
	}
	d.bind(fv, rv.Field(f.index), f.name)
}

func orFile(what string) string {
	if what == "" {
		return "this file"
	}
	return what
}

func (d *Decoder) unknownKey(f Field, what string, names []string) {
	g := diag.Errorf("unknown-key", f.Key, "unknown key %q in %s", f.Name, orFile(what))
	g.Help = diag.DidYouMean(f.Name, names)
	d.Add(g)
}

func (d *Decoder) wrongType(v *Value, name, want string) {
	g := diag.Errorf("wrong-type", v.At, "%s must be %s, not %s", orFile(quoteName(name)), want, v.Kind)
	if want == String.String() && (v.Kind == Integer || v.Kind == Float || v.Kind == Bool || v.Kind == Date) {
		g = g.WithHelp("write %q", v.Raw)
	}
	if words := meant(v); want == Array.String() && len(words) > 0 {
		g = g.WithHelp("write %s", listOf(words))
	}
	if want == Array.String() && v.Kind == Table && v.At.Known() && v.At.Start > 0 && v.At.File.Data[v.At.Start-1] == '[' {
		g = g.WithHelp("write [[%s]]", v.At.File.Data[v.At.Start:v.At.End])
	}
	d.Add(g)
}

// meant are the words of a string that stands where a list should: none if the
// string has quotes of its own, whose meaning would be a guess.
func meant(v *Value) []string {
	if v.Kind != String || strings.ContainsAny(v.Raw, "'\"\\") {
		return nil
	}
	return strings.Fields(v.Raw)
}

// listOf writes words as a list of TOML's.
func listOf(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = strconv.Quote(w)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

func quoteName(name string) string {
	if name == "" || strings.Contains(name, " ") {
		return name
	}
	return strconv.Quote(name)
}

// want reports whether v has a kind, and says so if not.
func (d *Decoder) want(v *Value, name string, kinds ...Kind) bool {
	if slices.Contains(kinds, v.Kind) {
		return true
	}
	d.wrongType(v, name, kinds[0].String())
	return false
}

func (d *Decoder) bind(v *Value, dst reflect.Value, name string) {
	if v.Kind == Broken {
		return // that it cannot be read is said
	}
	if u, ok := dst.Addr().Interface().(Unmarshaler); ok {
		u.UnmarshalTree(d, v)
		return
	}
	switch p := dst.Addr().Interface().(type) {
	case **Value:
		*p = v
		return
	case *Text:
		if d.want(v, name, String) {
			*p = Text{v.Raw, v.At}
		}
		return
	case *Scalar:
		if d.want(v, name, String, Integer, Float, Bool) {
			*p = Scalar{Text{v.Raw, v.At}, v.Kind}
		}
		return
	case *Words:
		d.words(v, p, name)
		return
	}
	d.bindKind(v, dst, name)
}

func (d *Decoder) words(v *Value, p *Words, name string) {
	items := []*Value{v}
	if v.Kind == Array {
		items = v.Items
	}
	for _, item := range items {
		if d.want(item, name, String) {
			*p = append(*p, Text{item.Raw, item.At})
		}
	}
}

func (d *Decoder) bindKind(v *Value, dst reflect.Value, name string) {
	switch dst.Kind() {
	case reflect.String:
		if d.want(v, name, String) {
			dst.SetString(v.Raw)
		}
	case reflect.Bool:
		if d.want(v, name, Bool) {
			dst.SetBool(v.Raw == "true")
		}
	case reflect.Int, reflect.Int64:
		d.integer(v, dst, name)
	case reflect.Pointer:
		dst.Set(reflect.New(dst.Type().Elem()))
		d.bind(v, dst.Elem(), name)
	case reflect.Struct:
		d.BindFields(v, tableName(name), dst.Addr().Interface())
	case reflect.Slice:
		if _, ok := dst.Interface().(freeTable); ok {
			d.bindMap(v, dst, name)
			return
		}
		if v.Kind != Array && v.Kind != Table && isTable(dst.Type().Elem()) {
			d.Add(diag.Errorf("wrong-type", v.At, "%s must be a list of tables, not %s", orFile(quoteName(name)), v.Kind).
				WithHelp("write it as [[%s]], with keys on the lines below", name))
			return
		}
		if !d.want(v, name, Array) {
			// What was meant is taken, so that nobody misses the key.
			if p, ok := dst.Addr().Interface().(*[]Text); ok {
				for _, w := range meant(v) {
					*p = append(*p, Text{w, v.At})
				}
			}
			return
		}
		out := reflect.MakeSlice(dst.Type(), len(v.Items), len(v.Items))
		for i, item := range v.Items {
			d.bind(item, out.Index(i), name)
		}
		dst.Set(out)
	default:
		panic(fmt.Sprintf("tree: cannot bind to %s", dst.Type()))
	}
}

// isTable reports whether values of a type are written as tables.
func isTable(t reflect.Type) bool {
	if t.Kind() != reflect.Struct {
		return false
	}
	for i := range t.NumField() {
		f := t.Field(i)
		if _, ok := f.Tag.Lookup("toml"); ok || f.Anonymous && isTable(f.Type) {
			return true
		}
	}
	return false
}

func tableName(name string) string {
	if name == "" {
		return ""
	}
	return "[" + name + "]"
}

func (d *Decoder) integer(v *Value, dst reflect.Value, name string) {
	if !d.want(v, name, Integer) {
		return
	}
	n, err := strconv.ParseInt(strings.ReplaceAll(v.Raw, "_", ""), 0, 64)
	if err != nil {
		d.Add(diag.Errorf("wrong-type", v.At, "%q is out of range", v.Raw))
		return
	}
	dst.SetInt(n)
}

// bindMap fills a Map: a slice of structs {Key Text; Val T}.
func (d *Decoder) bindMap(v *Value, dst reflect.Value, name string) {
	if !d.want(v, name, Table) {
		return
	}
	fields := slices.DeleteFunc(slices.Clone(v.Fields), func(f Field) bool { return f.Value.Kind == Broken })
	slices.SortFunc(fields, func(a, b Field) int { return cmp.Compare(a.Name, b.Name) })
	out := reflect.MakeSlice(dst.Type(), len(fields), len(fields))
	for i, f := range fields {
		e := out.Index(i)
		e.Field(0).Set(reflect.ValueOf(Text{f.Name, f.Key}))
		d.bind(f.Value, e.Field(1), name+"."+f.Name)
	}
	dst.Set(out)
}

var rangeType = reflect.TypeFor[diag.Range]()

func (d *Decoder) structType(t reflect.Type) *structType {
	if st, ok := d.types[t]; ok {
		return st
	}
	st := &structType{at: -1}
	for i := range t.NumField() {
		f := t.Field(i)
		tag, ok := f.Tag.Lookup("toml")
		if !ok {
			continue
		}
		name, opts, _ := strings.Cut(tag, ",")
		if name == "" && opts == "at" && f.Type == rangeType {
			st.at = i
			continue
		}
		st.fields = append(st.fields, structField{name, i, opts == "required"})
		st.names = append(st.names, name)
	}
	if d.types == nil {
		d.types = map[reflect.Type]*structType{}
	}
	d.types[t] = st
	return st
}
