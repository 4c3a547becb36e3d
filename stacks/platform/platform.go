// Package platform is what can be built for: NVIDIA's releases, the
// distributions under them, the devices they run on and the archives that
// serve them. All of it is data; this package reads it and chooses.
package platform

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/tree"
)

// DB is the platform data.
type DB struct {
	Releases      []Release
	Distributions []Distribution
	SoCs          []SoC
	Devices       []Device
	Archives      []Archive
}

// Release is one release of JetPack.
type Release struct {
	At      diag.Range  `toml:",at"`
	JetPack tree.Text   `toml:"jetpack,required"`
	Also    []tree.Text `toml:"also"` // other names of the same release
	L4T     []tree.Text `toml:"l4t,required"`
	// Tier says what this project's tests do with it: resolves (its graphs are
	// made, not run), full (the flagship's are run too, on Debian in Ubuntu's
	// place and with stand-ins for NVIDIA's and ROS's archives), frozen (as
	// resolves; no longer maintained, and not what a line of releases stands for).
	Tier   tree.Text `toml:"tier,required"`
	Date   tree.Text `toml:"date"`
	Distro tree.Text `toml:"distro,required"`
	Kernel tree.Text `toml:"kernel"`
	// Suite is the release's name in NVIDIA's Jetson archive.
	Suite    tree.Text           `toml:"suite"`
	Flavour  tree.Text           `toml:"flavour,required"` // tegra or sbsa
	SoCs     []tree.Text         `toml:"socs,required"`
	Versions tree.Map[tree.Text] `toml:"versions"`
	Bases    []Base              `toml:"base"`
	Source   tree.Text           `toml:"source,required"`
}

// Base is an image that a release can be built on besides the distribution's.
type Base struct {
	At       diag.Range  `toml:",at"`
	Name     tree.Text   `toml:"name,required"`
	Image    tree.Text   `toml:"image,required"`
	Provides []tree.Text `toml:"provides"` // components that it already holds
	Source   tree.Text   `toml:"source,required"`
}

// Distribution is a Debian or Ubuntu release.
type Distribution struct {
	At       diag.Range  `toml:",at"`
	Name     tree.Text   `toml:"name,required"`
	ID       tree.Text   `toml:"id,required"`
	Version  tree.Text   `toml:"version,required"`
	Codename tree.Text   `toml:"codename,required"`
	Image    tree.Text   `toml:"image,required"`
	Digest   tree.Text   `toml:"digest"`
	Arches   []tree.Text `toml:"arches,required"`
	// Date is the day of the release. Layers that apt makes carry it.
	Date     tree.Text   `toml:"date,required"`
	Archives []tree.Text `toml:"archives"`
	// Versions are those of a host without JetPack: of Python, and of what the
	// archives for it have. Under a release only the Python counts.
	Versions tree.Map[tree.Text] `toml:"versions"`
	// Pythons are the interpreters that it has, by version: their packages.
	Pythons tree.Map[tree.Words] `toml:"pythons"`
	// Flavours says, by architecture, which builds of NVIDIA's a host without
	// JetPack takes: sbsa or x86_64.
	Flavours tree.Map[tree.Text] `toml:"flavours"`
	// SoCs are the GPUs that such a host is built for if no device is named.
	SoCs  []tree.Text          `toml:"socs"`
	Tools tree.Map[tree.Words] `toml:"tools"` // by set: the packages that the step kinds run
	Cross tree.Map[tree.Words] `toml:"cross"` // by target architecture: what compiling for it needs
	// ToolVersions are versions of tools, by set; where one is too old for a
	// step kind, Supplies names the component that brings a newer one.
	ToolVersions tree.Map[tree.Text] `toml:"tool_versions"`
	Supplies     tree.Map[tree.Text] `toml:"supplies"`
	Source       tree.Text           `toml:"source,required"`
}

