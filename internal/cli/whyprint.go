package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/org/jetson-frontend/stacks/resolve"
	"github.com/org/jetson-frontend/stacks/version"
)

// print writes what was found for people.
func (f *finder) print(s screen) {
	blank := false
	part := func() {
		if blank {
			s.printf("\n")
		}
		blank = true
	}
	for _, r := range f.out.Found {
		part()
		f.printFound(s, r)
	}
	if len(f.out.Packages) > 0 {
		part()
		f.printPackages(s)
	}
	for _, v := range f.out.Vertices {
		part()
		s.printf("%s  (vertex, %s)\n", s.paint(bold, v.Title), v.Kind)
		if v.Component != "" {
			s.printf("  part of %s\n", v.Component)
		}
		if v.Runs != "" {
			s.printf("  runs on linux/%s\n", v.Runs)
		}
		if len(v.Way) > 1 {
			s.hang(2, 6, "used by "+strings.Join(v.Way[1:], " → "))
		}
		if t, ok := f.trace.Component(v.Component); ok {
			f.printChain(s, t)
		}
	}
}

func (f *finder) printFound(s screen, r inPlan) {
	title := strings.TrimSpace(r.ID + " " + r.Version)
	s.printf("%s  (%s)\n", s.paint(bold, title), r.Kind)
	if r.Kind == "platform" {
		s.hang(2, 4, r.Use)
		return
	}
	t, _ := f.trace.Component(r.ID)
	f.printChain(s, t)
	s.printf("\n  asked for by\n")
	rows := table{indent: 4, flex: []int{2}}
	for _, d := range t.Demands {
		rows.add(demandBy(d), d.Text, d.At.String())
	}
	rows.write(s)
	f.printVersions(s, t)
	c, ok := f.result.Plan.Component(r.ID)
	if ok {
		s.printf("\n  it is %s\n", useText(c.Host, c.Shipped))
	}
}

// demandBy says who makes a demand, and how.
func demandBy(d resolve.Demand) string {
	switch d.Edge {
	case "stack":
		return "the stack"
	case "version":
		return "the stack's versions"
	case "link", "run", "build", "test":
		return d.From + ", to " + d.Edge
	}
	return d.From + ", as a tool"
}

func useText(host, shipped bool) string {
	switch {
	case host:
		return "a tool of the build platform; it is never part of the image"
	case shipped:
		return "part of the image"
	}
	return "used while building or testing; it is not part of the image"
}

// printChain writes the way from the stack's line to a component.
func (f *finder) printChain(s screen, t resolve.ComponentTrace) {
	s.hang(2, 6, t.Line.String()+": "+strings.Join(t.Chain, " → "))
}

// printVersions says why a component has the version that it has, and, if
// another was asked about, why not that.
func (f *finder) printVersions(s screen, t resolve.ComponentTrace) {
	if t.Version == "" {
		return
	}
	s.printf("\n")
	asked := passedOver(t)
	switch {
	case t.Follows != "":
		s.hang(2, 4, "version "+t.Version+" is the "+t.Follows+" of "+f.result.Plan.Platform.Name+"; [versions] "+t.Follows+" moves both")
		return
	case len(t.Others) == 0:
		s.hang(2, 4, "version "+t.Version+" is the only one that can be had on "+f.result.Plan.Platform.Name)
	case len(asked) > 0:
		s.hang(2, 4, "version "+t.Version+" is the newest that all of them allow of those that need not be asked for, on "+f.result.Plan.Platform.Name)
	default:
		s.hang(2, 4, "version "+t.Version+" is the newest that all of them allow, on "+f.result.Plan.Platform.Name)
	}
	var older, newer []string
	about := f.want == "" || f.want == t.Version
	for _, o := range t.Others {
		about = about || f.wants(o)
		var away []string
		for _, d := range t.Demands {
			for _, k := range d.Keeps {
				if by := d.Text + " (" + demandBy(d) + ")"; k == o && !slices.Contains(away, by) {
					away = append(away, by)
				}
			}
		}
		switch {
		case len(away) > 0:
			s.hang(4, 8, o+" is excluded by "+strings.Join(away, " and "))
		case version.Compare(o, t.Version) < 0:
			older = append(older, o)
		case !slices.Contains(asked, o):
			newer = append(newer, o)
		}
	}
	if len(newer) > 0 {
		s.hang(4, 8, strings.Join(newer, ", ")+": allowed by these, but in conflict with something else")
	}
	if len(older) > 0 {
		s.hang(4, 8, "allowed too, but older: "+strings.Join(older, ", "))
	}
	if len(asked) > 0 {
		s.hang(4, 8, strings.Join(asked, ", ")+": allowed too, but taken only where asked for, as with "+t.Name+"@"+asked[0])
	}
	if !about && !f.wants(t.Version) {
		s.hang(4, 8, f.want+" is not a version that can be had here; see: jetson show "+t.Name)
	}
}

// passedOver are newer versions that every demand allows and that are taken only
// where one leaves no other.
func passedOver(t resolve.ComponentTrace) []string {
	var out []string
	for _, v := range t.Asked {
		away := slices.ContainsFunc(t.Demands, func(d resolve.Demand) bool { return slices.Contains(d.Keeps, v) })
		if !away && version.Compare(v, t.Version) > 0 {
			out = append(out, v)
		}
	}
	return out
}

// wants reports whether a version is what was asked about: itself, or a
// constraint such as 9.6, which stands for every 9.6.x.
func (f *finder) wants(v string) bool {
	c, err := version.ParseConstraint(f.want)
	return v == f.want || err == nil && c.Allows(v)
}

func (f *finder) printPackages(s screen) {
	where := resolve.Installs(f.result.Plan, f.name)
	kind := "Debian package"
	if f.out.Packages[0].Edge == "pip" {
		kind = "Python package"
	}
	s.printf("%s  (%s)\n", s.paint(bold, f.name), kind)
	if len(where) > 0 {
		s.hang(2, 6, "is installed for "+strings.Join(where, ", "))
	}
	rows := table{indent: 4, flex: []int{2, 1}}
	for _, p := range f.out.Packages {
		t, ok := f.trace.Component(p.Component)
		switch {
		case ok:
			rows.add(packageBy(p), strings.Join(t.Chain, " → "), at(p.place))
		case p.Edge == "platform":
			rows.add("the step kinds of this plan run it", "", "")
		default:
			rows.add("the stack's own [apt] "+p.Edge, "", at(p.place))
		}
	}
	if len(rows.rows) > 0 {
		s.printf("\n  asked for by\n")
		rows.write(s)
	}
	s.printf("\n")
	s.hang(2, 4, "What is added by itself, for the Depends of others, is not known here.")
}

// packageBy says which component needs a package, and for what.
func packageBy(p shownPackage) string {
	switch p.Edge {
	case "tools":
		return p.Component + ", as a tool of its build"
	case "build":
		return p.Component + ", to build"
	case "link":
		return p.Component + ", to link"
	case "run":
		return p.Component + ", to run"
	case "test":
		return p.Component + ", to test"
	case "pip":
		return p.Component + " adds it to its Python world"
	case "step dev":
		return p.Component + ", for who builds against it"
	}
	return p.Component + " is made of it"
}

// at gives file:line:column.
func at(p *place) string {
	if p == nil {
		return ""
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}
