package llb

import (
	"fmt"
	"strings"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/org/jetson-frontend/llb/graph"
	"github.com/org/jetson-frontend/stacks/plan"
)

const (
	dirPip     = "/run/jetson/pip"
	dirPipTmp  = "/run/jetson/cache"
	dirBuilt   = "/run/jetson/built"
	dirEarlier = "/run/jetson/earlier"
)

// wheels resolves a link of a Python world and downloads it. Like the fetch of
// packages it is the only vertex that knows mirrors and has a network.
func (r *renderer) wheels(n *graph.Node) (bk.State, error) {
	l := n.Python
	named := l.Indexes
	if len(named) == 0 {
		named = []string{plan.PyPI}
	}
	var indexes []string
	for _, i := range named {
		indexes = append(indexes, r.o.Mirrors.Rewrite(i))
	}
	files := []file{
		{"indexes", lines(indexes), 0}, {"constraints", lines(n.World.Constraints), 0},
		{"wanted", lines(l.Requirements), 0}, {"nodeps", lines(l.NoDeps), 0},
	}
	if len(n.Exact) > 0 {
		files = append(files, file{"exact", lines(n.Exact), 0})
	}
	mounts := []bk.RunOption{
		bk.AddMount(dirPip, r.folder(n, files), bk.Readonly),
		bk.AddMount(dirRoot, r.input(n, graph.Target), append(r.noHash(), bk.Readonly)...),
		CacheID{NS: r.o.Namespace, Kind: "pip", Scope: "shared", Arch: n.Arch, ABI: "cp" + strings.ReplaceAll(n.World.Interpreter, ".", "")}.mount(dirPipTmp),
	}
	if len(l.Wheels) > 0 {
		// A wheel's file name is part of what it says.
		files := r.blobs(n, l.Wheels, func(b plan.Blob) string { return fileName(b.URL) })
		mounts = append(mounts, bk.AddMount(dirLocal, files, bk.Readonly))
	}
	for _, role := range []struct {
		role graph.Role
		dir  string
	}{{graph.Built, dirBuilt}, {graph.Earlier, dirEarlier}} {
		for i, st := range r.inputs(n, role.role) {
			mounts = append(mounts, bk.AddMount(fmt.Sprintf("%s/%d", role.dir, i), st, bk.Readonly))
		}
	}
	return r.run(exec{
		node: n, root: r.input(n, graph.Root), script: "pip-fetch.sh", mounts: mounts, network: true, output: dirOut,
		env: [][2]string{{"MACHINE", machine(n.Arch)}, {"PYTHON", n.World.Interpreter}},
	})
}

// world unpacks what a link downloaded into the world's prefix.
func (r *renderer) world(n *graph.Node) (bk.State, error) {
	w := n.World
	env := [][2]string{
		{"COMPONENT", "python-" + w.Name}, {"STEP", n.Python.Name}, {"SOURCE_DATE_EPOCH", decimal(r.plan.Platform.Date)},
		{"PREFIX", w.Prefix}, {"PYTHON", w.Interpreter},
	}
	if n.Python.Name == w.Links[0].Name {
		env = append(env, [2]string{"FIRST", "1"})
	}
	if w.System {
		env = append(env, [2]string{"SYSTEM", "true"})
	}
	return r.run(exec{
		node: n, root: r.input(n, graph.Root), script: "pip-install.sh", output: dirTree, env: env,
		mounts: []bk.RunOption{bk.AddMount(dirDebs, r.input(n, graph.Debs), bk.Readonly)},
	})
}

func (r *renderer) wheel(n *graph.Node, x *exec) {
	s := n.Step.Wheel
	x.script = "wheel.sh"
	x.env = append(x.env, [2]string{"SOURCE", s.Source}, [2]string{"BACKEND", s.Backend}, [2]string{"PYTHON", s.Interpreter})
	x.args = environments(s.Env)
	if n.Input(graph.Debs) != nil {
		x.mounts = append(x.mounts, bk.AddMount(dirDebs, r.input(n, graph.Debs), bk.Readonly))
	}
	r.compiles(n, x)
}

func (r *renderer) colcon(n *graph.Node, x *exec) {
	s := n.Step.Colcon
	x.script = "colcon.sh"
	for _, name := range sortedKeys(s.Options) {
		x.args = append(x.args, "-D"+name+"="+s.Options[name])
	}
	x.env = append(x.env,
		[2]string{"SOURCE", s.Source}, [2]string{"PREFIX", s.Prefix}, [2]string{"UNDERLAY", strings.Join(s.Underlay, "\n")},
		[2]string{"PACKAGES", strings.Join(s.Packages, "\n")}, [2]string{"SKIP", strings.Join(s.Skip, "\n")},
	)
	r.compiles(n, x)
}