// SoC is a system on chip, or the GPU of a workstation.
type SoC struct {
	At     diag.Range  `toml:",at"`
	Name   tree.Text   `toml:"name,required"`
	SM     tree.Text   `toml:"sm,required"` // compute capability without the dot
	Family tree.Text   `toml:"family,required"`
	CPU    tree.Text   `toml:"cpu"`
	Arches []tree.Text `toml:"arches"` // none: any
	// Requires are constraints on the platform's versions, by name, without
	// which nothing can be compiled for it.
	Requires tree.Map[tree.Text] `toml:"requires"`
	Source   tree.Text           `toml:"source,required"`
}

// Device is a module or a developer kit.
type Device struct {
	At      diag.Range  `toml:",at"`
	Name    tree.Text   `toml:"name,required"`
	Also    []tree.Text `toml:"also"` // other names of the same module
	SoC     tree.Text   `toml:"soc,required"`
	Summary tree.Text   `toml:"summary,required"`
	Parts   []tree.Text `toml:"parts"` // P-numbers in the device tree
	Source  tree.Text   `toml:"source,required"`
}

// Archive is a Debian archive. Several rows may share a name; the first whose
// condition holds is the one.
type Archive struct {
	At         diag.Range          `toml:",at"`
	Name       tree.Text           `toml:"name,required"`
	When       stacks.When         `toml:"when"`
	URL        tree.Map[tree.Text] `toml:"url,required"` // by architecture, or "any"
	Suites     []tree.Text         `toml:"suites,required"`
	Components []tree.Text         `toml:"components"`
	Key        Key                 `toml:"key"`
	// Order places the archive's link in the chain: what changes least and
	// weighs most comes first.
	Order int `toml:"order,required"`
	// Needs are archives without which this one does not resolve.
	Needs []tree.Text `toml:"needs"`
	// Keep leaves the archive configured in the image.
	Keep   bool      `toml:"keep"`
	Source tree.Text `toml:"source,required"`
}

// Key is what an archive is signed with: a keyring of the base image, or a
// file by address, which is looked up and locked if it has no checksum here.
// Fingerprint is the primary key's.
type Key struct {
	Keyring     tree.Text `toml:"keyring"`
	HTTP        tree.Text `toml:"http"`
	SHA256      tree.Text `toml:"sha256"`
	Fingerprint tree.Text `toml:"fingerprint"`
}

// file is the shape of every data file: any of the tables.
type file struct {
	Releases      []Release      `toml:"release"`
	Distributions []Distribution `toml:"distribution"`
	SoCs          []SoC          `toml:"soc"`
	Devices       []Device       `toml:"device"`
	Archives      []Archive      `toml:"archive"`
}

// Load reads the *.toml files of a folder of fsys. label is put before their
// names in messages.
func Load(fsys fs.FS, dir, label string) (*DB, diag.List) { return load(fsys, dir, label, tree.Parse) }

func load(fsys fs.FS, dir, label string, parse func(*diag.File) (*tree.Value, diag.List)) (*DB, diag.List) {
	db := &DB{}
	var d tree.Decoder
	names, err := fs.Glob(fsys, path.Join(dir, "*.toml"))
	if err != nil {
		return db, diag.List{diag.Errorf("catalog-read", diag.Range{}, "cannot list %s: %v", dir, err)}
	}
	for _, name := range names {
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			d.Add(diag.Errorf("catalog-read", diag.Range{}, "cannot read %s: %v", name, err))
			continue
		}
		root, diags := parse(&diag.File{Name: label + name, Data: data})
		d.Add(diags...)
		if root == nil {
			continue
		}
		var f file
		d.BindFields(root, "a platform file", &f)
		for _, dist := range f.Distributions {
			if dist.Arches != nil && len(dist.Arches) == 0 { // that the key is missing is said
				d.Add(diag.Errorf("bad-platform-data", dist.At, "a distribution has at least one of %q", "arches"))
			}
		}
		db.add(f)
	}
	return db, d.Diags
}

func (db *DB) add(f file) {
	db.Releases = append(db.Releases, f.Releases...)
	db.Distributions = append(db.Distributions, f.Distributions...)
	db.SoCs = append(db.SoCs, f.SoCs...)
	db.Devices = append(db.Devices, f.Devices...)
	db.Archives = append(db.Archives, f.Archives...)
}

