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
		if no.When.Holds(s) {
			return no.Why.V
		}
	}
	if f := e.Follows.V; f != "" && t.Versions[f] == "" {
		return fmt.Sprintf("%s has no %s", t, f)
	}
	if len(e.Versions) > 0 && len(available(e, s)) == 0 {
		return whyNone(e, s)
	}
	return ""
}

// whyNone names the condition that keeps the newest version away.
func whyNone(e *catalog.Entry, s situation) string {
	newest := slices.MaxFunc(e.Versions, func(a, b stacks.Version) int { return version.Compare(a.Version.V, b.Version.V) })
	c, failed := newest.When.Fails(s)
	if !failed {
		return "no version"
	}
	return fmt.Sprintf("version %s is for %s %s", newest.Version.V, c.Key, strings.Join(tree.Strings(c.Any), " or "))
}

// floors are the oldest versions of its tools that a step kind works with, by
// the tool set's name in the platform data.
func floors() map[string]string {
	return map[string]string{
		stacks.KindCMake: "3.16", // cmake --install, CMAKE_PROJECT_INCLUDE, -S/-B
	}
}

// supplied returns the tools that a component's kinds need newer than the
// distribution has them, as the platform data says.
func (r *resolver) supplied(n *node) []stacks.Ref {
	var out []stacks.Ref
	for kind, floor := range floors() {
		have, ok := r.target.Distro.ToolVersions.Get(kind)
		if !ok || version.Compare(have.V, floor) >= 0 || !hasStep(n.entry.Component, kind) {
			continue
		}
		name, ok := r.target.Distro.Supplies.Get(kind)
		if !ok {
			r.errorf("old-tool", n.line(), "%s has %s %s, but %s needs %s or newer", r.target.Distro.Name.V, kind, have.V, n.key.name, floor)
			continue
		}
		if name.V != n.key.name {
			out = append(out, stacks.Ref{At: name.At, Name: name})
		}
	}
	return out
}
