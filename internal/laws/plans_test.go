package laws

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/org/jetson-frontend/llb/graph"
	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/catalog"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/plan"
	"github.com/org/jetson-frontend/stacks/platform"
	"github.com/org/jetson-frontend/stacks/resolve"
)

// answers are the findings with which a platform may say that something is not
// for it. Any other is a mistake in the data.
var answers = []string{"refused", "unavailable", "no-version", "conflict", "no-device"}

// noArchive may be the answer to who asks for packages of one archive, and to
// nobody else: it points into the catalog.
const noArchive = "unknown-archive"

// everywhere are all platforms, as lines of a stack file: every release, every
// distribution on each of its architectures, and hosts with a device.
func everywhere(db *platform.DB) []place {
	var out []place
	for _, r := range db.Releases {
		out = append(out, place{line: fmt.Sprintf("jetpack = %q\n", r.JetPack.V)})
	}
	for _, d := range db.Distributions {
		for _, arch := range d.Arches {
			out = append(out, place{fmt.Sprintf("platform = %q\n", d.Name.V), arch.V})
		}
	}
	return out
}

type place struct{ line, arch string }

// planner plans stacks on one catalog, which it reads once.
type planner struct {
	cat *catalog.Catalog
	db  *platform.DB
}

func newPlanner(t *testing.T) planner {
	t.Helper()
	cat, err := catalog.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	db, diags := platform.Embedded()
	if err := diags.Err(); err != nil {
		t.Fatal(err)
	}
	return planner{cat, db}
}

// plan plans a stack and returns the findings; at is a platform's line.
func (p planner) plan(t *testing.T, stack, options string, at place) (diag.List, *plan.Plan) {
	t.Helper()
	s, diags := stacks.Parse(&diag.File{Name: "stack.toml", Data: []byte(fmt.Sprintf("stack = %q\n%s%s", stack, at.line, options))})
	if err := diags.Err(); err != nil {
		t.Fatal(err)
	}
	r := resolve.Resolve(resolve.Input{Stack: s, Catalog: p.cat, Platforms: p.db, Arch: at.arch, Native: "amd64", Facts: resolve.Facts{Offline: true}})
	return r.Diags, r.Plan
}

// TestEveryChoiceCanBePlanned plans every component, every value of each of its
// variants and every version of it, on every platform. Each must be had
// somewhere, and nowhere may be said more than that it is not for that
// platform.
func TestEveryChoiceCanBePlanned(t *testing.T) {
	p := newPlanner(t)
	all, diags := p.cat.All()
	if err := diags.Err(); err != nil {
		t.Fatal(err)
	}
	places := everywhere(p.db)
	for _, e := range all {
		for _, c := range choices(e.Component) {
			had := false
			for _, stack := range c.stacks {
				if had {
					break
				}
				for _, at := range places {
					diags, planned := p.plan(t, stack, "", at)
					if planned != nil && !had {
						had = true
						layOut(t, stack, planned)
					}
					for _, g := range diags {
						allowed := slices.Contains(answers, g.Rule) || g.Rule == noArchive && strings.Contains(stack, ":")
						if g.Severity == diag.Error && !allowed {
							t.Errorf("%s with %s%s: [%s] %s", stack, at.line, at.arch, g.Rule, g.Summary)
						}
					}
				}
			}
			if !had {
				t.Errorf("%s can be planned nowhere", c.name)
			}
		}
	}
}

// layOut makes a plan's graph for each builder.
func layOut(t *testing.T, stack string, p *plan.Plan) {
	t.Helper()
	for _, build := range resolve.BuildArches() {
		if _, err := graph.New(p, graph.Options{Build: build}); err != nil {
			t.Errorf("%s on %s, built on %s: %v", stack, p.Platform.Name, build, err)
		}
	}
}

// choice is something to be had, with the stacks that may have it.
type choice struct {
	name   string
	stacks []string
}

// choices are a component as it is, with each value of its variants, by each
// of its aliases and in each of its versions, whichever variant has it.
func choices(c *stacks.Component) []choice {
	one := func(s string) choice { return choice{s, []string{s}} }
	forms := []string{c.Name.V}
	for _, v := range c.Variants {
		for _, value := range v.Values {
			forms = append(forms, c.Name.V+":"+value.V)
		}
	}
	var out []choice
	for _, f := range forms {
		out = append(out, one(f))
	}
	for _, a := range c.Aliases {
		out = append(out, one(a.Name.V))
	}
	for _, v := range c.Versions {
		of := choice{name: c.Name.V + "@" + v.Version.V}
		for _, f := range forms {
			of.stacks = append(of.stacks, f+"@="+v.Version.V)
		}
		out = append(out, of)
	}
	return out
}

// TestEveryOptionCanBePlanned sets every option of every component to every
// value that it can take.
func TestEveryOptionCanBePlanned(t *testing.T) {
	p := newPlanner(t)
	all, _ := p.cat.All()
	places := everywhere(p.db)
	set := 0
	for _, e := range all {
		for _, o := range e.Options {
			for _, value := range values(t, o) {
				set++
				options := fmt.Sprintf("[options.%s]\n%s = %s\n", e.Name.V, o.Name.V, value)
				if !slices.ContainsFunc(places, func(at place) bool { _, planned := p.plan(t, e.Name.V, options, at); return planned != nil }) {
					t.Errorf("with %s = %s, %s can be planned nowhere", o.Name.V, value, e.Name.V)
				}
			}
		}
	}
	if set == 0 {
		t.Error("no component has an option")
	}
}

// values are those of an option, as TOML.
func values(t *testing.T, o stacks.Option) []string {
	t.Helper()
	switch o.Type.V {
	case "bool":
		return []string{"false", "true"}
	case "enum":
		var out []string
		for _, v := range o.Values {
			out = append(out, fmt.Sprintf("%q", v.V))
		}
		return out
	case "int":
		return []string{o.Default.V}
	case "string":
		return []string{fmt.Sprintf("%q", o.Default.V)}
	}
	t.Fatalf("option %s is of the type %s, for which this test knows no values", o.Name.V, o.Type.V)
	return nil
}
