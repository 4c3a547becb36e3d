package stacks

import (
	"slices"
	"strconv"
	"time"

	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/tree"
	"github.com/org/jetson-frontend/stacks/version"
)

func checkComponent(d *tree.Decoder, comp *Component) {
	c := checker{d}
	if !comp.Name.Set() {
		c.add(c.errorf("missing-key", comp.At, "a component needs the key %q", "name"))
	} else {
		checkName(d, comp.Name, comp.At, "component")
	}
	comp.Versions = most(c, "version", comp.At, comp.Versions, MaxItems)
	comp.Steps = most(c, "step", comp.At, comp.Steps, MaxItems)
	comp.Needs = most(c, "needs", comp.At, comp.Needs, MaxItems)
	comp.Tests = most(c, "test", comp.At, comp.Tests, MaxItems)
	for i := range comp.Versions {
		v := &comp.Versions[i]
		v.Sources = most(c, "sources", v.At, v.Sources, MaxItems)
	}
	c.variants(comp.Variants)
	c.options(comp.Options)
	if comp.Follows.Set() && len(comp.Versions) > 0 {
		c.add(c.errorf("choose-one", comp.Versions[0].At, "a component that follows the platform has no versions of its own").
			WithRelated(comp.Follows.At, "it follows %s", comp.Follows.V))
	}
	c.versions(comp)
	for _, r := range comp.Refuse {
		if _, err := version.ParseConstraint(r.Versions.V); err != nil && r.Versions.Set() {
			c.add(c.errorf("bad-constraint", r.Versions.At, "%q is not a version constraint", r.Versions.V))
		}
	}
	for _, n := range comp.Needs {
		c.packages(open, n.Apt.Tools, n.Apt.Build, n.Apt.Link, n.Apt.Run, n.Apt.Test)
	}
	for _, s := range comp.Steps {
		c.step(comp, s)
	}
	for _, e := range comp.Env {
		c.env(e)
	}
	for _, r := range comp.Run {
		c.run(r)
	}
	c.tests(comp.Tests)
	for _, f := range comp.FirstRun {
		c.absPath(f.Output)
	}
	for _, p := range comp.Python {
		c.requirements(open, p.Constraints)
	}
	for _, f := range comp.Forbid {
		c.patterns(f.Apt)
	}
	for _, s := range comp.Entry.Source {
		c.absPath(s)
	}
}

func (c checker) variants(axes []Variant) {
	owner := map[string]string{}
	for _, v := range axes {
		checkName(c.d, v.Axis, v.At, "variant axis")
		for _, val := range v.Values {
			checkName(c.d, val, v.At, "variant")
			if other, ok := owner[val.V]; ok {
				c.add(c.errorf("duplicate", val.At, "the variant %q is already a value of axis %q", val.V, other).
					WithHelp("a stack writes name:value, so values are unique over all axes"))
			}
			owner[val.V] = v.Axis.V
		}
		defaults := []tree.Text{v.Default}
		for _, i := range v.If {
			defaults = append(defaults, i.Default)
		}
		for _, def := range defaults {
			if def.V != "" && !slices.Contains(tree.Strings(v.Values), def.V) {
				c.add(c.errorf("bad-default", def.At, "%q is not a value of axis %q", def.V, v.Axis.V))
			}
		}
	}
}

func (c checker) options(opts []Option) {
	named := map[string]tree.Text{}
	for _, o := range opts {
		checkName(c.d, o.Name, o.At, "option")
		if first, ok := named[o.Name.V]; ok {
			c.add(c.errorf("duplicate", o.Name.At, "there are two options by the name of %q", o.Name.V).WithRelated(first.At, "the first one"))
		}
		named[o.Name.V] = o.Name
		if !o.takes(o.Default.V) && o.Default.Set() {
			c.add(c.errorf("bad-default", o.Default.At, "%q is no value of an option of type %s", o.Default.V, o.Type.V))
		}
		if !slices.Contains(OptionTypes[:], o.Type.V) {
			g := c.errorf("bad-type", o.Type.At, "there is no option type %q", o.Type.V)
			g.Help = diag.DidYouMean(o.Type.V, OptionTypes[:])
			c.add(g)
		}
		if o.Type.V == "enum" && len(o.Values) == 0 {
			c.add(c.errorf("missing-key", o.At, "an enum needs its %q", "values"))
		}
	}
}

// takes reports whether an option can have a value.
func (o Option) takes(v string) bool {
	switch o.Type.V {
	case "bool":
		return v == "true" || v == "false"
	case "int":
		_, err := strconv.ParseInt(v, 10, 64)
		return err == nil
	case "enum":
		return slices.ContainsFunc(o.Values, func(t tree.Text) bool { return t.V == v })
	}
	return true
}

func (c checker) versions(comp *Component) {
	for _, v := range comp.Versions {
		if v.Version.Set() && !version.Valid(v.Version.V) {
			c.add(c.errorf("bad-version", v.Version.At, "%q is not a version", v.Version.V))
		}
		if v.Date.Set() {
			if _, err := time.Parse(time.DateOnly, v.Date.V); err != nil {
				c.add(c.errorf("bad-date", v.Date.At, "%q is not a date", v.Date.V).WithHelp("write it like 2024-06-25"))
			}
		}
		taken := map[string]tree.Text{}
		for _, s := range v.Sources {
			c.source(s)
			if !s.When.Empty() {
				continue // known once the platform is
			}
			if first, ok := taken[s.To.V]; ok {
				c.add(c.errorf("duplicate", s.To.At, "two sources go to %q", s.To.V).WithRelated(first.At, "the first one"))
				continue
			}
			taken[s.To.V] = s.To
		}
	}
}
