package plan

// Step is one vertex of a component's build, evaluated. Kind says which of the
// pointers is set.
type Step struct {
	Name      string `json:"name"`
	Kind      string `json:"kind"`
	Heavy     bool   `json:"heavy,omitempty"`
	JobMemory int64  `json:"job_memory,omitempty"` // bytes for each compiler process
	// Native steps run on the build platform whatever the target is. Cross
	// steps can compile for another architecture; the rest are emulated.
	Native bool        `json:"native,omitempty"`
	Cross  bool        `json:"cross,omitempty"`
	CMake  *CMakeStep  `json:"cmake,omitempty"`
	Files  *FilesStep  `json:"files,omitempty"`
	Script *ScriptStep `json:"script,omitempty"`
	Wheel  *WheelStep  `json:"wheel,omitempty"`
	Colcon *ColconStep `json:"colcon,omitempty"`
}

// CMakeStep configures, builds and installs a CMake project.
type CMakeStep struct {
	Source    string            `json:"source"` // absolute, below /src
	Prefix    string            `json:"prefix"`
	BuildType string            `json:"build_type"`
	Options   map[string]string `json:"options,omitempty"`
	Unused    []string          `json:"unused,omitempty"`
	Targets   []string          `json:"targets,omitempty"`
	Install   []string          `json:"install,omitempty"`
	HostTools map[string]string `json:"host_tools,omitempty"`
	// CUDA are the compute capabilities to make device code for, without dots;
	// none if the step has no device code.
	CUDA []string `json:"cuda,omitempty"`
}

// FilesStep puts files in place.
type FilesStep struct {
	Put     []Put     `json:"put,omitempty"`
	Symlink []Symlink `json:"symlink,omitempty"`
	Dirs    []Dir     `json:"dirs,omitempty"`
}

// Put is one file or tree: Data itself, or a path below /src.
type Put struct {
	To     string `json:"to"`
	Data   []byte `json:"data,omitempty"`
	Source string `json:"source,omitempty"`
	Mode   string `json:"mode,omitempty"`
}

// Symlink is a symbolic link at To.
type Symlink struct {
	To     string `json:"to"`
	Target string `json:"target"`
}

// Dir is an empty directory.
type Dir struct {
	To   string `json:"to"`
	Mode string `json:"mode,omitempty"`
}

// ScriptStep runs a shell script.
type ScriptStep struct {
	Run     string            `json:"run"`
	Source  string            `json:"source,omitempty"`
	Env     map[string]string `json:"env,omitempty"`
	Outputs []string          `json:"outputs"`
	Network bool              `json:"network,omitempty"`
}

// WheelStep builds a wheel from source, with the interpreter of its world.
type WheelStep struct {
	Source      string            `json:"source"`
	Backend     string            `json:"backend"`
	Interpreter string            `json:"interpreter"`
	Env         map[string]string `json:"env,omitempty"`
	Tools       []string          `json:"python_tools,omitempty"` // requirements of its build
	Indexes     []string          `json:"indexes,omitempty"`      // of the tools; none: PyPI alone
}

// ColconStep builds a ROS workspace into an overlay.
type ColconStep struct {
	Source   string            `json:"source"`
	Packages []string          `json:"packages,omitempty"`
	Skip     []string          `json:"skip,omitempty"`
	Prefix   string            `json:"prefix"`
	Underlay []string          `json:"underlay,omitempty"`
	Options  map[string]string `json:"options,omitempty"`
}

// World is a Python world: one resolved set in its own prefix.
type World struct {
	Name        string      `json:"name"`
	Prefix      string      `json:"prefix"`
	Interpreter string      `json:"interpreter"` // its version, such as 3.10
	System      bool        `json:"system_site,omitempty"`
	Constraints []string    `json:"constraints,omitempty"`
	Links       []WorldLink `json:"links,omitempty"`
}

// PyPI is the index that pip asks unless another is named in its place.
const PyPI = "https://pypi.org/simple"

// WorldLink is one install into a world.
type WorldLink struct {
	Name         string   `json:"name"`
	Requirements []string `json:"requirements,omitempty"`
	NoDeps       []string `json:"no_deps,omitempty"`
	Indexes      []string `json:"indexes,omitempty"` // none: PyPI alone
	Wheels       []Blob   `json:"wheels,omitempty"`
	From         []string `json:"from,omitempty"` // components whose wheels it takes
}

