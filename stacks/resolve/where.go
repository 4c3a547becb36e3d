package resolve

import (
	"slices"
	"strings"

	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/platform"
	"github.com/org/jetson-frontend/stacks/tree"
	"github.com/org/jetson-frontend/stacks/version"
)

// whereAvailable names the releases on which the component, called what, can be
// had in a version that is allowed, the nearest to the chosen one among them.
func (r *resolver) whereAvailable(what string, n *node, allows func(version string) bool) string {
	var all, have []string
	for i := range r.in.Platforms.Releases {
		rel := &r.in.Platforms.Releases[i]
		if strings.Contains(rel.JetPack.V, "-") {
			continue // a preview is no advice
		}
		all = append(all, rel.JetPack.V)
		t, _ := r.in.Platforms.Choose(platform.Choice{JetPack: tree.Text{V: rel.JetPack.V}})
		if t != nil && r.hasOn(n, t, allows) {
			have = append(have, rel.JetPack.V)
		}
	}
	if len(have) == 0 {
		return ""
	}
	slices.SortFunc(all, version.Compare)
	slices.SortFunc(have, version.Compare)
	help := what + " can be had on JetPack " + spans(all, have)
	if r.target.Release != nil && len(have) > 1 {
		help += "; the nearest is " + nearest(all, have, r.target.Release.JetPack.V)
	}
	return help + r.otherUbuntu(n, allows)
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
		t, _ := r.in.Platforms.Choose(platform.Choice{JetPack: r.target.Release.JetPack, Ubuntu: d.Version})
		if t != nil && r.hasOn(n, t, allows) {
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
		if no.When.Holds(s) {
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
