package stacks

import (
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/tree"
	"github.com/org/jetson-frontend/stacks/version"
)

// Component is one component file as it was written: every version, variant
// and condition of it. What a stack gets of it is a plan.Component.
type Component struct {
	At       diag.Range  `toml:",at"`
	Name     tree.Text   `toml:"name"`     // what stacks call it; also the name of the file
	Summary  tree.Text   `toml:"summary"`  // what it is, in one line
	License  tree.Text   `toml:"license"`  // of what it installs, as an SPDX expression
	Homepage tree.Text   `toml:"homepage"` // where people read about it
	Aliases  []Alias     `toml:"aliases"`
	Notes    []tree.Text `toml:"notes"` // what a user should know before using the image
	// Note are notes under a condition.
	Note []Note `toml:"note"`
	// Follows names the platform's version that is this component's: it is
	// chosen with the platform, not here.
	Follows tree.Text `toml:"follows"`
	// OneSoname lists library stems of which one process may load one only.
	OneSoname []tree.Text `toml:"one_soname"`
	Variants  []Variant   `toml:"variant"`
	Options   []Option    `toml:"option"`
	Versions  []Version   `toml:"version"`
	Refuse    []Refuse    `toml:"refuse"`
	Needs     []Needs     `toml:"needs"`
	Steps     []Step      `toml:"step"`
	Tests     []Test      `toml:"test"`
	Env       []Env       `toml:"env"`
	Run       []Run       `toml:"run"`
	Cmd       Command     `toml:"cmd"`
	Entry     Entry       `toml:"entrypoint"`
	Storage   []Storage   `toml:"storage"`
	FirstRun  []FirstRun  `toml:"first_run"`
	Host      []Host      `toml:"host"`
	Replaces  AptNames    `toml:"replaces"`
	Forbid    []Forbid    `toml:"forbid"`
	Python    []Python    `toml:"python"`
	// Dir is the component's own folder, for its patches and files. It is set
	// by who loads the component; nil if there is none.
	Dir Folder
}

// Folder gives the files that belong to a component.
type Folder interface {
	// ReadFile returns the content of a file, by its path below the folder.
	ReadFile(path string) ([]byte, error)
	// List returns the paths of all files below dir, sorted.
	List(dir string) ([]string, error)
}

// Alias is a further name of a component: "vtk9@>=9,<10" makes vtk9 stand for
// the component with that constraint, "humble:desktop@humble" also chooses a
// variant.
type Alias struct{ Ref }

// UnmarshalTree reads an alias.
func (a *Alias) UnmarshalTree(d *tree.Decoder, v *tree.Value) { a.Ref.UnmarshalTree(d, v) }

// Variant is an axis of choice. Its first value is the default unless Default
// names another.
type Variant struct {
	At      diag.Range  `toml:",at"`
	Axis    tree.Text   `toml:"axis,required"`
	Values  []tree.Text `toml:"values,required"`
	Default tree.Text   `toml:"default"`
	If      []VariantIf `toml:"if"`
	Summary tree.Text   `toml:"summary"`
}

// VariantIf is another default under a condition, such as following the
// choice that was made for a library that this one is built on.
type VariantIf struct {
	At      diag.Range `toml:",at"`
	When    When       `toml:"when,required"`
	Default tree.Text  `toml:"default,required"`
}

// Option is a value that a stack may set under [options.<component>]. Steps
// use it as ${option.<name>}.
type Option struct {
	At      diag.Range  `toml:",at"`
	Name    tree.Text   `toml:"name,required"`
	Type    tree.Text   `toml:"type,required"` // bool, int, string, enum
	Values  []tree.Text `toml:"values"`        // of an enum
	Default tree.Scalar `toml:"default"`
	Summary tree.Text   `toml:"summary"`
}

// OptionTypes are the types that an option may have.
var OptionTypes = [...]string{"bool", "int", "string", "enum"}

// Version is one version that can be had, with where it comes from.
type Version struct {
	At      diag.Range `toml:",at"`
	Version tree.Text  `toml:"version,required"`
	When    When       `toml:"when"`
	// Date is the day of the release, YYYY-MM-DD. It is SOURCE_DATE_EPOCH for
	// the component's steps.
	Date    tree.Text           `toml:"date"`
	Sources []Source            `toml:"sources"`
	Vars    tree.Map[tree.Text] `toml:"vars"` // ${var.<name>} in steps and tests
	// Needs are this version's own, over those that every version has.
	Needs []Needs   `toml:"needs"`
	Notes tree.Text `toml:"notes"`
	// Asked versions are taken only where a demand leaves no other: such as that
	// of an end-of-life release, which something may still belong to.
	Asked bool `toml:"asked"`
}

