package badstacks_test

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/jetson-frontend/frontend"
	"github.com/org/jetson-frontend/internal/badstacks"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/resolve"
)

var update = flag.Bool("update", false, "write the golden files anew")

const golden = "testdata/rendered.txt"

// TestCases holds every broken stack against what must be said of it, and all
// that is said, with its carets, against a golden file.
func TestCases(t *testing.T) {
	cases, err := badstacks.All()
	if err != nil {
		t.Fatal(err)
	}
	if len(cases) < 40 {
		t.Fatalf("%d cases, want at least 40", len(cases))
	}
	var all bytes.Buffer
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			list := findings(c)
			all.WriteString("== " + c.Name + "\n")
			if err := (diag.Style{}).Render(&all, list); err != nil {
				t.Fatal(err)
			}
			if !list.HasErrors() {
				t.Fatal("the stack was accepted")
			}
			d := find(list, c)
			if d == nil {
				t.Fatalf("no finding of rule %s at %s:%d, but:\n%s", c.Rule, c.File, c.Line, list.Err())
			}
			if !strings.Contains(d.Summary, c.Message) {
				t.Errorf("message %q does not contain %q", d.Summary, c.Message)
			}
			if !strings.Contains(d.Help, c.Help) {
				t.Errorf("help %q does not contain %q", d.Help, c.Help)
			}
		})
	}
	if *update {
		if err := os.WriteFile(golden, all.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), all.String()); diff != "" {
		t.Errorf("what is said has changed (run with -update to accept):\n%s", diff)
	}
}

func findings(c badstacks.Case) diag.List {
	p := frontend.Prepare(&diag.File{Name: "stack.toml", Data: c.Stack()}, c.Args, frontend.Files{Context: c.Files, Catalog: c.Catalog()})
	if p.Diags.HasErrors() {
		return p.Diags.Sorted()
	}
	p.Input.Facts.Offline = true
	r := resolve.Resolve(p.Input)
	return append(p.Diags, r.Diags...).Sorted()
}

func find(list diag.List, c badstacks.Case) *diag.Diagnostic {
	for i, d := range list {
		if d.Rule == c.Rule && d.Range.Known() && d.Range.File.Name == c.File && d.Range.Pos().Line == c.Line {
			return &list[i]
		}
	}
	return nil
}
