package llb_test

import (
	"slices"
	"strings"

	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/plan"
)

// law answers what depends on what, from the plan alone: it does not look at
// the graph's edges, which are what is tested.
type law struct {
	p     *plan.Plan
	nodes []string
}

// sees reports whether c's steps see the tree of another component.
func sees(c plan.Component, name string) bool {
	return c.Name == name || slices.Contains(c.Env, name) ||
		slices.ContainsFunc(c.Tools, func(t string) bool { return strings.HasPrefix(t, name+"@") })
}

// built are the components that are built anew if one's tree changes: it, and
// whoever sees it, and whoever sees them.
func (l law) built(name string) []string {
	out := []string{name}
	for again := true; again; {
		again = false
		for _, c := range l.p.Components {
			if !slices.Contains(out, c.Name) && slices.ContainsFunc(out, func(o string) bool { return sees(c, o) }) {
				out, again = append(out, c.Name), true
			}
		}
	}
	return out
}

// linking are the components whose environment holds the packages that one
// declares as link needs: it, and who builds against it.
func (l law) linking(name string) []string {
	out := []string{name}
	for _, c := range l.p.Components {
		if slices.Contains(c.Env, name) {
			out = append(out, c.Name)
		}
	}
	return out
}

// match returns the nodes whose ID has one of the prefixes.
func (l law) match(prefixes ...string) []string {
	var out []string
	for _, n := range l.nodes {
		if slices.ContainsFunc(prefixes, func(p string) bool { return n == p || strings.HasPrefix(n, p) }) {
			out = append(out, n)
		}
	}
	return out
}

// of are a component's nodes of some kinds.
func (l law) of(name string, kinds ...string) []string {
	var out []string
	for _, n := range l.nodes {
		for _, k := range kinds {
			rest, ok := strings.CutPrefix(n, k)
			if !ok {
				continue
			}
			if rest == name || strings.HasPrefix(rest, name+"/") || strings.HasPrefix(rest, name+"@") || strings.HasPrefix(rest, name+"-") {
				out = append(out, n)
			}
		}
	}
	return out
}

// whole is what changes with any tree or package of the image: the merges,
// finalize, the checks and all tests, and what the image says about itself.
func (l law) whole() []string {
	return append(l.match("rootfs", "finalize", "check/", "test/", "testroot/", "apt/test-", "env/test"), l.said()...)
}

// said is what changes if only the image's description does.
func (l law) said() []string {
	return slices.DeleteFunc(l.match("meta", "image"), func(n string) bool { return strings.HasPrefix(n, "image/") })
}

// trees are the vertices of components that are built anew because a tree that
// they see has changed.
func (l law) trees(names []string, own string) []string {
	var out []string
	for _, n := range names {
		out = append(out, l.of(n, "step/", "out/")...)
		if n != own {
			// What merges the changed tree into an environment.
			out = append(out, l.of(n, "sysroot/", "env/env-", "env/host-", "env/")...)
		}
		out = append(out, l.wheelsOf(n)...)
	}
	return out
}

// wheelsOf are the links of worlds that take a component's wheels, and those
// after them.
func (l law) wheelsOf(name string) []string {
	for _, w := range l.p.Worlds {
		for _, link := range w.Links {
			if slices.Contains(link.From, name) {
				return l.worldFrom(link.Name)
			}
		}
	}
	return nil
}

// worldFrom is the chain of the world from a link on: what a link downloads
// depends on what those before it took.
func (l law) worldFrom(link string) []string {
	var out []string
	for _, name := range stacks.WorldLinks()[slices.Index(stacks.WorldLinks(), link):] {
		out = append(out, l.match("world/main/"+name+"/")...)
	}
	return out
}

// testsWith are the tests, with their roots, that a component is built for.
func (l law) testsWith(name string) []string {
	var out []string
	for _, t := range l.p.Tests {
		if slices.Contains(t.With, name) {
			out = append(out, l.match("test/"+t.ID(), "testroot/"+t.ID())...)
		}
	}
	return out
}

// chain is the part of an apt chain that comes after an archive's link began
// to differ.
func (l law) chain(what, archive string) []string {
	var out []string
	for _, n := range l.match("apt/" + what + "/") {
		if archive == "distribution" && !strings.Contains(n, "/distribution/") {
			continue // the distribution's link is the last
		}
		out = append(out, n)
	}
	return out
}

// environments are what makes the environments of components anew.
func (l law) environments(names []string, archive string) []string {
	var out []string
	for _, n := range names {
		for _, what := range []string{"sysroot-" + n, "env-" + n + "-arm64", "env-" + n + "-amd64"} {
			out = append(out, l.chain(what, archive)...)
		}
		out = append(out, l.of(n, "sysroot/", "env/")...)
	}
	return out
}

// sameComponentMerges are the environments of a component's later steps, which
// hold what its earlier steps made.
func (l law) sameComponentMerges(c string) []string {
	var out []string
	for _, n := range l.nodes {
		for _, kind := range []string{"sysroot/" + c + "/", "env/" + c + "-arm64/", "env/" + c + "-amd64/"} {
			if rest, ok := strings.CutPrefix(n, kind); ok && rest != "0" {
				out = append(out, n)
			}
		}
	}
	return out
}

// others are what is built anew because a package that comes with a library
// changed: whoever links to it has it in its environment.
func (l law) others(c, archive string) []string {
	linking := slices.DeleteFunc(l.linking(c), func(n string) bool { return n == c })
	out := l.environments(linking, archive)
	for _, n := range linking {
		out = append(out, l.trees(l.built(n), n)...)
	}
	return out
}
