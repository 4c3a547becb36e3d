package cli

import (
	"cmp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/org/jetson-frontend/stacks/catalog"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/version"
)

type listFlags struct {
	targetFlags
	area              string
	all, asJSON       bool
	releases, devices bool
}

func newList(env Env) *cobra.Command {
	var l listFlags
	cmd := &cobra.Command{
		Use:   "list [WORD…]",
		Short: "List components, or releases and devices",
		Long: `List shows what the catalog holds. Words narrow it to components whose name,
aliases, summary, area or licence hold all of them. With a release, a device or
a platform it shows what can be had there, in which version; what cannot is
listed at the end, with the reason.`,
		Example: `  jetson list
  jetson list robot --area ros
  jetson list --jetpack 5.1.6 --device agx-xavier
  jetson list --platform debian-12 --json
  jetson list --releases
  jetson list --devices`,
		RunE: func(_ *cobra.Command, args []string) error { return l.run(env, args) },
	}
	cmd.ValidArgsFunction = completeComponent
	l.register(cmd)
	f := cmd.Flags()
	f.StringVar(&l.area, "area", "", "only components of this `AREA`, a folder of the catalog")
	f.BoolVar(&l.all, "all", false, "also what only tests use")
	f.BoolVar(&l.releases, "releases", false, "list the releases of JetPack and the plain platforms instead")
	f.BoolVar(&l.devices, "devices", false, "list the devices instead")
	jsonFlag(cmd, &l.asJSON)
	return cmd
}

// listed is a component for scripts.
type listed struct {
	Name     string   `json:"name"`
	Area     string   `json:"area,omitempty"`
	Summary  string   `json:"summary,omitempty"`
	License  string   `json:"license,omitempty"`
	Aliases  []string `json:"aliases,omitempty"`
	Versions []string `json:"versions,omitempty"` // the newest first
	// With a target: how to ask for it there, what that gives, or why not.
	Ask         string `json:"ask,omitempty"`
	Version     string `json:"version,omitempty"`
	Unavailable string `json:"unavailable,omitempty"`
}

func (l *listFlags) run(env Env, words []string) error {
	s, err := l.open()
	if err != nil {
		return err
	}
	switch {
	case l.releases:
		return listReleases(env, s, l.asJSON)
	case l.devices:
		return listDevices(env, s, l.asJSON)
	}
	all, diags := s.cat.All()
	env.show(diags)
	out, err := l.pick(s, all, words)
	if err != nil {
		return err
	}
	var broken error // a file that cannot be read leaves the list short
	if diags.HasErrors() {
		broken = errReported
	}
	if l.asJSON {
		return cmp.Or(env.json(out), broken)
	}
	target := ""
	if s.target != nil {
		target = s.target.String()
		env.screen().printf("for %s\n", target)
	}
	printListed(env.screen(), out, target)
	return broken
}

// pick filters the catalog, and asks for each component on the target.
func (l *listFlags) pick(s *shelf, all []*catalog.Entry, words []string) ([]listed, error) {
	var areas []string
	tests := testOnly(all)
	out := []listed{}
	for _, e := range all {
		areas = append(areas, e.Area)
		if l.area != "" && e.Area != l.area || tests[e.Name.V] && !l.all && l.area == "" || !matches(e, words) {
			continue
		}
		item := listed{Name: e.Name.V, Area: e.Area, Summary: e.Summary.V, License: e.License.V, Versions: versionsOf(e)}
		for _, a := range e.Aliases {
			item.Aliases = append(item.Aliases, a.Name.V)
		}
		if s.target != nil {
			o := s.on(e)
			item.Ask, item.Version, item.Unavailable = o.ref, o.version, o.why
			if o.why != "" {
				item.Ask = ""
			}
		}
		out = append(out, item)
	}
	areas = sortedNames(areas)
	if l.area != "" && !slices.Contains(areas, l.area) {
		return nil, usagef("there is no area %q (%s)", l.area, diag.DidYouMean(l.area, areas))
	}
	if len(out) == 0 {
		return nil, nothingFound(s.cat, words)
	}
	return out, nil
}