// Under returns db with over laid on top: rows of the same name are replaced,
// others added. An archive's rows are replaced together.
func (db *DB) Under(over *DB) *DB {
	return &DB{
		Releases:      overlay(db.Releases, over.Releases, func(r Release) string { return r.JetPack.V }),
		Distributions: overlay(db.Distributions, over.Distributions, func(d Distribution) string { return d.Name.V }),
		SoCs:          overlay(db.SoCs, over.SoCs, func(s SoC) string { return s.Name.V }),
		Devices:       overlay(db.Devices, over.Devices, func(d Device) string { return d.Name.V }),
		Archives:      overlay(db.Archives, over.Archives, func(a Archive) string { return a.Name.V }),
	}
}

func overlay[T any](base, over []T, name func(T) string) []T {
	replaced := map[string]bool{}
	for _, o := range over {
		replaced[name(o)] = true
	}
	var out []T
	for _, b := range base {
		if !replaced[name(b)] {
			out = append(out, b)
		}
	}
	return append(out, over...)
}

// Distribution returns a distribution by name.
func (db *DB) Distribution(name string) (*Distribution, bool) {
	for i := range db.Distributions {
		if db.Distributions[i].Name.V == name {
			return &db.Distributions[i], true
		}
	}
	return nil, false
}

// SoC returns a system on chip by name, or the first of a family.
func (db *DB) SoC(name string) (*SoC, bool) {
	for i := range db.SoCs {
		if db.SoCs[i].Name.V == name {
			return &db.SoCs[i], true
		}
	}
	for i := range db.SoCs {
		if strings.EqualFold(db.SoCs[i].Family.V, name) {
			return &db.SoCs[i], true
		}
	}
	return nil, false
}

// Device returns a device by one of its names, or by the number of a part.
func (db *DB) Device(name string) (*Device, bool) {
	same := func(n string) bool { return strings.EqualFold(n, name) }
	for i := range db.Devices {
		if slices.ContainsFunc(db.Devices[i].Names(), same) {
			return &db.Devices[i], true
		}
	}
	return nil, false
}

// Archive returns the row of an archive whose condition holds.
func (db *DB) Archive(name string, s stacks.Situation) (*Archive, bool) {
	for i := range db.Archives {
		if a := &db.Archives[i]; a.Name.V == name && a.When.Holds(s) {
			return a, true
		}
	}
	return nil, false
}

// ArchiveNames returns the names of all archives, sorted.
func (db *DB) ArchiveNames() []string {
	var names []string
	for _, a := range db.Archives {
		names = append(names, a.Name.V)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// URLFor returns the archive's address for an architecture.
func (a *Archive) URLFor(arch string) (string, bool) {
	if u, ok := a.URL.Get(arch); ok {
		return u.V, true
	}
	u, ok := a.URL.Get("any")
	return u.V, ok
}

// Names returns how a release may be written, its own name first.
func (r *Release) Names() []string {
	return append([]string{r.JetPack.V}, tree.Strings(r.Also)...)
}

// Names returns how a device may be written, its own name first.
func (d *Device) Names() []string {
	return slices.Concat([]string{d.Name.V}, tree.Strings(d.Also), tree.Strings(d.Parts))
}

// String gives the release as people say it.
func (r *Release) String() string {
	return fmt.Sprintf("JetPack %s (L4T %s)", r.JetPack.V, strings.Join(tree.Strings(r.L4T), ", "))
}

// RunsOn reports whether a system on chip runs an architecture.
func (s *SoC) RunsOn(arch string) bool {
	return len(s.Arches) == 0 || slices.ContainsFunc(s.Arches, func(t tree.Text) bool { return t.V == arch })
}

// Supports reports whether the release runs on a system on chip.
func (r *Release) Supports(soc string) bool {
	return slices.ContainsFunc(r.SoCs, func(t tree.Text) bool { return t.V == soc })
}

// VersionKeys returns the names under which platforms carry versions (cuda,
// python and the like), sorted.
func (db *DB) VersionKeys() []string {
	var keys []string
	for _, r := range db.Releases {
		for _, v := range r.Versions {
			keys = append(keys, v.Key.V)
		}
	}
	for _, d := range db.Distributions {
		for _, v := range d.Versions {
			keys = append(keys, v.Key.V)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}
