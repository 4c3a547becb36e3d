package platform

import (
	"slices"
	"strings"

	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/tree"
	"github.com/org/jetson-frontend/stacks/version"
)

// Choice is what a stack and its build arguments say about the platform.
type Choice struct {
	JetPack, L4T, Platform, Ubuntu, Device tree.Text
	// Versions override the release's: cuda, cudnn, tensorrt, python.
	Versions tree.Map[tree.Text]
	// Arch is the architecture that is built for, as Debian names it. If it is
	// empty, a release of JetPack is for arm64, and a plain distribution for
	// Native, the builder's, or for the first that it has.
	Arch, Native string
	// At is where to point if nothing was said at all.
	At diag.Range
}

// Target is a platform, chosen: everything that a condition can ask about.
type Target struct {
	Release *Release // nil for a plain distribution
	L4T     string   // "" for a plain distribution
	Distro  *Distribution
	Device  *Device // nil if none was named
	SoCs    []*SoC
	Arch    string
	Flavour string // tegra, sbsa, or "" without NVIDIA's hardware
	// Versions holds the platform's components by name.
	Versions map[string]string
}

// Choose finds the platform. The target is nil if something is wrong.
func (db *DB) Choose(c Choice) (*Target, diag.List) {
	var diags diag.List
	t := &Target{Arch: c.Arch, Versions: map[string]string{}}
	switch {
	case c.Platform.Set():
		diags = append(diags, db.byPlatform(t, c.Platform)...)
	case c.L4T.Set():
		diags = append(diags, db.byL4T(t, c.L4T)...)
	case c.JetPack.Set():
		diags = append(diags, db.byJetPack(t, c.JetPack)...)
	default:
		diags = append(diags, diag.Errorf("no-platform", c.At, "this stack does not say what it is for").
			WithHelp("add a line such as jetpack = %q or platform = %q", db.newest(), db.firstDistribution()))
	}
	if diags.HasErrors() {
		return nil, diags
	}
	diags = append(diags, db.chooseDistro(t, c)...)
	diags = append(diags, db.chooseDevice(t, c)...)
	if diags.HasErrors() {
		return nil, diags
	}
	t.versions(c.Versions)
	return t, diags
}

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

func (db *DB) byJetPack(t *Target, name tree.Text) diag.List {
	for i := range db.Releases {
		r := &db.Releases[i]
		if slices.Contains(r.Names(), name.V) {
			t.Release = r
			t.L4T = r.L4T[len(r.L4T)-1].V
			return nil
		}
	}
	var known []string
	for _, r := range db.Releases {
		known = append(known, r.Names()...)
	}
	g := diag.Errorf("unknown-release", name.At, "there is no JetPack %q", name.V)
	g.Help = nearestVersions(name.V, known)
	return diag.List{g}
}

func (db *DB) byL4T(t *Target, name tree.Text) diag.List {
	want := strings.TrimPrefix(strings.ToLower(name.V), "r")
	var known []string
	for i := range db.Releases {
		r := &db.Releases[i]
		for _, l := range r.L4T {
			if l.V == want {
				t.Release, t.L4T = r, l.V
				return nil
			}
			known = append(known, l.V)
		}
	}
	g := diag.Errorf("unknown-release", name.At, "there is no L4T %q", name.V)
	g.Help = nearestVersions(want, known)
	return diag.List{g}
}

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

func (db *DB) chooseDistro(t *Target, c Choice) diag.List {
	if t.Release != nil {
		d, ok := db.Distribution(t.Release.Distro.V)
		if !ok {
			return diag.List{diag.Errorf("bad-platform-data", t.Release.Distro.At, "there is no distribution %q", t.Release.Distro.V)}
		}
		t.Distro = d
		t.Flavour = t.Release.Flavour.V
		if t.Arch == "" {
			t.Arch = "arm64"
		}
	}
	if c.Ubuntu.Set() && c.Ubuntu.V != t.Distro.Version.V {
		name := "ubuntu-" + c.Ubuntu.V
		d, ok := db.Distribution(name)
		if !ok {
			var known []string
			for _, d := range db.Distributions {
				if d.ID.V == "ubuntu" {
					known = append(known, d.Version.V)
				}
			}
			g := diag.Errorf("unknown-distribution", c.Ubuntu.At, "there is no Ubuntu %q here", c.Ubuntu.V)
			g.Help = diag.DidYouMean(c.Ubuntu.V, known)
			return diag.List{g}
		}
		t.Distro = d
	}
	arches := tree.Strings(t.Distro.Arches)
	switch {
	case t.Arch == "" && slices.Contains(arches, c.Native):
		t.Arch = c.Native
	case t.Arch == "":
		t.Arch = arches[0]
	}
	if !slices.Contains(arches, t.Arch) {
		return diag.List{diag.Errorf("unsupported-arch", orAt(c.Platform.At, c.At), "%s is not built for %s here", t.Distro.Name.V, t.Arch).
			WithHelp("it can be built for %s", strings.Join(arches, ", "))}
	}
	if t.Release != nil && t.Arch != "arm64" {
		return diag.List{diag.Errorf("unsupported-arch", orAt(c.JetPack.At, orAt(c.L4T.At, c.At)), "JetPack %s runs on arm64 only, not on %s", t.Release.JetPack.V, t.Arch).
			WithHelp("build with --platform linux/arm64, or name a plain platform such as %q", t.Distro.Name.V)}
	}
	return nil
}