// Test is a command that must succeed in the finished image.
type Test struct {
	Name      string            `json:"name"`
	Component string            `json:"component,omitempty"` // "" for the stack's own
	Argv      []string          `json:"run,omitempty"`
	Script    string            `json:"script,omitempty"`
	Env       map[string]string `json:"env,omitempty"`
	Exit      int               `json:"exit,omitempty"`
	Stdout    Output            `json:"stdout"`
	Stderr    Output            `json:"stderr"`
	Files     []TestFile        `json:"files,omitempty"`
	GPU       bool              `json:"gpu,omitempty"`
	Timeout   int               `json:"timeout"` // seconds
	Workdir   string            `json:"workdir,omitempty"`
	Apt       []Link            `json:"apt,omitempty"`
	With      []string          `json:"with,omitempty"` // components present for this test only
}

// ID names a test within a plan.
func (t *Test) ID() string {
	if t.Component == "" {
		return t.Name
	}
	return t.Component + "/" + t.Name
}

// Output is what a test demands of what its command prints.
type Output struct {
	Contains []string `json:"contains,omitempty"`
	Excludes []string `json:"excludes,omitempty"`
	Matches  []string `json:"matches,omitempty"`
}

// TestFile is what a test demands of a file.
type TestFile struct {
	Path     string   `json:"path"`
	Absent   bool     `json:"absent,omitempty"`
	Contains []string `json:"contains,omitempty"`
}

// Config is the part of the image config that the plan decides.
type Config struct {
	Env        map[string]string   `json:"env,omitempty"`
	Prepend    map[string][]string `json:"prepend,omitempty"`
	Entrypoint []string            `json:"entrypoint,omitempty"`
	// Source lists setup files that the entry point reads before the command.
	Source     []string          `json:"source,omitempty"`
	Cmd        []string          `json:"cmd,omitempty"`
	User       string            `json:"user,omitempty"`
	Workdir    string            `json:"workdir,omitempty"`
	Labels     map[string]string `json:"labels,omitempty"`
	Expose     []string          `json:"expose,omitempty"`
	Volumes    []string          `json:"volumes,omitempty"`
	StopSignal string            `json:"stop_signal,omitempty"`
	Health     *Health           `json:"healthcheck,omitempty"`
}

// Health is the image's health check; the times are in seconds.
type Health struct {
	Argv     []string `json:"run"`
	Interval int      `json:"interval,omitempty"`
	Timeout  int      `json:"timeout,omitempty"`
	Start    int      `json:"start_period,omitempty"`
	Retries  int      `json:"retries,omitempty"`
}

// Run is how a container of the image wants to be run.
type Run struct {
	GPU     bool     `json:"gpu,omitempty"`
	GUI     bool     `json:"gui,omitempty"`
	Audio   bool     `json:"audio,omitempty"`
	Network string   `json:"network,omitempty"`
	IPC     string   `json:"ipc,omitempty"`
	Shm     string   `json:"shm,omitempty"`
	Devices []string `json:"devices,omitempty"`
	Ports   []string `json:"ports,omitempty"`
	Volumes []string `json:"volumes,omitempty"`
}

// FirstRun is work for the device.
type FirstRun struct {
	Component string   `json:"component"`
	Name      string   `json:"name"`
	Argv      []string `json:"run"`
	GPU       bool     `json:"gpu,omitempty"`
	Output    string   `json:"output"`
	Summary   string   `json:"summary,omitempty"`
}

// Host is something that the machine which runs the container must have.
type Host struct {
	Component string `json:"component"`
	Name      string `json:"name"`
	Udev      string `json:"udev,omitempty"`
	Check     string `json:"check,omitempty"`
	Summary   string `json:"summary,omitempty"`
}

// Storage is what a user must have room for, in mebibytes.
type Storage struct {
	Image  int64 `json:"image,omitempty"`
	Models int64 `json:"models,omitempty"`
	// Parts are the components that say how much they take; the sums are theirs.
	Parts []StoragePart `json:"parts,omitempty"`
}

// StoragePart is what one component takes, in mebibytes.
type StoragePart struct {
	Component string `json:"component"`
	Image     int64  `json:"image,omitempty"`
	Models    int64  `json:"models,omitempty"`
}
