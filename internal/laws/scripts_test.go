package laws

import (
	"bytes"
	"strings"
	"testing"

	"mvdan.cc/sh/v3/syntax"

	"github.com/org/jetson-frontend/llb/op"
	"github.com/org/jetson-frontend/stacks/catalog"
)

// TestScriptsAreShell parses every script that a build can run, as POSIX shell.
func TestScriptsAreShell(t *testing.T) {
	parser := syntax.NewParser(syntax.Variant(syntax.LangPOSIX))
	check := func(name string, text []byte) {
		t.Helper()
		if _, err := parser.Parse(bytes.NewReader(text), name); err != nil {
			t.Errorf("%v", err)
		}
	}
	if len(op.Names()) == 0 {
		t.Fatal("there are no scripts")
	}
	for _, name := range op.Names() {
		text, err := op.Script(name)
		if err != nil {
			t.Fatal(err)
		}
		check(name, text)
		if strings.Contains(string(text), "eval ") {
			t.Errorf("%s uses eval: values are never read as shell", name)
		}
	}
	cat, err := catalog.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	all, diags := cat.All()
	if err := diags.Err(); err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		for _, s := range c.Steps {
			if s.Script != nil {
				check(c.Name.V, []byte(s.Script.Run.V))
			}
		}
		for _, test := range c.Tests {
			check(c.Name.V+"/"+test.Name.V, []byte(test.Script.V))
		}
	}
}
