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
	for _, choose := range []func(*Target, Choice) diag.List{db.chooseDistro, db.chooseDevice, db.chooseArch, db.fitSoCs} {
		diags = append(diags, choose(t, c)...)
		if diags.HasErrors() {
			return nil, diags
		}
	}
	return t, diags
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
		// An argument may move a plain Ubuntu; a stack that names two means neither.
		if t.Release == nil && (t.Distro.ID.V != "ubuntu" || c.Ubuntu.At.File == c.Platform.At.File) {
			return diag.List{diag.Errorf("one-platform", c.Ubuntu.At, "the platform is %s, and here another: Ubuntu %s", t.Distro.Name.V, c.Ubuntu.V).
				WithHelp("leave one of the two out; ubuntu goes with jetpack and l4t")}
		}
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
	return nil
}

// chooseArch settles the architecture: what was asked for, else what the
// release, the device and the distribution have in common with the builder.
func (db *DB) chooseArch(t *Target, c Choice) diag.List {
	arches := tree.Strings(t.Distro.Arches)
	fits := func(arch string) bool {
		return slices.Contains(arches, arch) && !slices.ContainsFunc(t.SoCs, func(s *SoC) bool { return !s.RunsOn(arch) })
	}
	switch i := slices.IndexFunc(arches, fits); {
	case t.Arch != "":
	case fits(c.Native):
		t.Arch = c.Native
	case i >= 0:
		t.Arch = arches[i]
	default:
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
	if c.Device.Set() && !fits(t.Arch) {
		return diag.List{diag.Errorf("unsupported-arch", c.Device.At, "%s does not run %s", c.Device.V, t.Arch).
			WithHelp("build with --platform linux/%s", tree.Strings(t.SoCs[0].Arches)[0])}
	}
	if t.Release == nil {
		flavour, _ := t.Distro.Flavours.Get(t.Arch)
		t.Flavour = flavour.V
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
	names := tree.Strings(t.Distro.SoCs)
	if t.Release != nil {
		names = tree.Strings(t.Release.SoCs)
	}
	if c.Device.Set() {
		soc := c.Device.V
		if dev, ok := db.Device(c.Device.V); ok {
			t.Device, soc = dev, dev.SoC.V
		} else if chip, ok := db.SoC(soc); ok {
			soc = chip.Name.V
		} else {
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
			return diag.List{diag.Errorf("bad-platform-data", t.Distro.At, "there is no SoC %q", n)}
		}
		t.SoCs = append(t.SoCs, soc)
	}
	return nil
}

func (db *DB) deviceNames() []string {
	var names []string
	for i := range db.Devices {
		names = append(names, db.Devices[i].Names()...)
	}
	for _, s := range db.SoCs {
		names = append(names, s.Name.V, strings.ToLower(s.Family.V))
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

// versions unites what the release says, or the distribution where there is
// none, and what the stack says. Another distribution under the same release
// brings its own Python.
func (t *Target) versions(override tree.Map[tree.Text]) {
	own := t.Distro.Versions
	if t.Release != nil {
		own = t.Release.Versions
	}
	for _, v := range own {
		t.Versions[v.Key.V] = v.Val.V
	}
	if py, ok := t.Distro.Versions.Get("python"); ok && t.Release != nil && (t.Versions["python"] == "" || t.Release.Distro.V != t.Distro.Name.V) {
		t.Versions["python"] = py.V
	}
	for _, v := range override {
		t.Versions[v.Key.V] = v.Val.V
	}
}

// notVersions reports what is put in place of a platform's version and is none.
func notVersions(versions tree.Map[tree.Text]) diag.List {
	var diags diag.List
	for _, v := range versions {
		if !exactVersion(v.Val.V) {
			diags = append(diags, diag.Errorf("bad-version", v.Val.At, "%q is not a version of %s", v.Val.V, v.Key.V).
				WithHelp("give the version itself with its first two numbers or more, such as 12.6"))
		}
	}
	return diags
}

// exactVersion reports whether v begins with two numbers, as names of packages
// have them: cuda-cudart-12-6.
func exactVersion(v string) bool {
	first, rest, ok := strings.Cut(v, ".")
	second, _, _ := strings.Cut(rest, ".")
	digits := func(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
	return ok && digits(first) && digits(second)
}

// fitSoCs settles the versions, and holds what is built for against them: a
// toolkit can be too old or too new for a chip. A device that was asked for is
// then an error. Of a release's own chips that one is left out, with a warning;
// of a plain distribution's, which are only a default, without.
func (db *DB) fitSoCs(t *Target, c Choice) diag.List {
	if diags := notVersions(c.Versions); len(diags) > 0 {
		return diags
	}
	t.versions(c.Versions)
	var diags diag.List
	var fit []*SoC
	for _, s := range t.SoCs {
		g, ok := t.lacks(s, c)
		switch {
		case ok:
			fit = append(fit, s)
		case g.Rule == "bad-platform-data" || c.Device.Set():
			diags = append(diags, g)
		case t.Release != nil:
			g.Severity = diag.Warning
			diags = append(diags, g)
		}
	}
	if len(fit) == 0 && t.Release != nil && len(diags) > 0 {
		diags[0].Severity = diag.Error
	}
	t.SoCs = fit
	return diags
}

// lacks finds what keeps a chip from being compiled for; ok if nothing does.
func (t *Target) lacks(s *SoC, c Choice) (g diag.Diagnostic, ok bool) {
	for _, need := range s.Requires {
		want, err := version.ParseConstraint(need.Val.V)
		if err != nil {
			return diag.Errorf("bad-platform-data", need.Val.At, "%q is not a version constraint", need.Val.V), false
		}
		have := t.Versions[need.Key.V]
		if have == "" || want.Allows(have) {
			continue
		}
		at := c.Device.At
		for _, v := range c.Versions {
			if v.Key.V == need.Key.V {
				at = v.Val.At
			}
		}
		name := s.Name.V
		if t.Device != nil {
			name = t.Device.Name.V
		}
		return diag.Errorf("unsupported-device", orAt(at, c.At), "%s %s cannot compile for %s (sm_%s)", need.Key.V, have, name, s.SM.V).
			WithHelp("it takes %s %s", need.Key.V, need.Val.V), false
	}
	return g, true
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