// Source is something that a step finds under /src. Exactly one of Git, HTTP,
// Image, Context and Files says where it comes from.
type Source struct {
	At         diag.Range  `toml:",at"`
	To         tree.Text   `toml:"to,required"`
	Git        tree.Text   `toml:"git"`
	Tag        tree.Text   `toml:"tag"`
	Branch     tree.Text   `toml:"branch"`
	Commit     tree.Text   `toml:"commit"`
	Submodules bool        `toml:"submodules"`
	HostKey    tree.Text   `toml:"host_key"` // of a Git source's ssh server
	HTTP       tree.Text   `toml:"http"`
	SHA256     tree.Text   `toml:"sha256"`
	Unpack     *bool       `toml:"unpack"`
	Strip      *int        `toml:"strip"`
	Image      tree.Text   `toml:"image"`
	Path       tree.Text   `toml:"path"` // inside the image, context or folder
	Context    tree.Text   `toml:"context"`
	Files      tree.Text   `toml:"files"`
	Patches    []tree.Text `toml:"patches"`
	When       When        `toml:"when"`
}

// Refuse says where a component cannot be had and why. It wins over every
// version, or over those that it names; Unless names an option that lifts it.
type Refuse struct {
	At     diag.Range `toml:",at"`
	When   When       `toml:"when,required"`
	Why    tree.Text  `toml:"why,required"`
	Unless tree.Text  `toml:"unless"`
	// Versions is a constraint: only these versions of the component cannot be
	// had, and others are taken.
	Versions tree.Text `toml:"versions"`
}

// Takes reports whether r takes a version away. A refusal of the component as a
// whole takes none: it says why there can be no version.
func (r Refuse) Takes(v string) bool {
	c, err := version.ParseConstraint(r.Versions.V)
	return r.Versions.Set() && err == nil && c.Allows(v)
}

// Needs are edges to other components and to Debian packages. The five kinds:
//
//	tools  runs on the build platform, is never shipped
//	build  for the target, private to this component's build
//	link   for the target, inherited by whoever builds against this component,
//	       part of the dev image
//	run    for the target, part of every image
//	test   only where this component's tests run
type Needs struct {
	At   diag.Range `toml:",at"`
	When When       `toml:"when"`
	Edges
	Apt AptEdges `toml:"apt"`
}

// Edges are needs of components.
type Edges struct {
	Tools []Ref `toml:"tools"`
	Build []Ref `toml:"build"`
	Link  []Ref `toml:"link"`
	Run   []Ref `toml:"run"`
	Test  []Ref `toml:"test"`
}

// AptEdges are needs of Debian packages. Archive names the archive they come
// from; without it, the distribution's own.
type AptEdges struct {
	At      diag.Range `toml:",at"`
	Archive tree.Text  `toml:"archive"`
	Tools   tree.Words `toml:"tools"`
	Build   tree.Words `toml:"build"`
	Link    tree.Words `toml:"link"`
	Run     tree.Words `toml:"run"`
	Test    tree.Words `toml:"test"`
	// Versions holds apt to versions, by package or by pattern such as
	// libcudnn9*: an archive may have several, of which it would take the newest.
	Versions tree.Map[tree.Text] `toml:"versions"`
}

// UnmarshalTree reads a needs table; the component edges stand in it directly.
func (n *Needs) UnmarshalTree(d *tree.Decoder, v *tree.Value) {
	type plain struct {
		At   diag.Range `toml:",at"`
		When When       `toml:"when"`
		Apt  AptEdges   `toml:"apt"`
	}
	var p plain
	d.BindFields(v, "[[needs]]", &p, &n.Edges)
	n.At, n.When, n.Apt = p.At, p.When, p.Apt
}

// AptNames are Debian packages that a component stands in for.
type AptNames struct {
	Apt tree.Words `toml:"apt"`
}

// Forbid keeps Debian packages out of the image: apt is pinned against them
// and a plan that asks for one is refused.
type Forbid struct {
	At   diag.Range `toml:",at"`
	When When       `toml:"when"`
	Apt  tree.Words `toml:"apt,required"` // names, or patterns such as libvtk9*
	Why  tree.Text  `toml:"why,required"`
}
