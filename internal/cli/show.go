package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/catalog"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/resolve"
	"github.com/org/jetson-frontend/stacks/tree"
	"github.com/org/jetson-frontend/stacks/version"
)

func newShow(env Env) *cobra.Command {
	var t targetFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show COMPONENT",
		Short: "Show what is known of a component",
		Long: `Show prints what the catalog says of a component: versions and where they come
from, variants, options, what it needs, how it is built, its tests, its licence,
how much room it takes, and on which releases it can be had. With a release, a
device or a platform it also says what comes of asking for it there.`,
		Example: `  jetson show vtk
  jetson show vtk:apt --jetpack 6.2
  jetson show pytorch --device agx-orin --json`,
		Args:              oneName("the name of a component"),
		ValidArgsFunction: completeComponent,
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := t.open()
			if err != nil {
				return err
			}
			c, err := s.shown(args[0])
			if err != nil {
				return err
			}
			if asJSON {
				return env.json(c)
			}
			printShown(env.screen(), c, s.target != nil)
			return nil
		},
	}
	t.register(cmd)
	jsonFlag(cmd, &asJSON)
	return cmd
}

// shown is what is known of a component. It is the JSON of `show` too.
type shown struct {
	Name     string         `json:"name"`
	Summary  string         `json:"summary,omitempty"`
	License  string         `json:"license,omitempty"`
	Homepage string         `json:"homepage,omitempty"`
	Area     string         `json:"area,omitempty"`
	File     string         `json:"file"`
	Aliases  []string       `json:"aliases,omitempty"`
	Versions []shownVersion `json:"versions,omitempty"`
	Variants []shownVariant `json:"variants,omitempty"`
	Options  []shownOption  `json:"options,omitempty"`
	Needs    []edge         `json:"needs,omitempty"`
	NeededBy []string       `json:"needed_by,omitempty"`
	Steps    []string       `json:"steps,omitempty"`
	Tests    []shownTest    `json:"tests,omitempty"`
	Sizes    []shownSize    `json:"sizes,omitempty"`
	Refused  []shownRefusal `json:"refused,omitempty"`
	Replaces []string       `json:"replaces,omitempty"`
	FirstRun []string       `json:"first_run,omitempty"`
	Follows  string         `json:"follows,omitempty"` // the platform's version that is this one's
	Notes    []string       `json:"notes,omitempty"`
	Releases []shownRelease `json:"releases"`
	// With a target: what asking for it there gives.
	Target  string `json:"target,omitempty"`
	Ask     string `json:"ask,omitempty"`
	Version string `json:"version,omitempty"`
	Why     string `json:"unavailable,omitempty"`
}

// shownSize is what a component takes, under a condition.
type shownSize struct {
	ImageMiB  int64  `json:"image_mib,omitempty"`
	ModelsMiB int64  `json:"models_mib,omitempty"`
	When      string `json:"when,omitempty"`
}

type shownVersion struct {
	Version string   `json:"version"`
	Date    string   `json:"date,omitempty"`
	When    string   `json:"when,omitempty"`
	Sources []string `json:"sources,omitempty"`
	Notes   string   `json:"notes,omitempty"`
	Asked   bool     `json:"asked,omitempty"` // taken only where a demand leaves no other
}

type shownVariant struct {
	Axis    string   `json:"axis"`
	Values  []string `json:"values"`
	Default string   `json:"default"`
	Summary string   `json:"summary,omitempty"`
}

type shownOption struct {
	Name    string   `json:"name"`
	Type    string   `json:"type"`
	Default string   `json:"default,omitempty"`
	Values  []string `json:"values,omitempty"`
	Summary string   `json:"summary,omitempty"`
}

type shownTest struct {
	Name string `json:"name"`
	GPU  bool   `json:"gpu,omitempty"`
	When string `json:"when,omitempty"`
}

type shownRefusal struct {
	When     string `json:"when"`
	Versions string `json:"versions,omitempty"`
	Why      string `json:"why"`
}

// shownRelease says whether a component can be had on a release, with its
// defaults: the version, or the reason.
type shownRelease struct {
	JetPack string `json:"jetpack"`
	Ask     string `json:"ask,omitempty"`
	Version string `json:"version,omitempty"`
	Why     string `json:"unavailable,omitempty"`
}

// shown looks a component up, by name or alias, with variants and version.
func (s *shelf) shown(asked string) (*shown, error) {
	refs, diags := stacks.ParseRefs("command line", asked)
	if diags.HasErrors() {
		return nil, diags.Err()
	}
	if len(refs) != 1 {
		return nil, usagef("one component at a time: %q names %d", asked, len(refs))
	}
	e, _, diags := s.cat.Find(refs[0].Name.V)
	if diags.HasErrors() {
		return nil, diags.Err()
	}
	if e == nil {
		g := diag.Errorf("unknown-component", refs[0].Name.At, "there is no component %q", refs[0].Name.V)
		g.Help = diag.DidYouMean(refs[0].Name.V, s.cat.Words())
		return nil, diag.List{g}.Err()
	}
	for _, v := range refs[0].Variants {
		if known := variantsOf(e.Component); !slices.Contains(known, v.V) {
			g := diag.Errorf("unknown-variant", v.At, "%s has no variant %q", e.Name.V, v.V)
			g.Help = diag.DidYouMean(v.V, known)
			return nil, diag.List{g}.Err()
		}
	}
	c := describe(e)
	c.NeededBy = s.neededBy(e)
	if err := s.availability(c, e); err != nil {
		return nil, err
	}
	if s.target != nil {
		c.Target, c.Ask = s.target.String(), asked
		c.Version, c.Why = s.try(asked)
	}
	return c, nil
}

