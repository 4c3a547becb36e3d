package stacks

import (
	"slices"

	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/tree"
)

// The seven kinds of step.
const (
	KindApt    = "apt"
	KindPip    = "pip"
	KindWheel  = "wheel"
	KindCMake  = "cmake"
	KindColcon = "colcon"
	KindFiles  = "files"
	KindScript = "script"
)

// StepKinds lists them in the order in which documentation does.
func StepKinds() []string {
	return []string{KindApt, KindPip, KindWheel, KindCMake, KindColcon, KindFiles, KindScript}
}

// Step is one vertex of a component's build. Kind says which of the pointers
// is set.
type Step struct {
	StepCommon
	Apt    *AptStep
	Pip    *PipStep
	Wheel  *WheelStep
	CMake  *CMakeStep
	Colcon *ColconStep
	Files  *FilesStep
	Script *ScriptStep
}

// StepCommon is what every kind of step may say.
type StepCommon struct {
	At   diag.Range `toml:",at"`
	Kind tree.Text  `toml:"kind,required"`
	Name tree.Text  `toml:"name"`
	When When       `toml:"when"`
	// Heavy steps take turns: a daemon runs as many at once as it has slots.
	Heavy bool `toml:"heavy"`
	// JobMemory is what one compiler process may need, such as "1100MiB".
	JobMemory tree.Text `toml:"job_memory"`
}

// AptStep installs packages: the component is made of them.
type AptStep struct {
	Archive    tree.Text   `toml:"archive"`
	Packages   tree.Words  `toml:"packages"` // in every image
	Dev        tree.Words  `toml:"dev"`      // in the dev image and for who builds against it
	Debconf    []tree.Text `toml:"debconf"`  // answers: "package question type value"
	Markers    []tree.Text `toml:"markers"`  // files to create before the install
	UnpackOnly tree.Words  `toml:"unpack_only"`
	Debs       []Deb       `toml:"debs"`
}

// Deb is a package file that no archive holds.
type Deb struct {
	At     diag.Range `toml:",at"`
	HTTP   tree.Text  `toml:"http,required"`
	SHA256 tree.Text  `toml:"sha256,required"`
}

// PipStep adds requirements to a Python world.
type PipStep struct {
	World        tree.Text   `toml:"world"`
	Requirements []tree.Text `toml:"requirements"`
	Index        tree.Words  `toml:"index"` // in the place of the world's, or of the Python package index
	Wheels       []Wheel     `toml:"wheels"`
	NoDeps       bool        `toml:"no_deps"`
	Link         tree.Text   `toml:"link"` // framework, library or application
}

// Wheel is a wheel file by address.
type Wheel struct {
	At     diag.Range `toml:",at"`
	HTTP   tree.Text  `toml:"http,required"`
	SHA256 tree.Text  `toml:"sha256,required"`
	When   When       `toml:"when"`
}

// WheelStep builds a wheel from source.
type WheelStep struct {
	Source  tree.Text           `toml:"source"`
	World   tree.Text           `toml:"world"`
	Backend tree.Text           `toml:"backend"` // pep517 or setup.py
	Env     tree.Map[tree.Text] `toml:"env"`
	Tools   []tree.Text         `toml:"python_tools"`
	Cross   bool                `toml:"cross"`
}

// CMakeStep configures, builds and installs a CMake project.
type CMakeStep struct {
	Source    tree.Text             `toml:"source"` // below /src; default: the first source
	Options   tree.Map[tree.Scalar] `toml:"options"`
	If        []CMakeIf             `toml:"if"`
	Allowed   tree.Map[tree.Words]  `toml:"allowed"` // option or pattern* → the values that it takes
	Unused    tree.Words            `toml:"unused"`  // options that the project may ignore
	BuildType tree.Text             `toml:"build_type"`
	Prefix    tree.Text             `toml:"prefix"`
	Targets   []tree.Text           `toml:"targets"`
	Install   []tree.Text           `toml:"install"` // install components; default: all
	HostTools tree.Map[tree.Text]   `toml:"host_tools"`
	CUDA      bool                  `toml:"cuda"`
	Cross     *bool                 `toml:"cross"` // false: emulate where the builder is of another architecture
}

