package stacks

import (
	"regexp"
	"slices"
	"strings"

	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/tree"
)

// MainWorld is the Python world that a pip step joins unless it names another.
const MainWorld = "main"

// WorldLinks are the links of a world's chain, in order: what is large and
// changes least comes first.
func WorldLinks() []string { return []string{"framework", "library", "application"} }

// WheelBackends are the ways to build a wheel.
func WheelBackends() []string { return []string{"pep517", "setup.py"} }

// requirement is a name, with extras, version specifiers and a marker, as
// PEP 508 writes it. Addresses are not among them: a wheel by address is a
// table of its own, with its checksum.
var requirement = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?(\[[A-Za-z0-9._, -]*\])? *((==|!=|<=|>=|~=|<|>)[A-Za-z0-9._*+!-]+ *(, *(==|!=|<=|>=|~=|<|>)[A-Za-z0-9._*+!-]+ *)*)?(;[A-Za-z0-9_.'" <>=!()]*)?$`)

// ValidRequirement reports whether s is a requirement that pip takes by name.
// It can be neither an option of pip nor an address.
func ValidRequirement(s string) bool {
	return len(s) <= 300 && requirement.MatchString(s)
}

// RequirementName is the name of what a requirement asks for, as an index
// compares names: lower-case, with single dashes.
func RequirementName(s string) string {
	end := strings.IndexFunc(s, func(r rune) bool { return strings.ContainsRune(" [<>=!~;", r) })
	if end >= 0 {
		s = s[:end]
	}
	return strings.ToLower(strings.NewReplacer("_", "-", ".", "-").Replace(s))
}

func (c checker) requirements(later func(tree.Text) bool, lists ...[]tree.Text) {
	for _, list := range lists {
		for _, r := range list {
			if !later(r) && !ValidRequirement(r.V) {
				c.add(c.errorf("bad-requirement", r.At, "%q is not a requirement", r.V).
					WithHelp(`write it like "numpy>=1.21,<2"; a wheel by address goes under wheels = [{ http = …, sha256 = … }]`))
			}
		}
	}
}

func (c checker) index(later func(tree.Text) bool, words tree.Words) {
	for _, t := range words {
		if !later(t) && !ValidURL(t.V, "https", "http") {
			c.add(BadURL(t, t.V, HTTPURL, ""))
		}
	}
}

func (c checker) pip(s *PipStep) {
	if s.World.Set() {
		checkName(c.d, s.World, s.World.At, "Python world")
	}
	c.requirements(open, s.Requirements)
	c.index(open, s.Index)
	for _, w := range s.Wheels {
		c.sha256(w.SHA256)
		if !open(w.HTTP) && !ValidWheelURL(w.HTTP.V) {
			c.add(BadURL(w.HTTP, w.HTTP.V, "the address of a wheel", HTTPSecret))
		}
	}
	if s.Link.Set() && !slices.Contains(WorldLinks(), s.Link.V) {
		g := c.errorf("bad-value", s.Link.At, "%q is not a link of a Python world", s.Link.V)
		g.Help = diag.DidYouMean(s.Link.V, WorldLinks())
		c.add(g)
	}
}

func (c checker) colcon(s *ColconStep) {
	if s.Prefix.Set() && !open(s.Prefix) {
		c.output(s.Prefix)
	}
	for _, u := range s.Underlay {
		if !open(u) {
			c.absPath(u)
		}
	}
	for _, list := range [][]tree.Text{s.Packages, s.Skip} {
		for _, p := range list {
			if !open(p) && !ValidROSPackage(p.V) {
				c.add(c.errorf("bad-name", p.At, "%q cannot be the name of a package of a workspace", p.V))
			}
		}
	}
	for _, o := range s.Options {
		if g, ok := CMakeOption(o.Key); !ok {
			c.add(g)
		}
	}
}

// ValidWheelURL reports whether s is the address of a wheel.
func ValidWheelURL(s string) bool {
	return ValidURL(s, "https", "http") && strings.HasSuffix(s, ".whl")
}

// ValidROSPackage reports whether s can name a package of a workspace.
func ValidROSPackage(s string) bool { return rosPackage.MatchString(s) }

var rosPackage = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)

func (c checker) worlds(worlds tree.Map[World]) {
	for _, w := range worlds {
		checkName(c.d, w.Key, w.Key.At, "Python world")
		c.requirements(literal, w.Val.Constraints, w.Val.Packages)
		c.index(literal, w.Val.Index)
	}
}
