// Package genstack makes catalogs of any size for benchmarks and law tests.
package genstack

import (
	"fmt"
	"strings"
	"testing/fstest"

	"github.com/org/jetson-frontend/stacks/catalog"
)

// Catalog returns n components, each with two versions, a source, conditional
// needs, a cmake step and a test. Component i links to those at i/2 and i/3,
// so that the graph is neither a chain nor a star.
func Catalog(n int) fstest.MapFS {
	fsys := fstest.MapFS{}
	for i := range n {
		fsys[fmt.Sprintf("%s/area%d/%s.toml", catalog.Root, i%7, Name(i))] = &fstest.MapFile{Data: []byte(component(i))}
	}
	return fsys
}

// Name is the name of component i.
func Name(i int) string { return fmt.Sprintf("comp%03d", i) }

// Stack is a stack file that asks for the first n components.
func Stack(n int) []byte {
	var names []string
	for i := range n {
		names = append(names, Name(i))
	}
	return fmt.Appendf(nil, "# syntax=ghcr.io/org/jetson-frontend:1\nstack    = %q\nplatform = \"debian-12\"\n", strings.Join(names, "+"))
}

func component(i int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "name    = %q\nsummary = \"Generated component %d\"\nlicense = \"MIT\"\naliases = [\"c%d@>=1\"]\n\n", Name(i), i, i)
	b.WriteString("[[variant]]\naxis   = \"profile\"\nvalues = [\"small\", \"full\"]\n\n")
	for v := 1; v <= 2; v++ {
		fmt.Fprintf(&b, "[[version]]\nversion = \"%d.%d\"\ndate    = \"2024-01-%02d\"\nsources = [{ to = \"/src/%s\", git = \"https://example.invalid/%s.git\", tag = \"v%d\", commit = \"%040x\" }]\n\n",
			v, i, i%28+1, Name(i), Name(i), v, i*10+v)
	}
	b.WriteString("[[needs]]\n")
	var links []string
	for _, d := range []int{i / 2, i / 3} {
		if d < i && (len(links) == 0 || links[0] != fmt.Sprintf("%q", Name(d))) {
			links = append(links, fmt.Sprintf("%q", Name(d)))
		}
	}
	fmt.Fprintf(&b, "link      = [%s]\napt.build = [\"libbuild%d-dev\"]\napt.link  = [\"liblink%d-dev\"]\napt.run   = [\"librun%d\"]\n\n", strings.Join(links, ", "), i%5, i%9, i)
	b.WriteString("[[needs]]\nwhen      = { ubuntu = \"22.04\" }\napt.build = [\"libjammy-dev\"]\n\n")
	b.WriteString("[[step]]\nkind  = \"cmake\"\nheavy = true\n[step.options]\nBUILD_TESTING = false\nVERSION       = \"${version}\"\n[[step.if]]\nwhen    = { variant.profile = \"full\" }\noptions = { FULL = true }\n\n")
	fmt.Fprintf(&b, "[[test]]\nname = \"runs\"\nrun  = [\"/usr/local/bin/%s\", \"--version\"]\nstdout.contains = [\"${version}\"]\n", Name(i))
	return b.String()
}
