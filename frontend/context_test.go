package frontend

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/jetson-frontend/llb/graph"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/resolve"
)

// TestContextPaths: what is taken from the build context is what the target
// needs of it.
func TestContextPaths(t *testing.T) {
	source := func(name, dir string) string {
		return "[[component]]\nname = \"" + name + "\"\n[[component.version]]\nversion = \"1\"\nsources = [{ to = \"/src/x\", context = \"" + dir + "\" }]\n" +
			"[[component.step]]\nkind = \"files\"\nput = [{ to = \"/usr/local/" + name + "\", source = \"/src/x\" }]\n"
	}
	const head = "stack = \"flann\"\nplatform = \"debian-12\"\n"
	copies := "[[copy]]\nfrom = \"./data/\"\nto = \"/opt/data\"\n[[copy]]\nfrom = \"conf/*\"\nto = \"/opt/conf/\"\n"
	for _, tc := range []struct {
		name, stack, target string
		replaced            []string
		want                []string
	}{
		{"nothing", head, "", nil, nil},
		{"copies and sources", head + copies + source("a", "src/a") + source("b", "./src/a/"), "", nil, []string{"conf/*", "data", "src/a"}},
		{"everything", head + source("a", "."), "", nil, []string{"."}},
		{"another source in its place", head + source("a", "a") + source("b", "b"), "", []string{"a"}, []string{"b"}},
		{"one component", head + copies + source("a", "a") + source("b", "b"), "b", nil, []string{"b"}},
		{"one of the catalog", head + copies + source("a", "a"), "flann", nil, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := Prepare(&diag.File{Name: "stack.toml", Data: []byte(tc.stack)}, nil, Files{})
			p.Input.Arch, p.Input.Native, p.Input.Facts.Offline = "arm64", "amd64", true
			r := resolve.Resolve(p.Input)
			if err := append(p.Diags, r.Diags...).Err(); err != nil {
				t.Fatal(err)
			}
			g, err := graph.New(r.Plan, graph.Options{Build: "amd64", Target: tc.target})
			if err != nil {
				t.Fatal(err)
			}
			got := contextPaths(g, func(c string) bool { return slices.Contains(tc.replaced, c) })
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
