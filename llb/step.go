package llb

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/org/jetson-frontend/llb/graph"
	"github.com/org/jetson-frontend/stacks"
)

// step renders one step of a component. What it installs is its result.
func (r *renderer) step(n *graph.Node) (bk.State, error) {
	x := exec{
		node: n, root: r.input(n, graph.Root), output: dirTree,
		env: [][2]string{
			{"COMPONENT", n.Owner.Name}, {"STEP", n.Step.Name}, {"SOURCE_DATE_EPOCH", decimal(n.Owner.Date)},
			{"MACHINE", machine(n.Arch)},
		},
	}
	// Sources are writable: projects write into them while they configure. What
	// they write is thrown away.
	for _, src := range n.Inputs(graph.Src) {
		x.mounts = append(x.mounts, bk.AddMount(src.Source.To, r.states[src], bk.ForceNoOutput))
	}
	if n.Mode == graph.Cross {
		x.env = append(x.env, [2]string{"SYSROOT", dirSysroot})
		x.mounts = append(x.mounts, bk.AddMount(dirSysroot, r.input(n, graph.Sysroot), append(r.noHash(), bk.Readonly)...))
	}
	switch n.Step.Kind {
	case stacks.KindCMake:
		r.cmake(n, &x)
	case stacks.KindFiles:
		if err := r.files(n, &x); err != nil {
			return bk.State{}, err
		}
	case stacks.KindScript:
		r.script(n, &x)
	case stacks.KindWheel:
		r.wheel(n, &x)
	case stacks.KindColcon:
		r.colcon(n, &x)
	default:
		return bk.State{}, fmt.Errorf("steps of kind %q cannot be rendered", n.Step.Kind)
	}
	return r.run(x)
}

func machine(arch string) string {
	switch arch {
	case "arm64":
		return "aarch64"
	case "amd64":
		return "x86_64"
	}
	return arch
}

func (r *renderer) cmake(n *graph.Node, x *exec) {
	s := n.Step.CMake
	x.script = "cmake.sh"
	for _, name := range sortedKeys(s.Options) {
		x.args = append(x.args, "-D"+name+"="+s.Options[name])
	}
	var tools []string
	for _, name := range sortedKeys(s.HostTools) {
		tools = append(tools, name+"="+s.HostTools[name])
	}
	x.env = append(x.env,
		[2]string{"SOURCE", s.Source},
		[2]string{"PREFIX", s.Prefix}, [2]string{"BUILD_TYPE", s.BuildType}, [2]string{"CUDA", strings.Join(s.CUDA, ";")},
		[2]string{"HOST_TOOLS", strings.Join(tools, "\n")}, [2]string{"UNUSED", strings.Join(s.Unused, "\n")},
		[2]string{"TARGETS", strings.Join(s.Targets, "\n")}, [2]string{"INSTALL", strings.Join(s.Install, "\n")},
	)
	r.compiles(n, x)
}

// compiles gives a step the compile cache and what makes it parallel.
func (r *renderer) compiles(n *graph.Node, x *exec) {
	mode := "native"
	if n.Mode == graph.Cross {
		mode = "cross"
	}
	x.mounts = append(x.mounts, CacheID{NS: r.o.Namespace, Kind: "ccache", Scope: "shared", Arch: n.Arch, ABI: "gcc-" + mode}.mount(dirCCache))
	r.parallel(n, x)
}

// parallel gives a step what decides how many jobs it runs: the user's settings
// and, if it is heavy, its place in the queue.
func (r *renderer) parallel(n *graph.Node, x *exec) {
	if n.Step.JobMemory > 0 {
		x.env = append(x.env, [2]string{"JOB_MEMORY", decimal(n.Step.JobMemory)})
	}
	x.mounts = append(x.mounts, r.secret())
	if n.Step.Heavy {
		x.mounts = append(x.mounts, r.slot(n))
	}
}

// slot makes heavy steps take turns: each mounts one of a few locked caches,
// chosen by its name, so that a daemon runs as many at once as there are slots.
func (r *renderer) slot(n *graph.Node) bk.RunOption {
	h := fnv.New32a()
	h.Write([]byte(n.ID)) // never fails
	slots := max(1, r.o.Slots)
	return CacheID{NS: r.o.Namespace, Kind: "slot", Scope: decimal(int64(h.Sum32() % uint32(slots))), Arch: "any", ABI: "any"}.mount(dirSlot)
}

func (r *renderer) files(n *graph.Node, x *exec) error {
	s := n.Step.Files
	x.script = "files.sh"
	var texts []file
	for i, p := range s.Put {
		from := p.Source
		if from == "" {
			name := fmt.Sprintf("%03d", i)
			texts = append(texts, file{name, p.Data, 0})
			from = dirIn + "/" + name
		}
		x.args = append(x.args, "put", p.To, from, dash(p.Mode))
	}
	for _, l := range s.Symlink {
		x.args = append(x.args, "link", l.To, l.Target, "-")
	}
	for _, d := range s.Dirs {
		x.args = append(x.args, "dir", d.To, "-", dash(d.Mode))
	}
	if len(texts) > 0 {
		x.mounts = append(x.mounts, bk.AddMount(dirIn, r.folder(n, texts), bk.Readonly))
	}
	return nil
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func (r *renderer) script(n *graph.Node, x *exec) {
	s := n.Step.Script
	x.script = "script.sh"
	x.args = environments(s.Env)
	x.network = s.Network
	x.env = append(x.env, [2]string{"WORKDIR", s.Source}, [2]string{"OUTPUTS", strings.Join(s.Outputs, "\n")})
	x.mounts = append(x.mounts, bk.AddMount(fileScript, r.folder(n, []file{{"script", []byte(s.Run), 0}}), bk.SourcePath("/script"), bk.Readonly))
	r.parallel(n, x)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
