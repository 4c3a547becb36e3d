package laws

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mvdan.cc/sh/v3/syntax"

	"github.com/org/jetson-frontend/internal/harness"
	"github.com/org/jetson-frontend/llb/op"
	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/catalog"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/tree"
)

// program is text that a build gives to an interpreter.
type program struct{ name, text string }

// written are the programs in a component's file, by interpreter.
type written struct{ shell, python []program }

func (w *written) component(c *stacks.Component) {
	for _, s := range c.Steps {
		if s.Script != nil {
			w.shell = append(w.shell, program{c.Name.V, s.Script.Run.V})
		}
	}
	w.tests(c.Name.V, c.Tests)
}

func (w *written) tests(of string, tests []stacks.Test) {
	for _, t := range tests {
		name := of + "/" + t.Name.V
		if t.Script.Set() {
			w.shell = append(w.shell, program{name, t.Script.V})
		}
		if argv := tree.Strings(t.Argv); len(argv) > 2 && isPython(argv[0]) && argv[1] == "-c" {
			w.python = append(w.python, program{name, argv[2]})
		}
	}
}

func isPython(command string) bool { return strings.HasPrefix(path.Base(command), "python3") }

// catalogs are the programs of the embedded catalog, in components' files and
// beside them.
func catalogs(t *testing.T) written {
	t.Helper()
	cat, err := catalog.Embedded()
	must(t, err)
	all, diags := cat.All()
	must(t, diags.Err())
	var w written
	for _, c := range all {
		w.component(c.Component)
	}
	root, err := harness.Root()
	must(t, err)
	must(t, filepath.WalkDir(filepath.Join(root, "stacks/catalog", catalog.Root), func(file string, e fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(file) != ".sh" {
			return err
		}
		data, err := os.ReadFile(file)
		w.shell = append(w.shell, program{e.Name(), string(data)})
		return err
	}))
	return w
}

// examples are the programs of the examples, in stacks and in the components
// beside them.
func examples(t *testing.T) written {
	t.Helper()
	root, err := harness.Root()
	must(t, err)
	var w written
	must(t, filepath.WalkDir(filepath.Join(root, "examples"), func(file string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Ext(file) != ".toml" {
			return err
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		f := &diag.File{Name: file, Data: data}
		if e.Name() != "stack.toml" {
			c, ds := stacks.ParseComponent(&tree.Decoder{}, f)
			must(t, ds.Err())
			w.component(c)
			return nil
		}
		s, ds := stacks.Parse(f)
		must(t, ds.Err())
		w.tests(filepath.Base(filepath.Dir(file)), s.Tests)
		for i := range s.Components {
			w.component(&s.Components[i].Component)
		}
		return nil
	}))
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// parsed reads a script as POSIX shell.
func parsed(t *testing.T, p program) *syntax.File {
	t.Helper()
	f, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(strings.NewReader(p.text), p.name)
	if err != nil {
		t.Errorf("%v", err)
	}
	return f
}

// TestScriptsAreShell parses every script that a build can run, as POSIX shell.
func TestScriptsAreShell(t *testing.T) {
	if len(op.Names()) == 0 {
		t.Fatal("there are no scripts")
	}
	for _, name := range op.Names() {
		text, err := op.Script(name)
		must(t, err)
		parsed(t, program{name, string(text)})
		if bytes.Contains(text, []byte("eval ")) {
			t.Errorf("%s uses eval: values are never read as shell", name)
		}
	}
	for where, w := range map[string]written{"the catalog": catalogs(t), "the examples": examples(t)} {
		if len(w.shell) == 0 {
			t.Errorf("%s has no scripts: this test looks at the wrong thing", where)
		}
		for _, p := range w.shell {
			parsed(t, p)
		}
	}
}

// TestProgramsArePython compiles every Python program that a build can run: an
// argument of python3, what a script hands to it, and what lies beside one.
func TestProgramsArePython(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not here")
	}
	of, in := catalogs(t), examples(t)
	all := slices.Concat(of.python, in.python)
	here := 0
	for _, p := range slices.Concat(of.shell, in.shell) {
		documents := pythonDocuments(parsed(t, p))
		here += len(documents)
		for _, text := range documents {
			all = append(all, program{p.name, text})
		}
	}
	if name, data, ok := op.Beside("pip-fetch.sh"); ok {
		all = append(all, program{name, string(data)})
	}
	if len(all) < 8 || here == 0 {
		t.Fatalf("%d programs, %d of them in scripts: this test looks at the wrong thing", len(all), here)
	}
	for _, p := range all {
		cmd := exec.Command(python, "-c", "import sys; compile(sys.stdin.read(), sys.argv[1], 'exec')", p.name)
		cmd.Stdin = strings.NewReader(p.text)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", p.name, err, out)
		}
	}
}

// pythonDocuments are the texts that a script hands to Python's standard input.
func pythonDocuments(f *syntax.File) []string {
	var out []string
	syntax.Walk(f, func(n syntax.Node) bool {
		s, ok := n.(*syntax.Stmt)
		if !ok {
			return true
		}
		call, ok := s.Cmd.(*syntax.CallExpr)
		if !ok || len(call.Args) == 0 || !isPython(call.Args[0].Lit()) {
			return true
		}
		for _, r := range s.Redirs {
			if r.Hdoc != nil {
				out = append(out, r.Hdoc.Lit())
			}
		}
		return true
	})
	return out
}