// describe is what a component's own file says.
func describe(e *catalog.Entry) *shown {
	c := &shown{
		Name: e.Name.V, Summary: e.Summary.V, License: e.License.V, Homepage: e.Homepage.V, Area: e.Area, File: e.File,
		Notes: texts(e.Notes), Replaces: e.Replaces.Apt.Values(),
	}
	for _, st := range e.Storage {
		c.Sizes = append(c.Sizes, shownSize{ImageMiB: st.Image, ModelsMiB: st.Models, When: condition(st.When)})
	}
	c.Follows = e.Follows.V
	for _, n := range e.Note {
		c.Notes = append(c.Notes, "where "+condition(n.When)+": "+strings.ReplaceAll(n.Text.V, "${version}", "VERSION"))
	}
	for _, p := range e.Python {
		if len(p.Constraints) > 0 {
			c.Notes = append(c.Notes, "in the Python world: "+strings.Join(texts(p.Constraints), ", "))
		}
	}
	for _, a := range e.Aliases {
		c.Aliases = append(c.Aliases, a.String())
	}
	for _, v := range e.Versions {
		sv := shownVersion{Version: v.Version.V, Date: v.Date.V, When: condition(v.When), Notes: v.Notes.V, Asked: v.Asked}
		for _, src := range upstreamFirst(v.Sources) {
			sv.Sources = append(sv.Sources, sourceText(src))
		}
		c.Versions = append(c.Versions, sv)
	}
	slices.SortStableFunc(c.Versions, func(a, b shownVersion) int { return version.Compare(b.Version, a.Version) })
	for _, v := range e.Variants {
		d := v.Default.V
		if d == "" && len(v.Values) > 0 {
			d = v.Values[0].V
		}
		c.Variants = append(c.Variants, shownVariant{v.Axis.V, texts(v.Values), d, v.Summary.V})
	}
	for _, o := range e.Options {
		c.Options = append(c.Options, shownOption{o.Name.V, o.Type.V, o.Default.V, texts(o.Values), o.Summary.V})
	}
	for _, n := range e.Needs {
		c.Needs = append(c.Needs, edges(n)...)
	}
	for _, v := range e.Versions {
		for _, n := range v.Needs {
			for _, own := range edges(n) {
				own.When = strings.TrimSuffix("version "+v.Version.V+", "+own.When, ", ")
				c.Needs = append(c.Needs, own)
			}
		}
	}
	describeWork(c, e)
	return c
}

// describeWork is how a component is built, tested and run.
func describeWork(c *shown, e *catalog.Entry) {
	for i := range e.Steps {
		text := stepText(&e.Steps[i])
		if w := condition(e.Steps[i].When); w != "" {
			text += ", on " + w
		}
		c.Steps = append(c.Steps, text)
	}
	for _, t := range e.Tests {
		c.Tests = append(c.Tests, shownTest{t.Name.V, t.GPU, condition(t.When)})
	}
	for _, r := range e.Refuse {
		c.Refused = append(c.Refused, shownRefusal{When: condition(r.When), Versions: r.Versions.V, Why: r.Why.V})
	}
	for _, f := range e.FirstRun {
		text := f.Name.V + ": makes " + f.Output.V
		if f.Summary.V != "" {
			text += ", " + f.Summary.V
		}
		c.FirstRun = append(c.FirstRun, text)
	}
}

// neededBy names the components that need e, under whatever condition.
func (s *shelf) neededBy(e *catalog.Entry) []string {
	words := []string{e.Name.V}
	for _, a := range e.Aliases {
		words = append(words, a.Name.V)
	}
	all, _ := s.cat.All() // what does not parse is shown by list
	var out []string
	for _, o := range all {
		lists := o.Needs
		for _, v := range o.Versions {
			lists = append(slices.Clone(lists), v.Needs...)
		}
		for _, n := range lists {
			refs := slices.Concat(n.Tools, n.Build, n.Link, n.Run, n.Test)
			if slices.ContainsFunc(refs, func(r stacks.Ref) bool { return slices.Contains(words, r.Name.V) }) {
				out = append(out, o.Name.V)
			}
		}
	}
	return sortedNames(out)
}

// availability asks for a component on every release. Where its defaults
// cannot be had the reason is its own, or that of what it needs.
func (s *shelf) availability(c *shown, e *catalog.Entry) error {
	c.Releases = []shownRelease{}
	for _, r := range s.releases() {
		there, err := s.elsewhere(r.JetPack.V)
		if err != nil {
			return err
		}
		sr := shownRelease{JetPack: r.JetPack.V}
		if o := there.on(e); o.why == "" {
			sr.Ask, sr.Version = o.ref, o.version
		} else {
			sr.Why = o.why
			if own := resolve.Availability(e, nil, r.JetPack.V, s.db); own != "" {
				sr.Why = own
			}
		}
		c.Releases = append(c.Releases, sr)
	}
	return nil
}

// variantsOf are all variants of a component, of whichever axis.
func variantsOf(c *stacks.Component) []string {
	var out []string
	for _, v := range c.Variants {
		out = append(out, tree.Strings(v.Values)...)
	}
	return out
}
