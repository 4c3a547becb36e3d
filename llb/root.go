package llb

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/org/jetson-frontend/llb/graph"
	"github.com/org/jetson-frontend/stacks/plan"
)

// copies are files of the build context.
func (r *renderer) copies(n *graph.Node) (bk.State, error) {
	if r.o.Context == nil {
		return bk.State{}, fmt.Errorf("the stack copies from the build context, and there is none")
	}
	var a *bk.FileAction
	created := unix(r.plan.Date)
	if slices.ContainsFunc(n.Copies, func(c plan.Copy) bool { return strings.HasPrefix(c.To, "/root/") }) {
		// Else a copy makes it, as any folder, and what others may not see they see.
		a = bk.Mkdir("/root", 0o700, bk.WithCreatedTime(created))
	}
	for _, c := range n.Copies {
		info := &bk.CopyInfo{CreateDestPath: true, CopyDirContentsOnly: true, AllowWildcard: true, FollowSymlinks: true, CreatedTime: &created}
		if mode, err := strconv.ParseUint(c.Mode, 8, 32); c.Mode != "" && err == nil {
			info.Mode = &bk.ChmodOpt{Mode: modeOf(int(mode))}
		}
		a = thenCopy(a, *r.o.Context, "/"+c.From, c.To, info)
	}
	return bk.Scratch().File(a, r.meta(n)...), nil
}

func (r *renderer) finalize(n *graph.Node) (bk.State, error) {
	return r.run(exec{
		node: n, root: r.input(n, graph.Root), script: "finalize.sh",
		env: [][2]string{{"SOURCE_DATE_EPOCH", decimal(r.plan.Platform.Date)}},
	})
}

// MetaDir is where an image keeps what it says about itself.
const MetaDir = "usr/share/jetson"

// EntrypointFile reads setup files and then runs the command.
const EntrypointFile = "/usr/share/jetson/entrypoint"

// describe writes the plan, and what the entry point needs, into the image.
func (r *renderer) describe(n *graph.Node) (bk.State, error) {
	p, err := r.plan.Canonical()
	if err != nil {
		return bk.State{}, err
	}
	files := []file{{"plan.json", p, 0o644}}
	files = append(files, r.entry()...)
	// Copied in one piece: a folder's time would be that of the last file
	// written into it, a copy sets it afterwards.
	date := unix(r.plan.Date)
	info := &bk.CopyInfo{CopyDirContentsOnly: true, CreateDestPath: true, CreatedTime: &date}
	return bk.Scratch().File(bk.Copy(r.folder(n, files), "/", "/"+MetaDir+"/", info), r.meta(n)...), nil
}

// entry is the entry point with the setup files that it reads, if there are any.
func (r *renderer) entry() []file {
	if len(r.plan.Config.Source) == 0 {
		return nil
	}
	return []file{{"entrypoint", []byte(entrypoint), 0o755}, {"setup", lines(r.plan.Config.Source), 0o644}}
}

// entrypoint sources the files that the components name, and becomes the
// command. It is bash's because setup files are. ROS 1's read the arguments of
// who sources them, and would take the command's --help as theirs.
const entrypoint = `#!/bin/bash
while IFS= read -r file; do
	if [ -r "$file" ]; then
		. "$file" --
	fi
done < "${JETSON_SETUP:-/usr/share/jetson/setup}"
unset JETSON_SETUP file
[ $# -gt 0 ] || set -- /bin/bash
exec "$@"
`

// check reads the finished root on the build platform.
func (r *renderer) check(n *graph.Node) (bk.State, error) {
	return r.run(exec{
		node: n, root: r.input(n, graph.Root), script: "check.sh", output: dirResult,
		mounts: []bk.RunOption{
			bk.AddMount(dirRoot, r.input(n, graph.Target), append(r.noHash(), bk.Readonly)...),
			bk.AddMount("/run/jetson/families", r.folder(n, []file{{"families", lines(r.plan.OneSoname), 0}}), bk.SourcePath("/families"), bk.Readonly),
		},
	})
}

// test runs in the finished root. What it changes there is thrown away.
func (r *renderer) test(n *graph.Node) (bk.State, error) {
	t := n.Test
	x := exec{
		node: n, root: r.input(n, graph.Root), script: "test.sh", output: dirResult,
		env: [][2]string{{"TEST", t.ID()}, {"TIMEOUT", strconv.Itoa(t.Timeout)}, {"WORKDIR", t.Workdir}},
	}
	for _, name := range sortedKeys(r.plan.Config.Prepend) {
		x.args = append(x.args, environment(name, r.prepended(name)))
	}
	x.args = append(x.args, environments(r.plan.Config.Env)...)
	x.args = append(x.args, environments(t.Env)...)
	command := t.Argv
	if t.Script != "" {
		command = []string{"/bin/sh", fileScript}
	}
	if len(r.plan.Config.Source) > 0 {
		// A test runs as a container's command would: through the entry point.
		x.args = append(x.args, environment("JETSON_SETUP", dirEntry+"/setup"))
		command = append([]string{"/bin/bash", dirEntry + "/entrypoint"}, command...)
		x.mounts = append(x.mounts, bk.AddMount(dirEntry, r.shared(r.entry()), bk.Readonly))
	}
	x.args = append(append(x.args, "--"), command...)
	x.mounts = append(x.mounts, bk.AddMount(dirExpect, r.folder(n, expectations(t)), bk.Readonly))
	if t.Script != "" {
		x.mounts = append(x.mounts, bk.AddMount(fileScript, r.folder(n, []file{{"script", []byte(t.Script), 0}}), bk.SourcePath("/script"), bk.Readonly))
	}
	if t.GPU {
		x.mounts = append(x.mounts, bk.AddCDIDevice(bk.CDIDeviceName(graph.GPUDevice)))
	}
	return r.run(x)
}

// prepended is an environment variable with the plan's paths in front of what
// an exec has anyway.
func (r *renderer) prepended(name string) string {
	rest := ""
	if name == "PATH" {
		rest = execPath
	}
	return Prepended(r.plan.Config.Prepend[name], rest)
}

// Prepended joins paths in front of a colon-separated list.
func Prepended(paths []string, rest string) string {
	out := ""
	for _, p := range paths {
		if out != "" {
			out += ":"
		}
		out += p
	}
	if rest != "" {
		out += ":" + rest
	}
	return out
}

// expectations are files that test.sh reads, one for each demand.
func expectations(t *plan.Test) []file {
	out := []file{{"exit", lines([]string{strconv.Itoa(t.Exit)}), 0}}
	add := func(prefix string, words []string) {
		for i, w := range words {
			out = append(out, file{fmt.Sprintf("%s.%d", prefix, i), []byte(w), 0})
		}
	}
	for _, s := range []struct {
		name string
		o    plan.Output
	}{{"stdout", t.Stdout}, {"stderr", t.Stderr}} {
		add(s.name+".contains", s.o.Contains)
		add(s.name+".excludes", s.o.Excludes)
		add(s.name+".matches", s.o.Matches)
	}
	for i, f := range t.Files {
		base := fmt.Sprintf("file.%d", i)
		out = append(out, file{base + ".path", []byte(f.Path), 0})
		if f.Absent {
			out = append(out, file{base + ".absent", nil, 0})
		}
		add(base+".contains", f.Contains)
	}
	return out
}
