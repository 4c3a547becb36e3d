package platform

import (
	"fmt"
	"slices"
	"strings"

	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/tree"
	"github.com/org/jetson-frontend/stacks/version"
)

// newest returns the newest release that is promised in full.
func (db *DB) newest() string {
	best := ""
	for _, r := range db.Releases {
		if r.Tier.V == "full" && (best == "" || version.Compare(r.JetPack.V, best) > 0) {
			best = r.JetPack.V
		}
	}
	return best
}

func (db *DB) firstDistribution() string {
	if len(db.Distributions) == 0 {
		return ""
	}
	return db.Distributions[0].Name.V
}

func (db *DB) byPlatform(t *Target, name tree.Text) diag.List {
	if rest, ok := strings.CutPrefix(name.V, "jetpack-"); ok {
		return db.byJetPack(t, tree.Text{V: rest, At: name.At})
	}
	d, ok := db.Distribution(name.V)
	if !ok {
		var known []string
		for _, d := range db.Distributions {
			known = append(known, d.Name.V)
		}
		for _, r := range db.Releases {
			known = append(known, "jetpack-"+r.JetPack.V)
		}
		g := diag.Errorf("unknown-platform", name.At, "there is no platform %q", name.V)
		g.Help = diag.DidYouMean(name.V, known)
		return diag.List{g}
	}
	t.Distro = d
	return nil
}

// byJetPack takes a release by one of its names, or the newest of a line of
// releases: 6 is the newest 6.x. The line is said to be one, since a newer
// release would change what is built.
func (db *DB) byJetPack(t *Target, name tree.Text) diag.List {
	var line *Release
	var known []string
	for i := range db.Releases {
		r := &db.Releases[i]
		if slices.Contains(r.Names(), name.V) {
			t.take(r, r.L4T[len(r.L4T)-1].V)
			return nil
		}
		known = append(known, r.JetPack.V) // each release once, by its own name
		if strings.HasPrefix(r.JetPack.V, name.V+".") && r.Tier.V != "frozen" &&
			(line == nil || version.Compare(r.JetPack.V, line.JetPack.V) > 0) {
			line = r
		}
	}
	if line != nil && name.V != "" {
		t.take(line, line.L4T[len(line.L4T)-1].V)
		return diag.List{diag.Warnf("unpinned", name.At, "JetPack %s is a line of releases; this build takes %s", name.V, line.JetPack.V).
			WithHelp("write %q to stay with it", line.JetPack.V)}
	}
	g := diag.Errorf("unknown-release", name.At, "there is no JetPack %q", name.V)
	if g.Help = db.meantRelease(name.V); g.Help == "" {
		g.Help = nearestVersions(name.V, known)
	}
	return diag.List{g}
}

// meantRelease says how a release is written that somebody has put otherwise:
// in words, with a word before its number, or by its number of L4T.
func (db *DB) meantRelease(name string) string {
	number := strings.TrimLeftFunc(name, func(c rune) bool { return c < '0' || c > '9' })
	if number == "" {
		return `write a release, such as "6.2"`
	}
	for i := range db.Releases {
		r := &db.Releases[i]
		if number != name && slices.Contains(r.Names(), number) {
			return fmt.Sprintf("write %q", number)
		}
		if slices.ContainsFunc(r.L4T, func(l tree.Text) bool { return l.V == number }) {
			return fmt.Sprintf("%s is a number of L4T: write %q, which is its JetPack, or l4t = %q", number, r.JetPack.V, number)
		}
	}
	return ""
}

// byL4T takes a release by its L4T number. A shorter number is taken if it
// stands for one release only: 36.4 is both the first release of its line and
// the line, and so names none.
func (db *DB) byL4T(t *Target, name tree.Text) diag.List {
	want := strings.TrimPrefix(strings.ToLower(name.V), "r")
	var known, several []string
	var line *Release
	newest := ""
	for i := range db.Releases {
		r := &db.Releases[i]
		for _, l := range r.L4T {
			if l.V == want {
				t.take(r, l.V)
				return nil
			}
			known = append(known, l.V)
			if want == "" || !strings.HasPrefix(l.V, want+".") {
				continue
			}
			several = append(several, fmt.Sprintf("%s (JetPack %s)", l.V, r.JetPack.V))
			if line == nil || line == r && version.Compare(l.V, newest) > 0 {
				line, newest = r, l.V
			}
		}
	}
	switch {
	case len(several) > 0 && onlyOf(line, want, len(several)):
		t.take(line, newest)
		return nil
	case len(several) > 0:
		return diag.List{diag.Errorf("unknown-release", name.At, "L4T %s stands for several releases", want).
			WithHelp("write one of %s", strings.Join(several, ", "))}
	}
	g := diag.Errorf("unknown-release", name.At, "there is no L4T %q", name.V)
	g.Help = nearestVersions(want, known)
	return diag.List{g}
}

// onlyOf reports whether all n numbers that begin with prefix are r's.
func onlyOf(r *Release, prefix string, n int) bool {
	for _, l := range r.L4T {
		if strings.HasPrefix(l.V, prefix+".") {
			n--
		}
	}
	return n == 0
}

func (t *Target) take(r *Release, l4t string) { t.Release, t.L4T = r, l4t }

// nearestVersions names the releases just below and just above one that does
// not exist, which says more than words that look alike.
func nearestVersions(want string, known []string) string {
	sorted := slices.Clone(known)
	slices.SortFunc(sorted, version.Compare)
	sorted = slices.Compact(sorted)
	below, above := "", ""
	for _, k := range sorted {
		switch c := version.Compare(k, want); {
		case c < 0:
			below = k
		case c > 0 && above == "":
			above = k
		}
	}
	switch {
	case below != "" && above != "":
		return "the nearest are " + below + " and " + above
	case below != "":
		return "the newest known is " + below
	case above != "":
		return "the oldest known is " + above
	}
	return ""
}
