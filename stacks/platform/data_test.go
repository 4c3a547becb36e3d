package platform_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/org/jetson-frontend/stacks/platform"
	"github.com/org/jetson-frontend/stacks/tree"
	"github.com/org/jetson-frontend/stacks/version"
)

func embedded(t testing.TB) *platform.DB {
	t.Helper()
	db, diags := platform.Embedded()
	if err := diags.Err(); err != nil {
		t.Fatal(err)
	}
	return db
}

// TestStrict reads the data as a stranger's, with the strict reader.
func TestStrict(t *testing.T) {
	if _, diags := platform.Load(os.DirFS("."), "data", ""); len(diags) > 0 {
		t.Fatal(diags.Err())
	}
}

// seen finds names that two rows have.
type seen map[string]bool

func (s seen) add(t *testing.T, name tree.Text) {
	t.Helper()
	if s[name.V] {
		t.Errorf("%s: %q is another row's name too", name.At, name.V)
	}
	s[name.V] = true
}

func sourced(t *testing.T, what, source tree.Text) {
	t.Helper()
	if len(source.V) < 10 {
		t.Errorf("%s: %s names no source", what.At, what.V)
	}
}

func dated(t *testing.T, day tree.Text) {
	t.Helper()
	if _, err := time.Parse(time.DateOnly, day.V); err != nil {
		t.Errorf("%s: %v", day.At, err)
	}
}