func orAt(a, b diag.Range) diag.Range {
	if a.Known() {
		return a
	}
	return b
}

func (db *DB) chooseDevice(t *Target, c Choice) diag.List {
	names := []string{}
	if t.Release != nil {
		names = tree.Strings(t.Release.SoCs)
	}
	if c.Device.Set() {
		soc := c.Device.V
		if dev, ok := db.Device(c.Device.V); ok {
			t.Device, soc = dev, dev.SoC.V
		} else if _, ok := db.SoC(soc); !ok {
			g := diag.Errorf("unknown-device", c.Device.At, "there is no device %q", c.Device.V)
			g.Help = diag.DidYouMean(c.Device.V, db.deviceNames())
			return diag.List{g}
		}
		if t.Release != nil && !t.Release.Supports(soc) {
			return diag.List{diag.Errorf("unsupported-device", c.Device.At, "JetPack %s does not run on %s", t.Release.JetPack.V, c.Device.V).
				WithHelp("%s", db.releasesFor(soc))}
		}
		names = []string{soc}
	}
	for _, n := range names {
		soc, ok := db.SoC(n)
		if !ok {
			return diag.List{diag.Errorf("bad-platform-data", t.Release.At, "there is no SoC %q", n)}
		}
		t.SoCs = append(t.SoCs, soc)
	}
	return nil
}

func (db *DB) deviceNames() []string {
	var names []string
	for _, d := range db.Devices {
		names = append(names, d.Name.V)
	}
	for _, s := range db.SoCs {
		names = append(names, s.Name.V)
	}
	return names
}

func (db *DB) releasesFor(soc string) string {
	var names []string
	for i := range db.Releases {
		if db.Releases[i].Supports(soc) {
			names = append(names, db.Releases[i].JetPack.V)
		}
	}
	slices.SortFunc(names, version.Compare)
	if len(names) == 0 {
		return "no release here does"
	}
	return "these do: " + strings.Join(names, ", ")
}

// versions unites what the distribution, the release and the stack say; later
// ones win.
func (t *Target) versions(override tree.Map[tree.Text]) {
	for _, v := range t.Distro.Versions {
		t.Versions[v.Key.V] = v.Val.V
	}
	if t.Release != nil {
		for _, v := range t.Release.Versions {
			t.Versions[v.Key.V] = v.Val.V
		}
		if t.Release.Distro.V != t.Distro.Name.V {
			// Another distribution under the same release brings its own Python.
			if py, ok := t.Distro.Versions.Get("python"); ok {
				t.Versions["python"] = py.V
			}
		}
	}
	for _, v := range override {
		t.Versions[v.Key.V] = v.Val.V
	}
}

// SMs returns the compute capabilities to build for, without dots, ascending.
func (t *Target) SMs() []string {
	var out []string
	for _, s := range t.SoCs {
		out = append(out, s.SM.V)
	}
	slices.SortFunc(out, version.Compare)
	return slices.Compact(out)
}

// String gives the platform as people say it.
func (t *Target) String() string {
	if t.Release == nil {
		return t.Distro.Name.V + "/" + t.Arch
	}
	s := "JetPack " + t.Release.JetPack.V
	if t.Release.Distro.V != t.Distro.Name.V {
		s += " on " + t.Distro.Name.V
	}
	if t.Device != nil {
		s += " for " + t.Device.Name.V
	}
	return s
}
