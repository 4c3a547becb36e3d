package resolve

import (
	"fmt"
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
// the device, and the versions of CUDA and the like. Where the rest of the stack
// cannot be had is left out, unless that is everywhere.
func (r *resolver) whereAvailable(what string, n *node, allows func(version string) bool) string {
	if r.probe {
		return "" // nobody reads it
	}
	places := slices.Concat(r.hosts(n, allows), r.releases(n, allows), r.otherUbuntus(n, allows))
	can, whole := " can be had on ", nearer(r.whole(places))
	switch places = nearer(places); {
	case len(whole) == 0 && len(r.refs()) > 1:
		can = " by itself" + can
	case len(whole) > 0 && !slices.Equal(whole, places):
		can, places = " can be had with the rest of the stack on ", whole
	}
	var all, here, elsewhere, hosts, ubuntus []string
	for _, p := range places {
		switch {
		case p.host != "":
			hosts = append(hosts, p.host)
		case p.ubuntu != "":
			ubuntus = append(ubuntus, p.ubuntu)
		case p.elsewhere:
			elsewhere = append(elsewhere, p.jetpack)
		default:
			here = append(here, p.jetpack)
		}
	}
	for i := range r.in.Platforms.Releases {
		if rel := &r.in.Platforms.Releases[i]; !preview(rel) {
			all = append(all, rel.JetPack.V)
		}
	}
	for _, list := range [][]string{all, here, elsewhere} {
		slices.SortFunc(list, version.Compare)
	}
	var help, other string
	if len(ubuntus) > 0 {
		other = "; or here with " + r.target.Distro.ID.V + " = \"" + r.nearestUbuntu(ubuntus) + "\""
	}
	switch {
	case len(hosts) > 0:
		help = what + can + strings.Join(hosts, ", ")
		if len(here) > 0 {
			help += "; or on JetPack " + spans(all, here)
		}
	case len(here) > 0:
		help = what + can + "JetPack " + spans(all, here)
		// The chosen release is among them if another Ubuntu was put under it.
		if rel := r.target.Release; rel != nil && len(here) > 1 && !slices.Contains(here, rel.JetPack.V) {
			help += "; the nearest is " + nearest(all, here, rel.JetPack.V)
		}
	case len(elsewhere) > 0:
		help = what + can + "JetPack " + spans(all, elsewhere) + ", for other devices than " + r.devices()
	case other != "":
		help = what + can + "no release of JetPack"
	default:
		return ""
	}
	return help + other
}

// place is a platform to advise.
type place struct {
	jetpack, host, ubuntu string // ubuntu is put under the chosen release
	elsewhere             bool   // on none of the chosen chips
	target                *platform.Target
}

func preview(rel *platform.Release) bool { return strings.Contains(rel.JetPack.V, "-") }

// nearer leaves out releases for other devices if there is one for the chosen.
func nearer(places []place) []place {
	if !slices.ContainsFunc(places, func(p place) bool { return p.jetpack != "" && !p.elsewhere }) {
		return places
	}
	return slices.DeleteFunc(slices.Clone(places), func(p place) bool { return p.elsewhere })
}

// releases are those on which the component alone can be had.
func (r *resolver) releases(n *node, allows func(string) bool) []place {
	var out []place
	for i := range r.in.Platforms.Releases {
		rel := &r.in.Platforms.Releases[i]
		if preview(rel) {
			continue
		}
		c := r.choice
		c.Platform, c.L4T, c.Ubuntu, c.Arch = tree.Text{}, tree.Text{}, tree.Text{}, ""
		c.JetPack = tree.Text{V: rel.JetPack.V}
		if t, _ := r.in.Platforms.Choose(c); t != nil && r.sharesSoC(t) && r.hasOn(n, t, allows) {
			out = append(out, place{jetpack: rel.JetPack.V, target: t})
			continue
		}
		c.Device = tree.Text{}
		if t, _ := r.in.Platforms.Choose(c); t != nil && r.hasOn(n, t, allows) {
			out = append(out, place{jetpack: rel.JetPack.V, elsewhere: true, target: t})
		}
	}
	return out
}

// hosts are the platforms without JetPack on which the component can be had, for
// who has chosen one of them.
func (r *resolver) hosts(n *node, allows func(string) bool) []place {
	if r.target.Release != nil {
		return nil
	}
	var out []place
	for i := range r.in.Platforms.Distributions {
		c := r.choice
		c.JetPack, c.L4T, c.Ubuntu, c.Arch = tree.Text{}, tree.Text{}, tree.Text{}, r.target.Arch
		c.Platform = r.in.Platforms.Distributions[i].Name
		if t, _ := r.in.Platforms.Choose(c); t != nil && t.Distro.Name.V != r.target.Distro.Name.V && r.hasOn(n, t, allows) {
			out = append(out, place{host: c.Platform.V, target: t})
		}
	}
	return out
}

// whole are the places where all of the stack can be had.
func (r *resolver) whole(places []place) []place {
	return slices.DeleteFunc(slices.Clone(places), func(p place) bool {
		key := p.jetpack + "/" + p.host + "/" + p.ubuntu + "/" + fmt.Sprint(p.elsewhere)
		works, known := r.probed[key]
		if !known {
			there := &resolver{in: r.in, choice: r.choice, target: p.target, probe: true}
			works = there.solve(there.refs()) != nil && !there.diags.HasErrors()
			if r.probed == nil {
				r.probed = map[string]bool{}
			}
			r.probed[key] = works
		}
		return !works
	})
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

// otherUbuntus are those under which the chosen release itself would have the
// component: the two are axes of their own.
func (r *resolver) otherUbuntus(n *node, allows func(string) bool) []place {
	if r.target.Release == nil {
		return nil
	}
	var out []place
	for i := range r.in.Platforms.Distributions {
		d := &r.in.Platforms.Distributions[i]
		if d.ID.V != r.target.Distro.ID.V || d.Name.V == r.target.Distro.Name.V {
			continue
		}
		c := r.choice
		c.Ubuntu = d.Version
		if t, _ := r.in.Platforms.Choose(c); t != nil && r.hasOn(n, t, allows) {
			out = append(out, place{ubuntu: d.Version.V, target: t})
		}
	}
	return out
}

// nearestUbuntu is that of several with the fewest others between it and the
// chosen one.
func (r *resolver) nearestUbuntu(have []string) string {
	var all []string
	for i := range r.in.Platforms.Distributions {
		if d := &r.in.Platforms.Distributions[i]; d.ID.V == r.target.Distro.ID.V {
			all = append(all, d.Version.V)
		}
	}
	slices.SortFunc(all, version.Compare)
	return nearest(all, have, r.target.Distro.Version.V)
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
		return r.whereAvailable("another version of it", n, anyVersion)
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

// nearest is the release with the fewest others between it and the chosen one,
// which is none of them if it is a preview.
func nearest(all, have []string, chosen string) string {
	at, _ := slices.BinarySearchFunc(all, chosen, version.Compare)
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
