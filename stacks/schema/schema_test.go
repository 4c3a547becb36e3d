package schema_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/org/jetson-frontend/internal/badstacks"
	"github.com/org/jetson-frontend/internal/genstack"
	"github.com/org/jetson-frontend/internal/harness"
	"github.com/org/jetson-frontend/stacks/catalog"
	"github.com/org/jetson-frontend/stacks/platform"
	"github.com/org/jetson-frontend/stacks/schema"
)

// compile reads a schema as an editor does: from its JSON.
func compile(t *testing.T, s schema.Schema) *jsonschema.Schema {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	out, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func stackSchema(t *testing.T) schema.Schema {
	t.Helper()
	cat, err := catalog.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	db, diags := platform.Embedded()
	if err := diags.Err(); err != nil {
		t.Fatal(err)
	}
	n, err := schema.NamesOf(cat, db)
	if err != nil {
		t.Fatal(err)
	}
	s, err := schema.Stack(n)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// value reads TOML as JSON values.
func value(t *testing.T, name string, data []byte) any {
	t.Helper()
	var v map[string]any
	if err := toml.Unmarshal(data, &v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	out, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return out
}

// TestEveryFile validates every stack and component of the repository.
func TestEveryFile(t *testing.T) {
	root, err := harness.Root()
	if err != nil {
		t.Fatal(err)
	}
	for dir, s := range map[string]*jsonschema.Schema{
		"examples": compile(t, stackSchema(t)), "stacks/catalog/components": compile(t, componentSchema(t)),
	} {
		seen := 0
		err := filepath.WalkDir(filepath.Join(root, dir), func(p string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(p, ".toml") || strings.Contains(p, "/files/") {
				return err
			}
			data, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			seen++
			v := value(t, p, data)
			if m := v.(map[string]any); dir == "examples" && m["stack"] == nil && m["name"] != nil {
				return nil // a component beside an example's stack
			}
			if err := s.Validate(v); err != nil {
				t.Errorf("%s: %v", p, err)
			}
			return nil
		})
		if err != nil || seen == 0 {
			t.Errorf("%s: %d files, %v", dir, seen, err)
		}
	}
}

func componentSchema(t *testing.T) schema.Schema {
	t.Helper()
	s, err := schema.Component()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestGenerated(t *testing.T) {
	s := compile(t, componentSchema(t))
	for name, f := range genstack.Catalog(3) {
		if err := s.Validate(value(t, name, f.Data)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestBroken holds the schema to the table of broken stacks: what is wrong with
// a key or a type is wrong for the schema too.
func TestBroken(t *testing.T) {
	s := compile(t, stackSchema(t))
	cases, err := badstacks.All()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, c := range cases {
		if !slices.Contains([]string{"unknown-key", "wrong-type", "missing-key", "unknown-kind"}, c.Rule) || c.File != "stack.toml" || len(c.Args) > 0 {
			continue
		}
		if c.Rule == "missing-key" && !strings.Contains(c.Message, "needs the key") {
			continue // it depends on another key's value
		}
		seen++
		if s.Validate(value(t, c.Name, c.Stack())) == nil {
			t.Errorf("%s: the schema takes it", c.Name)
		}
	}
	if seen < 3 {
		t.Errorf("only %d broken stacks were tried", seen)
	}
}

// TestDescribed wants a description, of some length, of every key on top.
func TestDescribed(t *testing.T) {
	for name, s := range map[string]schema.Schema{"stack": stackSchema(t), "component": componentSchema(t)} {
		for key, p := range s["properties"].(schema.Schema) {
			if d, _ := p.(schema.Schema)["description"].(string); len(d) < 15 {
				t.Errorf("%s file: the key %s is described as %q", name, key, d)
			}
		}
	}
}

func TestSameTwice(t *testing.T) {
	a, _ := json.Marshal(stackSchema(t))
	b, _ := json.Marshal(stackSchema(t))
	if !bytes.Equal(a, b) {
		t.Error("two runs gave two schemas")
	}
}
