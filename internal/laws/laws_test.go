// Package laws holds the repository against what its design forbids: names of
// components in Go, imports that go the wrong way, and a look at the outside
// world from code that must be pure.
package laws

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/org/jetson-frontend/internal/harness"
	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/catalog"
	"github.com/org/jetson-frontend/stacks/platform"
)

const module = "github.com/org/jetson-frontend"

// exempt are words that name a component of the catalog and may stand in Go
// all the same: step kinds, the keys of platforms, and the tools that a kind
// is made of. Nothing else is.
var exempt = func() []string {
	db, _ := platform.Embedded()
	return slices.Concat(stacks.StepKinds(), db.VersionKeys(), []string{"ubuntu"})
}()

// TestNamesInDataOnly is the first law: Go knows kinds, TOML knows names.
func TestNamesInDataOnly(t *testing.T) {
	cat, err := catalog.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, w := range cat.Words() {
		if !slices.Contains(exempt, w) {
			names = append(names, regexp.QuoteMeta(w))
		}
	}
	if len(names) == 0 {
		t.Fatal("the catalog is empty")
	}
	// A name counts as a word of its own, not as part of another.
	re := regexp.MustCompile(`(?i)(^|[^a-z0-9])(` + strings.Join(names, "|") + `)($|[^a-z0-9])`)
	eachFile(t, func(path string, f *ast.File, fset *token.FileSet) {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Ident:
				if re.MatchString(n.Name) {
					t.Errorf("%s: the identifier %s names a component", fset.Position(n.Pos()), n.Name)
				}
			case *ast.BasicLit:
				if m := re.FindStringSubmatch(n.Value); n.Kind == token.STRING && m != nil && !helpText(n.Value) {
					t.Errorf("%s: the string %s names the component %s", fset.Position(n.Pos()), n.Value, m[2])
				}
			}
			return true
		})
	})
}

// helpText reports whether a string is an example in a help text. They are for
// people, and an example without a name would be none.
func helpText(s string) bool { return strings.Contains(s, "jetson ") || strings.Contains(s, "as in ") }

// eachFile calls fn for every Go file that is not a test, a harness of tests,
// or a tool of the repository.
func eachFile(t *testing.T, fn func(path string, f *ast.File, fset *token.FileSet)) {
	t.Helper()
	root, err := harness.Root()
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	err = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, p)
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && rel != "." || rel == "tools" || rel == "examples" || rel == "internal/harness" || rel == "internal/e2e") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(fset, p, nil, 0)
		if err != nil {
			return err
		}
		fn(rel, f, fset)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

type pkg struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

func packages(t *testing.T) map[string]pkg {
	t.Helper()
	root, err := harness.Root()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Imports,Deps", "./...")
	cmd.Dir = root
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	all := map[string]pkg{}
	dec := json.NewDecoder(out)
	for {
		var p pkg
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		all[p.ImportPath] = p
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	return all
}

// order is the way in which imports may go: a layer imports layers before it.
var order = []string{
	"stacks/diag", "stacks/tree", "stacks/version", "stacks/interp", "stacks", "stacks/platform", "stacks/catalog", "stacks/lock",
	"stacks/plan", "stacks/resolve", "stacks/lint", "llb/op", "llb/graph", "llb", "frontend/sbom", "frontend",
}

// TestImportsGoOneWay holds the layers in their order, and what must stay
// small or pure free of what would end that.
func TestImportsGoOneWay(t *testing.T) {
	all := packages(t)
	for i, layer := range order {
		p, ok := all[module+"/"+layer]
		if !ok {
			continue
		}
		for _, imp := range p.Imports {
			rel, own := strings.CutPrefix(imp, module+"/")
			if !own {
				continue
			}
			if at := slices.Index(order, rel); at < 0 || at >= i {
				t.Errorf("%s imports %s, which comes after it", layer, rel)
			}
		}
	}
	for path, p := range all {
		rel, own := strings.CutPrefix(path, module+"/")
		if !own {
			continue
		}
		for _, dep := range p.Deps {
			if strings.HasPrefix(rel, "stacks") && (strings.HasPrefix(dep, "github.com/moby/") || strings.HasPrefix(dep, "github.com/containerd/") || strings.HasPrefix(dep, "github.com/docker/")) {
				t.Errorf("%s depends on %s; nothing under stacks knows BuildKit", rel, dep)
			}
			if rel == "frontend" || rel == "cmd/jetson-frontend" {
				for _, no := range []string{module + "/internal/cli", module + "/internal/daemon", module + "/internal/engine", module + "/internal/draw", module + "/stacks/schema", "golang.org/x/image", "github.com/docker/cli", "github.com/spf13/", "github.com/moby/buildkit/control", "github.com/google/go-containerregistry"} {
					if strings.HasPrefix(dep, no) {
						t.Errorf("%s depends on %s; the frontend carries nothing that only the command line needs", rel, dep)
					}
				}
			}
		}
	}
}

// TestPureCode keeps the resolver and the compiler off the clock, the network,
// the file system, the environment and chance.
func TestPureCode(t *testing.T) {
	forbidden := map[string][]string{
		"os": nil, "net": nil, "net/http": nil, "math/rand": nil, "math/rand/v2": nil, "os/exec": nil, "crypto/rand": nil, "runtime": {"GOOS", "GOARCH"},
		"time": {"Now", "Since", "Local"}, "context": {"Background", "TODO"},
	}
	allowed := map[string][]string{
		"llb/exec.go": {"os.FileMode"}, // a type of BuildKit's interface
	}
	eachFile(t, func(path string, f *ast.File, fset *token.FileSet) {
		if !strings.HasPrefix(path, "stacks/") && !strings.HasPrefix(path, "llb/") {
			return
		}
		imports := map[string]string{}
		for _, im := range f.Imports {
			p := strings.Trim(im.Path.Value, `"`)
			imports[filepath.Base(p)] = p
		}
		ast.Inspect(f, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, ok := sel.X.(*ast.Ident)
			if !ok {
				return true
			}
			names, listed := forbidden[imports[x.Name]]
			if listed && (names == nil || slices.Contains(names, sel.Sel.Name)) && !slices.Contains(allowed[path], x.Name+"."+sel.Sel.Name) {
				t.Errorf("%s: %s.%s in code that must be pure", fset.Position(sel.Pos()), x.Name, sel.Sel.Name)
			}
			return true
		})
	})
}

// TestNoGlobalState looks for package-level variables that could change, init
// functions and contexts made out of nothing.
func TestNoGlobalState(t *testing.T) {
	eachFile(t, func(path string, f *ast.File, fset *token.FileSet) {
		if strings.HasPrefix(path, "cmd/") || strings.HasPrefix(path, "internal/cli/") {
			return
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.Name == "init" && d.Recv == nil {
					t.Errorf("%s: init", fset.Position(d.Pos()))
				}
			case *ast.GenDecl:
				if d.Tok == token.VAR {
					for _, s := range d.Specs {
						v := s.(*ast.ValueSpec)
						if _, ok := v.Type.(*ast.MapType); ok {
							t.Errorf("%s: the package-level map %s can change", fset.Position(v.Pos()), v.Names[0])
						}
						for _, val := range v.Values {
							if lit, ok := val.(*ast.CompositeLit); ok {
								if _, ok := lit.Type.(*ast.MapType); ok {
									t.Errorf("%s: the package-level map %s can change", fset.Position(v.Pos()), v.Names[0])
								}
							}
						}
					}
				}
			}
		}
	})
}