func nothingFound(cat *catalog.Catalog, words []string) error {
	g := diag.Diagnostic{Summary: "nothing in the catalog has to do with " + strings.Join(words, " ")}
	if near := diag.Suggest(strings.Join(words, "-"), cat.Words()); len(near) > 0 {
		g.Help = diag.DidYouMean(near[0], near)
	}
	return diag.List{g}.Err()
}

// testOnly are the components that others need for their tests and for nothing
// else. They are left out of a list unless it is to be whole.
func testOnly(all []*catalog.Entry) map[string]bool {
	out := map[string]bool{}
	for _, e := range all {
		for _, n := range e.Needs {
			for _, r := range n.Test {
				out[r.Name.V] = true
			}
		}
	}
	for _, e := range all {
		for _, n := range e.Needs {
			for _, r := range slices.Concat(n.Tools, n.Build, n.Link, n.Run) {
				delete(out, r.Name.V)
			}
		}
	}
	return out
}

// matches reports whether every word is somewhere in what describes e.
func matches(e *catalog.Entry, words []string) bool {
	text := []string{e.Name.V, e.Summary.V, e.License.V, e.Area}
	for _, a := range e.Aliases {
		text = append(text, a.Name.V)
	}
	all := strings.ToLower(strings.Join(text, "\n"))
	for _, w := range words {
		if !strings.Contains(all, strings.ToLower(w)) {
			return false
		}
	}
	return true
}

// versionsOf are all versions of a component, the newest first.
func versionsOf(e *catalog.Entry) []string {
	var out []string
	for _, v := range e.Versions {
		out = append(out, v.Version.V)
	}
	slices.SortStableFunc(out, func(a, b string) int { return version.Compare(b, a) })
	return slices.Compact(out)
}

// printListed writes a list for people: what can be had by area, then what
// cannot, and why.
func printListed(s screen, items []listed, target string) {
	onTarget := target != ""
	byArea := map[string]*table{}
	var areas []string
	missing := &table{indent: 2, flex: []int{1}}
	for _, it := range items {
		if it.Unavailable != "" {
			missing.add(it.Name, shortReason(it, target))
			continue
		}
		t := byArea[it.Area]
		if t == nil {
			t = &table{indent: 2, flex: []int{1, 2}}
			byArea[it.Area] = t
			areas = append(areas, it.Area)
		}
		name, versions := it.Name, strings.Join(it.Versions, " ")
		if onTarget {
			name, versions = it.Ask, it.Version
		}
		t.add(name, dash(versions), it.Summary)
	}
	slices.Sort(areas)
	alignTables(byArea, areas)
	for i, a := range areas {
		if i > 0 || onTarget {
			s.printf("\n")
		}
		s.printf("%s\n", s.paint(bold, areaTitle(a)))
		byArea[a].write(s)
	}
	if len(missing.rows) > 0 {
		s.title("not to be had there")
		if s.width > 0 && s.width < 160 {
			for _, row := range missing.rows {
				s.hang(2, 6, row[0]+": "+row[1])
			}
			return
		}
		missing.write(s)
	}
}

// shortReason is why a component cannot be had on a target, without what the
// list has said by then.
func shortReason(it listed, target string) string {
	subject, why, ok := strings.Cut(it.Unavailable, " cannot be had on "+target+": ")
	if !ok {
		return it.Unavailable
	}
	if name, _, _ := strings.Cut(subject, ":"); name == it.Name {
		return why
	}
	why, _, _ = strings.Cut(why, "; needed by ")
	return "needs " + subject + ": " + why
}

func areaTitle(area string) string {
	if area == "" {
		return "of your own"
	}
	return area
}

// alignTables gives the tables of one list the same first columns.
func alignTables(tables map[string]*table, order []string) {
	name, ver := 0, 0
	for _, a := range order {
		for _, row := range tables[a].rows {
			name, ver = max(name, length(row[0])), max(ver, min(length(row[1]), 28))
		}
	}
	for _, a := range order {
		for _, row := range tables[a].rows {
			row[0] += strings.Repeat(" ", name-length(row[0]))
			row[1] = cut(row[1], ver)
			row[1] += strings.Repeat(" ", ver-length(row[1]))
		}
	}
}
