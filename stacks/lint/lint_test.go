package lint

import (
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/plan"
)

var update = flag.Bool("update", false, "write docs/rules.md anew")

// TestDocs holds docs/rules.md against the rules.
func TestDocs(t *testing.T) {
	const page = "../../docs/rules.md"
	if *update {
		if err := os.WriteFile(page, []byte(Markdown()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(have), Markdown()); diff != "" {
		t.Errorf("docs/rules.md is not what the rules say (run with -update):\n%s", diff)
	}
}

// TestEveryRuleIsListed looks through the source for the names that findings
// are made with.
func TestEveryRuleIsListed(t *testing.T) {
	used := map[string]bool{}
	for _, dir := range []string{"..", "../../frontend"} {
		err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
				return err
			}
			f, err := parser.ParseFile(token.NewFileSet(), p, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(f, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok || len(call.Args) < 3 {
					return true
				}
				name := ""
				switch fn := call.Fun.(type) {
				case *ast.SelectorExpr:
					name = fn.Sel.Name
				case *ast.Ident:
					name = fn.Name
				}
				lit, ok := call.Args[0].(*ast.BasicLit)
				if ok && lit.Kind == token.STRING && slices.Contains([]string{"Errorf", "Warnf", "errorf"}, name) {
					if rule := strings.Trim(lit.Value, `"`); !strings.Contains(rule, " ") && !strings.Contains(rule, "%") {
						used[rule] = true
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(used) < 40 {
		t.Fatalf("only %d rules were found in the source", len(used))
	}
	for name := range used {
		if _, ok := Find(name); !ok {
			t.Errorf("the rule %s is not listed", name)
		}
	}
	var names []string
	for _, r := range Rules() {
		names = append(names, r.Name)
		if !used[r.Name] {
			t.Errorf("nothing is found by the rule %s", r.Name)
		}
	}
	if !slices.IsSorted(names) {
		t.Error("the rules are not in the order of their names")
	}
}

func TestPlanRules(t *testing.T) {
	at := func(string) diag.Range { return diag.Range{} }
	p := &plan.Plan{Platform: plan.Platform{JetPack: "4.6", Tier: "resolves"}, Config: plan.Config{Env: map[string]string{"MY_TOKEN": "x", "MODE": "y"}}}
	for range LayerBudget + 1 {
		p.Components = append(p.Components, plan.Component{Shipped: true, Steps: []plan.Step{{}}})
	}
	var got []string
	for _, d := range Plan(p, at) {
		got = append(got, d.Rule)
	}
	if diff := cmp.Diff([]string{"layers", "secret-env", "tier"}, got); diff != "" {
		t.Error(diff)
	}
	if list := Plan(&plan.Plan{}, at); len(list) > 0 {
		t.Errorf("a plan without fault has %v", list)
	}
}
