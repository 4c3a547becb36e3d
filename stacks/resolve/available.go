package resolve

import (
	"fmt"
	"slices"
	"strings"

	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/catalog"
	"github.com/org/jetson-frontend/stacks/platform"
	"github.com/org/jetson-frontend/stacks/tree"
	"github.com/org/jetson-frontend/stacks/version"
)

// Availability says why a component cannot be had on a release of JetPack, or
// "" if it can. It looks at the component alone, not at what it needs.
func Availability(e *catalog.Entry, variants map[string]string, jetpack string, db *platform.DB) string {
	t, diags := db.Choose(platform.Choice{JetPack: tree.Text{V: jetpack}})
	if t == nil {
		t, diags = db.Choose(platform.Choice{Platform: tree.Text{V: "jetpack-" + jetpack}})
	}
	if t == nil {
		return diags[0].Summary
	}
	return AvailabilityOn(e, variants, t)
}

// AvailabilityOn is Availability for any platform.
func AvailabilityOn(e *catalog.Entry, variants map[string]string, t *platform.Target) string {
	n := &node{entry: e, variants: map[string]string{}}
	for _, axis := range e.Variants {
		switch v := variants[axis.Axis.V]; {
		case v != "":
			n.variants[axis.Axis.V] = v
		case axis.Default.V != "":
			n.variants[axis.Axis.V] = axis.Default.V
		case len(axis.Values) > 0:
			n.variants[axis.Axis.V] = axis.Values[0].V
		}
	}
	s := situation{target: t, arch: t.Arch, variants: n.variants}
	for _, no := range e.Refuse {
		if !no.Versions.Set() && no.When.Holds(s) {
			return no.Why.V
		}
	}
	return lacks(e, s)
}

// lacks says what a component misses in a situation, so that there is no version
// of it, or "" if there is one.
func lacks(e *catalog.Entry, s situation) string {
	if f := e.Follows.V; f != "" && s.target.Versions[f] == "" {
		return "the platform has no " + f
	}
	if len(e.Versions) > 0 && len(available(e, s)) == 0 {
		return whyNone(e, s)
	}
	return ""
}

// whyNone names the condition that keeps every version away, or, if they are
// kept away by several, that of the newest one.
func whyNone(e *catalog.Entry, s situation) string {
	for _, v := range newestFirst(e.Versions) {
		for _, no := range e.Refuse {
			if v.When.Holds(s) && no.Takes(v.Version.V) && no.When.Holds(s) {
				return no.Why.V // but for it there would be this one
			}
		}
	}
	first, key, count := "no version", "", 0
	var values []string
	for _, v := range newestFirst(e.Versions) {
		c, failed := v.When.Fails(s)
		if !failed || !forVariants(v, s) {
			continue
		}
		if count++; count == 1 {
			key, first = c.Key, fmt.Sprintf("version %s is for %s", v.Version.V, condition(c.Key, tree.Strings(c.Any)))
		}
		if c.Key != key {
			return first
		}
		values = append(values, tree.Strings(c.Any)...)
	}
	if count < 2 {
		return first
	}
	return "its versions are for " + condition(key, unique(values))
}

// newestFirst is a copy of versions in order. Those that are names are kept as
// they stand, the newest first by the catalog's custom.
func newestFirst(versions []stacks.Version) []*stacks.Version {
	var out []*stacks.Version
	for i := range versions {
		out = append(out, &versions[i])
	}
	slices.SortStableFunc(out, byVersion)
	return out
}

func byVersion(a, b *stacks.Version) int {
	if version.Named(a.Version.V) && version.Named(b.Version.V) {
		return 0
	}
	return version.Compare(b.Version.V, a.Version.V)
}

// forVariants reports whether a version is for the variants that were chosen.
func forVariants(v *stacks.Version, s situation) bool {
	var w stacks.When
	for _, c := range v.When.Conds {
		if strings.HasPrefix(c.Key, "variant.") {
			w.Conds = append(w.Conds, c)
		}
	}
	return w.Holds(s)
}

// condition writes a key of a condition with its values.
func condition(key string, values []string) string {
	if key == "with" {
		key = "a stack with"
	}
	last := len(values) - 1
	if last < 1 {
		return key + " " + strings.Join(values, "")
	}
	return key + " " + strings.Join(values[:last], ", ") + " or " + values[last]
}

func unique(words []string) []string {
	var out []string
	for _, w := range words {
		if !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}

// floor is the oldest version of its tools that a step kind works with, by the
// tool set's name in the platform data.
func floor(n *node, kind string, s situation) string {
	switch {
	case kind != stacks.KindCMake:
		return ""
	case compilesDeviceCode(n.entry.Component, s):
		return "3.20" // CUDAARCHS; CMAKE_CUDA_STANDARD 17 needs 3.18
	}
	return "3.16" // cmake --install, CMAKE_PROJECT_INCLUDE, -S/-B
}

// compilesDeviceCode reports whether a component has a cmake step that calls
// CUDA's compiler.
func compilesDeviceCode(c *stacks.Component, s situation) bool {
	return slices.ContainsFunc(c.Steps, func(raw stacks.Step) bool {
		return raw.CMake != nil && raw.When.Holds(s) &&
			(raw.CMake.CUDA || slices.ContainsFunc(raw.CMake.If, func(i stacks.CMakeIf) bool { return i.CUDA && i.When.Holds(s) }))
	})
}

// supplied returns the tools that a component's kinds need newer than the
// distribution has them, as the platform data says.
func (r *resolver) supplied(n *node, s situation) []stacks.Ref {
	var out []stacks.Ref
	for _, tool := range r.target.Distro.ToolVersions {
		kind, floor := tool.Key.V, floor(n, tool.Key.V, s)
		if floor == "" || version.Compare(tool.Val.V, floor) >= 0 || !hasStep(n.entry.Component, kind) {
			continue
		}
		name, ok := r.target.Distro.Supplies.Get(kind)
		if !ok {
			r.errorf("old-tool", n.line(), "%s has %s %s, but %s needs %s or newer", r.target.Distro.Name.V, kind, tool.Val.V, n.key.name, floor)
			continue
		}
		if name.V != n.key.name {
			out = append(out, stacks.Ref{At: name.At, Name: name})
		}
	}
	return out
}
