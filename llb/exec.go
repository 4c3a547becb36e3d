package llb

import (
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/org/jetson-frontend/llb/graph"
	"github.com/org/jetson-frontend/llb/op"
)

// The places inside an exec that its script knows. They lie below /run, which
// no component may install to.
const (
	dirOp       = "/run/jetson/op"
	dirIn       = "/run/jetson/in"
	dirRoot     = "/run/jetson/root"
	dirTarget   = "/run/jetson/target"
	dirDebs     = "/run/jetson/debs"
	dirApt      = "/run/jetson/apt"
	dirKeys     = "/run/jetson/keys"
	dirLocal    = "/run/jetson/local"
	dirLists    = "/run/jetson/lists"
	dirArchives = "/run/jetson/archives"
	dirPatches  = "/run/jetson/patches"
	dirOut      = "/run/jetson/out"
	dirCCache   = "/run/jetson/ccache"
	dirSlot     = "/run/jetson/slot"
	dirExpect   = "/run/jetson/expect"
	dirResult   = "/run/jetson/result"
	dirEntry    = "/run/jetson/entry"
	fileScript  = "/run/jetson/script"
	fileSecret  = "/run/jetson/override"
	// The target's root in a cross build. BuildKit without root drops every mount
	// whose path begins with /sys (util/rootless/specconv), /sysroot among them.
	dirSysroot = "/run/jetson/sysroot"
	dirTree    = "/out" // DESTDIR of a step
)

const execPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// secretID is the user's optional file of settings that may differ between
// builders without changing what is built.
const secretID = "jetson"

// exec is a script in a root.
type exec struct {
	node    *graph.Node
	root    bk.State
	script  string
	args    []string
	env     [][2]string // in order: the order is part of the vertex's digest
	mounts  []bk.RunOption
	network bool
	output  string // where the result is mounted; "" is the root itself
	from    *bk.State
}

// run renders an exec.
func (r *renderer) run(x exec) (bk.State, error) {
	script, err := r.scriptState(x.node, x.script)
	if err != nil {
		return bk.State{}, err
	}
	// A fresh state: what the root was made with is not inherited.
	st := bk.NewState(x.root.Output()).Dir("/")
	st = st.AddEnv("PATH", execPath)
	for _, e := range x.env {
		if e[1] != "" { // scripts take a variable that is not there as empty
			st = st.AddEnv(e[0], e[1])
		}
	}
	opts := []bk.RunOption{
		bk.Args(append([]string{"/bin/sh", path.Join(dirOp, x.script)}, x.args...)),
		bk.AddMount(dirOp, script, bk.Readonly),
		bk.Platform(Platform(x.node.Exec)),
	}
	opts = append(opts, x.mounts...)
	opts = append(opts, r.o.Exec...)
	if x.network {
		opts = append(opts, r.o.Network...)
	} else {
		opts = append(opts, noNetwork())
	}
	for _, m := range r.meta(x.node) {
		opts = append(opts, m)
	}
	ran := st.Run(opts...)
	if x.output == "" {
		return ran.Root(), nil
	}
	from := bk.Scratch()
	if x.from != nil {
		from = *x.from
	}
	return ran.AddMount(x.output, from), nil
}

// scriptState holds a script and what it reads. Every exec mounts only its
// own, so that a change to one kind of work leaves the others alone.
func (r *renderer) scriptState(n *graph.Node, name string) (bk.State, error) {
	if st, ok := r.scripts[name]; ok {
		return st, nil
	}
	common, err := op.Script(op.Common)
	if err != nil {
		return bk.State{}, err
	}
	script, err := op.Script(name)
	if err != nil {
		return bk.State{}, err
	}
	files := []file{{op.Common, common, 0o444}, {name, script, 0o444}}
	if beside, data, ok := op.Beside(name); ok {
		files = append(files, file{beside, data, 0o444})
	}
	st := bk.Scratch().File(mkfiles(files), bk.WithCustomName("[internal] "+name), bk.WithDescription(map[string]string{NodeKey: "script/" + name}),
		bk.ProgressGroup("scripts", "[internal] scripts", false))
	r.scripts[name] = st
	return st, nil
}

type file struct {
	name string
	data []byte
	mode int
}

// mkfiles writes files into one vertex, with their folders.
func mkfiles(files []file) *bk.FileAction {
	created := bk.WithCreatedTime(unix(0))
	var a *bk.FileAction
	made := map[string]bool{".": true, "/": true}
	for _, f := range files {
		var missing []string
		for d := path.Dir(f.name); !made[d]; d = path.Dir(d) {
			made[d] = true
			missing = append(missing, d)
		}
		for _, d := range slices.Backward(missing) {
			if a == nil {
				a = bk.Mkdir("/"+d, 0o755, created)
			} else {
				a = a.Mkdir("/"+d, 0o755, created)
			}
		}
		if a == nil {
			a = bk.Mkfile("/"+f.name, modeOf(f.mode), f.data, created)
		} else {
			a = a.Mkfile("/"+f.name, modeOf(f.mode), f.data, created)
		}
	}
	return a
}

// folder holds small files for one node's script.
func (r *renderer) folder(n *graph.Node, files []file) bk.State {
	if len(files) == 0 {
		return bk.Scratch()
	}
	return bk.Scratch().File(mkfiles(files), r.side(n)...)
}

// shared is folder for files that several nodes are likely to have the same:
// equal files are one vertex, shown under one heading.
func (r *renderer) shared(files []file) bk.State {
	var key strings.Builder
	for _, f := range files {
		fmt.Fprintf(&key, "%s %d\n%s\n", f.name, len(f.data), f.data)
	}
	st, ok := r.scripts[key.String()]
	if !ok {
		st = bk.Scratch().File(mkfiles(files), bk.WithCustomName("[internal] apt settings"), bk.WithDescription(map[string]string{NodeKey: "settings"}),
			bk.ProgressGroup("scripts", "[internal] scripts", false))
		r.scripts[key.String()] = st
	}
	return st
}

// secret mounts the user's settings, if there are any.
func (r *renderer) secret() bk.RunOption {
	return bk.AddSecret(fileSecret, bk.SecretID(secretID), bk.SecretOptional)
}

// environment is a user's variable in the form in which a script takes it for
// the command that it runs. It is no variable of the script itself: there it
// could stand in the place of one that the script lives by.
func environment(name, value string) string { return name + "=" + value }

// environments are those of a table.
func environments(vars map[string]string) []string {
	var out []string
	for _, name := range sortedKeys(vars) {
		out = append(out, environment(name, vars[name]))
	}
	return out
}

func lines(words []string) []byte {
	if len(words) == 0 {
		return nil
	}
	return []byte(strings.Join(words, "\n") + "\n")
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

func modeOf(mode int) os.FileMode {
	if mode == 0 {
		return 0o644
	}
	return os.FileMode(mode)
}
