// Package schema describes stack and component files as JSON schemas, for
// editors. The schemas are made of the Go types that read the files, so that
// they cannot drift from the language, and of the catalog's names; descriptions
// are the types' own comments.
package schema

import (
	"reflect"
	"strings"

	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/tree"
)

// Draft is the JSON schema dialect. Editors know this one best.
const Draft = "http://json-schema.org/draft-07/schema#"

// Schema is a JSON schema, or a part of one.
type Schema map[string]any

// maker makes schemas of types. Struct types become definitions.
type maker struct {
	defs Schema
	docs docs
}

// Component is the schema of a component file.
func Component() (Schema, error) {
	m, err := newMaker()
	if err != nil {
		return nil, err
	}
	s := m.object(reflect.TypeFor[stacks.Component]())
	s["required"] = []string{"name", "summary", "license"}
	return m.document(s, "A component of the jetson catalog"), nil
}

// Stack is the schema of a stack file. The names say what editors offer; they
// forbid nothing, since a stack may bring components of its own.
func Stack(n Names) (Schema, error) {
	m, err := newMaker()
	if err != nil {
		return nil, err
	}
	s := m.object(reflect.TypeFor[stacks.Stack]())
	n.apply(s["properties"].(Schema))
	return m.document(s, "A stack: what a container image for Jetson holds"), nil
}

func newMaker() (*maker, error) {
	d, err := readDocs(stacks.Sources())
	return &maker{defs: Schema{}, docs: d}, err
}

func (m *maker) document(s Schema, title string) Schema {
	s["$schema"], s["title"] = Draft, title
	s["definitions"] = m.defs
	return s
}

func text() Schema { return Schema{"type": "string"} }

// words is a list of strings that may also be one string.
func words() Schema {
	return Schema{"anyOf": []any{text(), Schema{"type": "array", "items": text()}}}
}

// of is the schema of a type.
func (m *maker) of(t reflect.Type) Schema {
	if s := m.special(t); s != nil {
		return s
	}
	switch t.Kind() {
	case reflect.Pointer:
		return m.of(t.Elem())
	case reflect.Bool:
		return Schema{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return Schema{"type": "integer"}
	case reflect.Slice:
		if strings.HasPrefix(t.Name(), "Map[") {
			f, _ := t.Elem().FieldByName("Val")
			return Schema{"type": "object", "additionalProperties": m.of(f.Type)}
		}
		return Schema{"type": "array", "items": m.of(t.Elem())}
	case reflect.Struct:
		return m.ref(t.Name(), func() Schema { return m.object(t) })
	}
	return Schema{} // anything
}

// special are the types that bind themselves.
func (m *maker) special(t reflect.Type) Schema {
	switch t {
	case reflect.TypeFor[tree.Text]():
		return text()
	case reflect.TypeFor[tree.Scalar]():
		return Schema{"type": []string{"string", "number", "boolean"}}
	case reflect.TypeFor[tree.Words]():
		return words()
	case reflect.TypeFor[*tree.Value]():
		return Schema{}
	case reflect.TypeFor[stacks.Ref](), reflect.TypeFor[stacks.Alias]():
		return m.ref("Ref", reference)
	case reflect.TypeFor[stacks.Refs]():
		return Schema{"anyOf": []any{text(), Schema{"type": "array", "items": m.ref("Ref", reference)}}}
	case reflect.TypeFor[stacks.When]():
		return m.ref("When", when)
	case reflect.TypeFor[stacks.Needs]():
		return m.ref("Needs", m.needs)
	case reflect.TypeFor[stacks.Step]():
		return m.ref("Step", m.step)
	case reflect.TypeFor[stacks.Inline]():
		return m.ref("Inline", m.inline)
	}
	return nil
}

// ref names a schema, and makes it the first time.
func (m *maker) ref(name string, build func() Schema) Schema {
	if _, ok := m.defs[name]; !ok {
		m.defs[name] = Schema{} // a type may hold itself
		m.defs[name] = build()
	}
	return Schema{"$ref": "#/definitions/" + name}
}

// object is a table with the keys of a struct, and no others.
func (m *maker) object(types ...reflect.Type) Schema {
	props := Schema{}
	var required []string
	for _, t := range types {
		m.fields(t, props, &required)
	}
	s := Schema{"type": "object", "properties": props, "additionalProperties": false}
	if len(required) > 0 {
		s["required"] = required
	}
	if d := m.docs[types[0].Name()]; d != "" {
		s["description"] = d
	}
	return s
}

func (m *maker) fields(t reflect.Type, props Schema, required *[]string) {
	for i := range t.NumField() {
		f := t.Field(i)
		tag, ok := f.Tag.Lookup("toml")
		name, opts, _ := strings.Cut(tag, ",")
		if !ok || name == "" {
			continue
		}
		if opts == "required" {
			*required = append(*required, name)
		}
		props[name] = described(m.of(f.Type), m.docs.field(t, f))
	}
}

// described adds a description. Beside a reference draft 7 ignores everything,
// so that the reference moves into an allOf.
func described(s Schema, doc string) Schema {
	if doc == "" {
		return s
	}
	if _, ok := s["$ref"]; ok {
		s = Schema{"allOf": []any{s}}
	}
	s["description"] = doc
	return s
}
