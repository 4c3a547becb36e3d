package stacks

import (
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/tree"
)

// Env is environment of the image. Prepend puts a path in front of a
// colon-separated list.
type Env struct {
	At      diag.Range           `toml:",at"`
	When    When                 `toml:"when"`
	Set     tree.Map[tree.Text]  `toml:"set"`
	Prepend tree.Map[tree.Words] `toml:"prepend"`
}

// Run is how a container of the image wants to be run. The profiles of all
// components are united; the stack's own [run] is laid over them.
type Run struct {
	At      diag.Range  `toml:",at"`
	When    When        `toml:"when"`
	GPU     *bool       `toml:"gpu"`
	GUI     *bool       `toml:"gui"`
	Audio   *bool       `toml:"audio"`
	Network tree.Text   `toml:"network"` // host or bridge
	IPC     tree.Text   `toml:"ipc"`     // host or private
	Shm     tree.Text   `toml:"shm"`     // such as 8g
	Devices []tree.Text `toml:"devices"` // such as /dev/video*
	Ports   []tree.Text `toml:"ports"`
	Volumes []tree.Text `toml:"volumes"`
}

// Command is what a component starts by default. Two components with one are
// an error unless the stack's [image] decides.
type Command struct {
	At   diag.Range  `toml:",at"`
	Argv []tree.Text `toml:"argv,required"`
}

// Entry is a shell fragment that the image's entry point reads before the
// command runs, such as a setup file of ROS.
type Entry struct {
	At     diag.Range  `toml:",at"`
	Source []tree.Text `toml:"source,required"` // files to source, in order
}

// Storage is what a user must have room for, in mebibytes. Of several that hold
// all are added up.
type Storage struct {
	At     diag.Range `toml:",at"`
	When   When       `toml:"when"`
	Image  int64      `toml:"image"`
	Models int64      `toml:"models"`
}

// FirstRun is work that needs the device: an engine or a model made there and
// kept under /data, once for each SM.
type FirstRun struct {
	At      diag.Range  `toml:",at"`
	Name    tree.Text   `toml:"name,required"`
	When    When        `toml:"when"`
	Argv    []tree.Text `toml:"run,required"`
	GPU     bool        `toml:"gpu"`
	Output  tree.Text   `toml:"output,required"`
	Summary tree.Text   `toml:"summary"`
}

// Host is something that the machine which runs the container must have.
type Host struct {
	At      diag.Range `toml:",at"`
	Name    tree.Text  `toml:"name,required"`
	When    When       `toml:"when"`
	Udev    tree.Text  `toml:"udev"`  // a rule to install
	Check   tree.Text  `toml:"check"` // what to look for
	Summary tree.Text  `toml:"summary"`
}

// Test is a command that must succeed in the finished image. Exactly one of
// Run and Script says which.
type Test struct {
	At      diag.Range          `toml:",at"`
	Name    tree.Text           `toml:"name,required"`
	When    When                `toml:"when"`
	Argv    []tree.Text         `toml:"run"`
	Script  tree.Text           `toml:"script"`
	Env     tree.Map[tree.Text] `toml:"env"`
	Exit    int                 `toml:"exit"`
	Stdout  Output              `toml:"stdout"`
	Stderr  Output              `toml:"stderr"`
	Files   []File              `toml:"files"`
	GPU     bool                `toml:"gpu"`
	Timeout int                 `toml:"timeout"` // seconds; 0 is the default of 300
	Workdir tree.Text           `toml:"workdir"`
}

// Output is what a test demands of what its command prints.
type Output struct {
	Contains tree.Words `toml:"contains"`
	Excludes tree.Words `toml:"excludes"`
	Matches  tree.Words `toml:"matches"` // POSIX extended regular expressions
}

// File is what a test demands of a file after its command has run.
type File struct {
	At       diag.Range `toml:",at"`
	Path     tree.Text  `toml:"path,required"`
	Absent   bool       `toml:"absent"`
	Contains tree.Words `toml:"contains"`
}

// Image is the stack's own part of the image config.
type Image struct {
	At          diag.Range          `toml:",at"`
	Entrypoint  []tree.Text         `toml:"entrypoint"`
	Cmd         []tree.Text         `toml:"cmd"`
	User        tree.Text           `toml:"user"`
	Workdir     tree.Text           `toml:"workdir"`
	Labels      tree.Map[tree.Text] `toml:"labels"`
	Expose      []tree.Text         `toml:"expose"`
	Volumes     []tree.Text         `toml:"volumes"`
	StopSignal  tree.Text           `toml:"stop_signal"`
	Healthcheck Health              `toml:"healthcheck"`
}

// Health is the image's health check; the times are in seconds.
type Health struct {
	At       diag.Range  `toml:",at"`
	Argv     []tree.Text `toml:"run"`
	Interval int         `toml:"interval"`
	Timeout  int         `toml:"timeout"`
	Start    int         `toml:"start_period"`
	Retries  int         `toml:"retries"`
}

// Python is what a component demands of a Python world that shares its
// interpreter, whether or not it adds packages to it.
type Python struct {
	At          diag.Range  `toml:",at"`
	When        When        `toml:"when"`
	World       tree.Text   `toml:"world"` // "" is the world main
	Constraints []tree.Text `toml:"constraints"`
	// System makes the world see the interpreter's own packages.
	System *bool `toml:"system_site"`
}

// Note is something that a user of the image should know, under a condition.
type Note struct {
	At   diag.Range `toml:",at"`
	When When       `toml:"when,required"`
	Text tree.Text  `toml:"text,required"`
}

// World is a Python world: one resolved set of packages in its own prefix.
type World struct {
	At          diag.Range  `toml:",at"`
	Interpreter tree.Text   `toml:"interpreter"`
	System      *bool       `toml:"system_site"`
	Constraints []tree.Text `toml:"constraints"`
	Packages    []tree.Text `toml:"packages"`
	// Index is where packages come from, in the place of the Python package
	// index: pip knows no order among several, the newest of any wins.
	Index tree.Words `toml:"index"`
}

// Copy puts files of the build context into the image.
type Copy struct {
	At diag.Range `toml:",at"`
	// From is a path in the build context, or a pattern such as "conf/*.yaml".
	From tree.Text `toml:"from,required"`
	// To is where it goes: a folder if it ends in a slash, the thing itself if
	// not.
	To   tree.Text `toml:"to,required"`
	Mode tree.Text `toml:"mode"`
}

// StackApt are Debian packages that a stack adds by itself.
type StackApt struct {
	At       diag.Range `toml:",at"`
	Packages tree.Words `toml:"packages"`
	Dev      tree.Words `toml:"dev"`
	Archive  tree.Text  `toml:"archive"`
	Forbid   tree.Words `toml:"forbid"`
}