var (
	shape   = regexp.MustCompile(`^[0-9]+(\.[0-9]+)+(~er[0-9]+)?$`)
	l4tNum  = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+$`)
	digest  = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	sha256  = regexp.MustCompile(`^[0-9a-f]{64}$`)
	print40 = regexp.MustCompile(`^[0-9A-F]{40}$`)
	kernel  = regexp.MustCompile(`^[0-9]+\.[0-9]+(\.[0-9]+)?$`)
	part    = regexp.MustCompile(`^p[0-9]{4}-[0-9]{4}$`)
	pack    = regexp.MustCompile(`^[a-z0-9][a-z0-9.+-]+$`)
	baseRef = regexp.MustCompile(`^nvcr\.io/nvidia/(l4t-[a-z]+):[a-z0-9.-]+$`)
)

func TestReleaseRows(t *testing.T) {
	db := embedded(t)
	names, numbers := seen{}, seen{}
	full := 0
	noKernel := []string{"5.0-dp", "5.0.1-dp"} // previews, of which no source says it
	for _, r := range db.Releases {
		sourced(t, r.JetPack, r.Source)
		if known := kernel.MatchString(r.Kernel.V); known == slices.Contains(noKernel, r.JetPack.V) {
			t.Errorf("%s: JetPack %s has the kernel %q", r.At, r.JetPack.V, r.Kernel.V)
		}
		names.add(t, r.JetPack)
		for _, a := range r.Also {
			names.add(t, a)
		}
		for _, l := range r.L4T {
			numbers.add(t, l)
			if !l4tNum.MatchString(l.V) || r.Suite.V != "r"+version.Prefix(l.V, 2) {
				t.Errorf("%s: L4T %s does not lie in suite %s", l.At, l.V, r.Suite.V)
			}
		}
		if !slices.IsSortedFunc(r.L4T, func(a, b tree.Text) int { return version.Compare(a.V, b.V) }) {
			t.Errorf("%s: the newest number must be last", r.At)
		}
		if r.Date.Set() {
			dated(t, r.Date)
		}
		switch r.Tier.V {
		case "full":
			full++
		case "resolves", "frozen":
		default:
			t.Errorf("%s: there is no tier %q", r.Tier.At, r.Tier.V)
		}
		if f := r.Flavour.V; f != "tegra" && f != "sbsa" {
			t.Errorf("%s: there is no flavour %q", r.Flavour.At, f)
		}
		for _, v := range r.Versions {
			if !shape.MatchString(v.Val.V) {
				t.Errorf("%s: %q is no version", v.Val.At, v.Val.V)
			}
		}
		if py, _ := r.Versions.Get("python"); py.V == "" {
			t.Errorf("%s: no Python", r.At)
		}
		bases(t, r)
	}
	if full == 0 {
		t.Error("no release is promised in full")
	}
	for _, want := range []string{
		"4.6", "4.6.1", "4.6.2", "4.6.3", "4.6.4", "4.6.5", "4.6.6", "5.0.2", "5.1", "5.1.1", "5.1.2", "5.1.3", "5.1.4", "5.1.5", "5.1.6",
		"6.0", "6.1", "6.2", "6.2.1", "6.2.2", "6.2.3", "7.0", "7.1", "7.2", "7.2.1",
	} {
		if !names[want] {
			t.Errorf("JetPack %s is missing", want)
		}
	}
}

func bases(t *testing.T, r platform.Release) {
	names := seen{}
	for _, b := range r.Bases {
		names.add(t, b.Name)
		sourced(t, b.Name, b.Source)
		m := baseRef.FindStringSubmatch(b.Image.V)
		if m == nil || !strings.HasPrefix(b.Name.V, m[1]) {
			t.Errorf("%s: %s is not what %s names", b.Image.At, b.Image.V, b.Name.V)
		}
		for _, p := range b.Provides {
			if _, ok := r.Versions.Get(p.V); !ok {
				t.Errorf("%s: the release has no version of %s", p.At, p.V)
			}
		}
		// A runtime image has libraries and no headers.
		if strings.HasSuffix(b.Image.V, "-runtime") && len(b.Provides) > 0 {
			t.Errorf("%s: %s provides no component whole", b.At, b.Image.V)
		}
	}
	if r.Flavour.V == "sbsa" && len(r.Bases) > 0 {
		t.Errorf("%s: there are no such images for it", r.At)
	}
}

func TestDeviceRows(t *testing.T) {
	db := embedded(t)
	names, parts := seen{}, seen{}
	for _, s := range db.SoCs {
		names.add(t, s.Name)
		sourced(t, s.Name, s.Source)
		if _, err := version.ParseConstraint(s.SM.V); err != nil || strings.Contains(s.SM.V, ".") {
			t.Errorf("%s: %q is no compute capability", s.SM.At, s.SM.V)
		}
		if c, ok := s.Requires.Get("cuda"); !ok || c.V == "" {
			t.Errorf("%s: which toolkits compile for %s?", s.At, s.Name.V)
		}
	}
	for _, d := range db.Devices {
		names.add(t, d.Name)
		for _, a := range d.Also {
			names.add(t, a)
		}
		sourced(t, d.Name, d.Source)
		if _, ok := db.SoC(d.SoC.V); !ok {
			t.Errorf("%s: there is no SoC %s", d.SoC.At, d.SoC.V)
		}
		for _, p := range d.Parts {
			parts.add(t, p)
			if !part.MatchString(p.V) {
				t.Errorf("%s: %q is no part", p.At, p.V)
			}
		}
	}
	for _, r := range db.Releases {
		for _, s := range r.SoCs {
			soc, ok := db.SoC(s.V)
			if !ok || soc.Name.V != s.V || !soc.RunsOn("arm64") || soc.RunsOn("amd64") {
				t.Errorf("%s: there is no SoC %s of a Jetson", s.At, s.V)
			}
		}
	}
}

func TestDistributionRows(t *testing.T) {
	db := embedded(t)
	names := seen{}
	for _, d := range db.Distributions {
		names.add(t, d.Name)
		sourced(t, d.Name, d.Source)
		dated(t, d.Date)
		if !digest.MatchString(d.Digest.V) {
			t.Errorf("%s: the image has no digest", d.At)
		}
		if d.Name.V != d.ID.V+"-"+d.Version.V {
			t.Errorf("%s: %s is not %s %s", d.At, d.Name.V, d.ID.V, d.Version.V)
		}
		py, _ := d.Versions.Get("python")
		if p, _ := d.Pythons.Get(py.V); len(p) == 0 {
			t.Errorf("%s: its own Python %q has no packages", d.At, py.V)
		}
		sets := []string{"fetch", "source", "cmake", "pip", "wheel"}
		if d.ID.V == "debian" { // Ubuntu's colcon is in ROS's archive
			sets = append(sets, "colcon")
		}
		for _, set := range sets {
			if words, _ := d.Tools.Get(set); len(words) == 0 {
				t.Errorf("%s: no tools for %s", d.At, set)
			}
		}
		lists := []tree.Map[tree.Words]{d.Tools, d.Cross, d.Pythons}
		for _, list := range lists {
			for _, e := range list {
				for _, w := range e.Val {
					if !pack.MatchString(w.V) {
						t.Errorf("%s: %q is no package", w.At, w.V)
					}
				}
			}
		}
		for _, arch := range d.Arches {
			if f, _ := d.Flavours.Get(arch.V); f.V == "" {
				t.Errorf("%s: no flavour for %s", d.At, arch.V)
			}
			if _, ok := d.Cross.Get(arch.V); !ok {
				t.Errorf("%s: no cross compiler for %s", d.At, arch.V)
			}
		}
		for _, s := range d.SoCs {
			if _, ok := db.SoC(s.V); !ok {
				t.Errorf("%s: there is no SoC %s", s.At, s.V)
			}
		}
	}
	for _, r := range db.Releases {
		if !names[r.Distro.V] {
			t.Errorf("%s: there is no distribution %s", r.Distro.At, r.Distro.V)
		}
	}
}

func TestArchiveRows(t *testing.T) {
	db := embedded(t)
	known := db.ArchiveNames()
	for _, a := range db.Archives {
		sourced(t, a.Name, a.Source)
		if len(a.URL) == 0 || len(a.Suites) == 0 {
			t.Errorf("%s: no address or no suite", a.At)
		}
		for _, u := range a.URL {
			if !strings.HasPrefix(u.Val.V, "http") || strings.HasSuffix(u.Val.V, "/") {
				t.Errorf("%s: %q is no address without a slash at its end", u.Val.At, u.Val.V)
			}
		}
		// A flat archive names no components, any other must.
		for _, s := range a.Suites {
			if strings.HasSuffix(s.V, "/") == (len(a.Components) > 0) {
				t.Errorf("%s: suite %s with components %v", s.At, s.V, tree.Strings(a.Components))
			}
		}
		for _, n := range a.Needs {
			if !slices.Contains(known, n.V) {
				t.Errorf("%s: there is no archive %s", n.At, n.V)
			}
		}
		k := a.Key
		switch {
		case k.Keyring.V != "" && k.HTTP.V == "":
		case k.Keyring.V == "" && strings.HasPrefix(k.HTTP.V, "https://") && print40.MatchString(k.Fingerprint.V) && (k.SHA256.V == "" || sha256.MatchString(k.SHA256.V)):
		default:
			t.Errorf("%s: the key has neither a keyring, nor an address and a fingerprint", a.At)
		}
	}
	for _, d := range db.Distributions {
		for _, a := range d.Archives {
			if !slices.Contains(known, a.V) {
				t.Errorf("%s: there is no archive %s", a.At, a.V)
			}
		}
	}
}