// CMakeIf are options under a condition. CUDA makes the step one that compiles
// device code.
type CMakeIf struct {
	At      diag.Range            `toml:",at"`
	When    When                  `toml:"when,required"`
	Options tree.Map[tree.Scalar] `toml:"options"`
	CUDA    bool                  `toml:"cuda"`
}

// ColconStep builds a ROS workspace into an overlay of its own.
type ColconStep struct {
	Source   tree.Text             `toml:"source"`
	Packages []tree.Text           `toml:"packages"`
	Skip     []tree.Text           `toml:"skip"`
	Prefix   tree.Text             `toml:"prefix"`
	Underlay []tree.Text           `toml:"underlay"` // prefixes to chain, nearest last
	Options  tree.Map[tree.Scalar] `toml:"options"`
	Cross    *bool                 `toml:"cross"`
}

// FilesStep puts files in place without running anything of theirs.
type FilesStep struct {
	Put     []Put  `toml:"put"`
	Symlink []Link `toml:"symlink"`
	Dirs    []Dir  `toml:"dir"`
}

// Put is one file or tree. Exactly one of Content, File and Source is set.
type Put struct {
	At      diag.Range `toml:",at"`
	To      tree.Text  `toml:"to,required"`
	Content tree.Text  `toml:"content"` // the text itself
	File    tree.Text  `toml:"file"`    // in the component's folder
	Source  tree.Text  `toml:"source"`  // below /src, may be a directory
	Mode    tree.Text  `toml:"mode"`    // octal, such as "0755"
}

// Link is a symbolic link at To that points to Target.
type Link struct {
	At     diag.Range `toml:",at"`
	To     tree.Text  `toml:"to,required"`
	Target tree.Text  `toml:"target,required"`
}

// Dir is an empty directory.
type Dir struct {
	At   diag.Range `toml:",at"`
	To   tree.Text  `toml:"to,required"`
	Mode tree.Text  `toml:"mode"`
}

// ScriptStep runs a POSIX shell script that installs below $DESTDIR.
type ScriptStep struct {
	Run     tree.Text           `toml:"run,required"`
	Source  tree.Text           `toml:"source"`
	Env     tree.Map[tree.Text] `toml:"env"`
	Outputs []tree.Text         `toml:"outputs,required"` // what must exist below $DESTDIR afterwards
	// Network gives the reason for which the script needs one. Without it the
	// step has none.
	Network tree.Text `toml:"network"`
	// Native scripts run on the build platform whatever the target is: what
	// they make does not depend on the architecture, or they cross-compile.
	Native bool `toml:"native"`
}

// UnmarshalTree reads a step by its kind.
func (s *Step) UnmarshalTree(d *tree.Decoder, v *tree.Value) {
	s.At = v.At
	kind := v.Field("kind")
	if kind != nil && kind.Kind == tree.Broken {
		return // which keys belong to it is not known
	}
	if v.Kind != tree.Table || kind == nil || kind.Kind != tree.String {
		d.BindFields(v, "a step", &s.StepCommon)
		return
	}
	var body any
	switch kind.Raw {
	case KindApt:
		s.Apt = &AptStep{}
		body = s.Apt
	case KindPip:
		s.Pip = &PipStep{}
		body = s.Pip
	case KindWheel:
		s.Wheel = &WheelStep{}
		body = s.Wheel
	case KindCMake:
		s.CMake = &CMakeStep{}
		body = s.CMake
	case KindColcon:
		s.Colcon = &ColconStep{}
		body = s.Colcon
	case KindFiles:
		s.Files = &FilesStep{}
		body = s.Files
	case KindScript:
		s.Script = &ScriptStep{}
		body = s.Script
	default:
		s.Kind = tree.Text{V: kind.Raw, At: kind.At}
		g := diag.Errorf("unknown-kind", kind.At, "there is no step kind %q", kind.Raw)
		g.Help = diag.DidYouMean(kind.Raw, StepKinds())
		d.Add(g)
		return
	}
	d.BindFields(v, "a step of kind "+kind.Raw, &s.StepCommon, body)
}

// KnownKind reports whether kind is one of the seven.
func KnownKind(kind string) bool { return slices.Contains(StepKinds(), kind) }
