package stacks_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/diag"
)

// A short file can hold a great many entries: what is said of them does not
// grow with their pairs, nor beyond what is read.
func TestManyEntriesAreFewFindings(t *testing.T) {
	repeat := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	sources := "[[component]]\nname = \"mine\"\n[[component.version]]\nversion = \"1\"\nsources = [\n" +
		repeat(3000, "{ to = \"/src/a\", context = \"d%d\" },\n") + "]\n"
	for _, c := range []struct{ name, text string }{
		{"refs in a line", `stack = "` + strings.TrimSuffix(strings.Repeat("a+", 3000), "+") + "\"\n"},
		{"refs in a list", "stack = [" + strings.Repeat(`"a",`, 3000) + "]\n"},
		{"sources", sources},
		{"components", repeat(3000, "[[component]]\nname = \"c%d\"\n")},
		{"versions", "[versions]\n" + repeat(3000, "c%d = \"1\"\n")},
		{"options", repeat(3000, "[options.c%d]\n")},
		{"copies", repeat(3000, "[[copy]]\nfrom = \"a%d\"\nto = \"/b\"\n")},
		{"tests", strings.Repeat("[[test]]\nname = \"t\"\nrun = [\"a\"]\n", 3000)},
		{"steps", "[[component]]\nname = \"mine\"\n" + strings.Repeat("[[component.step]]\nkind = \"files\"\n", 3000)},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, found := stacks.Parse(&diag.File{Name: "stack.toml", Data: []byte(c.text)})
			many := 0
			for _, d := range found {
				if d.Rule == "too-many" {
					many++
				}
			}
			if many != 1 {
				t.Errorf("too-many is said %d times, not once", many)
			}
			if len(found) > stacks.MaxItems {
				t.Errorf("%d findings", len(found))
			}
			if len(s.Stack) > stacks.MaxRefs || len(s.Components) > stacks.MaxRefs {
				t.Errorf("%d references and %d components are kept", len(s.Stack), len(s.Components))
			}
		})
	}
}
