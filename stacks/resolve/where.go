package resolve

import (
	"maps"
	"slices"
	"strings"

	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/platform"
	"github.com/org/jetson-frontend/stacks/tree"
	"github.com/org/jetson-frontend/stacks/version"
)

// whereAvailable names the releases on which the component, called what, can be
// had in a version that is allowed, the nearest to the chosen one among them.
// What else the stack and its arguments say of the platform holds there too:
// the device, and the versions of CUDA and the like.
func (r *resolver) whereAvailable(what string, n *node, allows func(version string) bool) string {
	var all, here, elsewhere []string
	for i := range r.in.Platforms.Releases {
		rel := &r.in.Platforms.Releases[i]
		if strings.Contains(rel.JetPack.V, "-") {
			continue // a preview is no advice
		}
		all = append(all, rel.JetPack.V)
		c := r.choice
		c.Platform, c.L4T, c.Ubuntu, c.Arch = tree.Text{}, tree.Text{}, tree.Text{}, ""
		c.JetPack = tree.Text{V: rel.JetPack.V}
		if t, _ := r.in.Platforms.Choose(c); t != nil && r.sharesSoC(t) && r.hasOn(n, t, allows) {
			here = append(here, rel.JetPack.V)
			continue
		}
		c.Device = tree.Text{}
		if t, _ := r.in.Platforms.Choose(c); t != nil && r.hasOn(n, t, allows) {
			elsewhere = append(elsewhere, rel.JetPack.V)
		}
	}
	slices.SortFunc(all, version.Compare)
	slices.SortFunc(here, version.Compare)
	slices.SortFunc(elsewhere, version.Compare)
	var help string
	switch {
	case len(here) > 0:
		help = what + " can be had on JetPack " + spans(all, here)
		if r.target.Release != nil && len(here) > 1 {
			help += "; the nearest is " + nearest(all, here, r.target.Release.JetPack.V)
		}
	case len(elsewhere) > 0:
		help = what + " can be had on JetPack " + spans(all, elsewhere) + ", for other devices than " + r.devices()
	default:
		help = what + " can be had on no release of JetPack"
	}
	other := r.otherUbuntu(n, allows)
	if len(here)+len(elsewhere) == 0 && other == "" {
		return ""
	}
	return help + other
}

// sharesSoC reports whether a platform has one of the chips that the chosen one
// is built for.
func (r *resolver) sharesSoC(t *platform.Target) bool {
	return r.target.Release == nil || slices.ContainsFunc(t.SoCs, func(s *platform.SoC) bool {
		return slices.ContainsFunc(r.target.SoCs, func(o *platform.SoC) bool { return o.Name.V == s.Name.V })
	})
}

// devices names what the stack is built for: its device, or the chips.
func (r *resolver) devices() string {
	if r.choice.Device.Set() {
		return r.choice.Device.V
	}
	var names []string
	for _, s := range r.target.SoCs {
		names = append(names, s.Name.V)
	}
	if last := len(names) - 1; last > 0 {
		return strings.Join(names[:last], ", ") + " and " + names[last]
	}
	return strings.Join(names, "")
}

// otherVariant names the variant of the component that has a version which the
// demand allows, on this very platform.
func (r *resolver) otherVariant(n *node, g *graph, d demand) string {
	for _, axis := range n.entry.Variants {
		for _, value := range axis.Values {
			s := r.situationOf(n, g)
			s.variants = maps.Clone(n.variants)
			s.variants[axis.Axis.V] = value.V
			for _, v := range available(n.entry, s) {
				if d.allowsVersion(v.Version.V) {
					return n.key.name + ":" + value.V + " has " + v.Version.V
				}
			}
		}
	}
	return ""
}

// otherUbuntu names the Ubuntu under which the chosen release itself would have
// it: the two are axes of their own.
func (r *resolver) otherUbuntu(n *node, allows func(string) bool) string {
	if r.target.Release == nil {
		return ""
	}
	for i := range r.in.Platforms.Distributions {
		d := &r.in.Platforms.Distributions[i]
		if d.ID.V != r.target.Distro.ID.V || d.Name.V == r.target.Distro.Name.V {
			continue
		}
		c := r.choice
		c.Ubuntu = d.Version
		if t, _ := r.in.Platforms.Choose(c); t != nil && r.hasOn(n, t, allows) {
			return "; or here with " + d.ID.V + " = \"" + d.Version.V + "\""
		}
	}
	return ""
}

// whereWanted names the releases on which all that is asked of the component
// can be had, or, if there is none, the component at all.
func (r *resolver) whereWanted(n *node) string {
	what := "it"
	if text := n.demands[0].text; text != n.key.name {
		what = text
	}
	where := r.whereAvailable(what, n, func(v string) bool {
		return !slices.ContainsFunc(n.demands, func(d demand) bool { return !d.allowsVersion(v) })
	})
	if where == "" {
		return r.whereAvailable("it", n, anyVersion)
	}
	return where
}

func (r *resolver) hasOn(n *node, t *platform.Target, allows func(string) bool) bool {
	s := situation{target: t, arch: t.Arch, variants: n.variants}
	for _, no := range n.entry.Refuse {
		if !no.Versions.Set() && no.When.Holds(s) {
			return false
		}
	}
	if f := n.entry.Follows.V; f != "" {
		return t.Versions[f] != "" && allows(t.Versions[f])
	}
	if len(n.entry.Versions) == 0 {
		return true
	}
	return slices.ContainsFunc(available(n.entry, s), func(v *stacks.Version) bool { return allows(v.Version.V) })
}

func anyVersion(string) bool { return true }

// spans writes a sorted list with its unbroken runs as ranges.
func spans(all, have []string) string {
	var parts []string
	for i := 0; i < len(have); {
		j, at := i, slices.Index(all, have[i])
		for j+1 < len(have) && at+j+1-i < len(all) && all[at+j+1-i] == have[j+1] {
			j++
		}
		switch {
		case j-i >= 2:
			parts = append(parts, have[i]+" to "+have[j])
		default:
			parts = append(parts, have[i:j+1]...)
		}
		i = j + 1
	}
	return strings.Join(parts, ", ")
}

// nearest is the release with the fewest others between it and the chosen one.
func nearest(all, have []string, chosen string) string {
	at := slices.Index(all, chosen)
	if at < 0 {
		return have[len(have)-1]
	}
	return slices.MinFunc(have, func(a, b string) int {
		return abs(slices.Index(all, a)-at) - abs(slices.Index(all, b)-at)
	})
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
