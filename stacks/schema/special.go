package schema

import (
	"reflect"

	"github.com/org/jetson-frontend/stacks"
)

func reference() Schema {
	return Schema{
		"type": "string", "pattern": `^[a-z0-9][a-z0-9._-]*(:[a-z0-9][a-z0-9._-]*)*(@.+)?$`,
		"description": "A component: name[:variant…][@constraint].",
	}
}

// when is a condition.
func when() Schema {
	props := Schema{}
	for _, k := range stacks.WhenKeys() {
		props[k] = words()
	}
	props["variant"] = Schema{"type": "object", "additionalProperties": words(), "description": "The choice made on an axis of this component."}
	return Schema{
		"type": "object", "properties": props, "additionalProperties": false,
		"description": "A condition: every key must hold; a list holds if any of its members does.",
	}
}

func (m *maker) needs() Schema {
	s := m.object(reflect.TypeFor[stacks.Needs](), reflect.TypeFor[stacks.Edges]())
	props := s["properties"].(Schema)
	props["when"] = m.of(reflect.TypeFor[stacks.When]())
	props["apt"] = described(m.of(reflect.TypeFor[stacks.AptEdges]()), m.docs["AptEdges"])
	return s
}

// step has the keys of its kind.
func (m *maker) step() Schema {
	bodies := map[string]reflect.Type{
		stacks.KindApt: reflect.TypeFor[stacks.AptStep](), stacks.KindPip: reflect.TypeFor[stacks.PipStep](),
		stacks.KindWheel: reflect.TypeFor[stacks.WheelStep](), stacks.KindCMake: reflect.TypeFor[stacks.CMakeStep](),
		stacks.KindColcon: reflect.TypeFor[stacks.ColconStep](), stacks.KindFiles: reflect.TypeFor[stacks.FilesStep](),
		stacks.KindScript: reflect.TypeFor[stacks.ScriptStep](),
	}
	var kinds []any
	for _, kind := range stacks.StepKinds() {
		s := m.object(bodies[kind], reflect.TypeFor[stacks.StepCommon]())
		s["title"] = "a step of kind " + kind
		s["properties"].(Schema)["kind"] = Schema{"const": kind}
		kinds = append(kinds, s)
	}
	return Schema{
		"type": "object", "required": []string{"kind"}, "description": m.docs["Step"],
		"properties": Schema{"kind": Schema{"enum": stacks.StepKinds()}}, "oneOf": kinds,
	}
}

// inline is a component of the stack's own, or the path of one.
func (m *maker) inline() Schema {
	path := Schema{
		"type": "object", "required": []string{"path"}, "additionalProperties": false,
		"properties": Schema{"path": described(text(), "A folder of the build context that holds <name>/<name>.toml.")},
	}
	own := m.object(reflect.TypeFor[stacks.Component]())
	own["required"] = []string{"name"}
	return Schema{"oneOf": []any{own, path}, "description": m.docs["Inline"]}
}
