package resolve

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/interp"
	"github.com/org/jetson-frontend/stacks/lock"
	"github.com/org/jetson-frontend/stacks/plan"
	"github.com/org/jetson-frontend/stacks/platform"
	"github.com/org/jetson-frontend/stacks/tree"
)

// platformText expands ${l4t.suite}, ${soc.…} and the like in an archive row.
func (e *evaluator) platformText(a *platform.Archive, t tree.Text) string {
	s := e.plain()
	out, unknown := interp.Expand(t.V, func(name string) (string, bool) {
		head, rest, _ := strings.Cut(name, ".")
		if name == "l4t.suite" && e.target.Release != nil {
			return e.target.Release.Suite.V, e.target.Release.Suite.V != ""
		}
		return platformVariable(s, head, rest)
	})
	for _, u := range unknown {
		e.errorf("unknown-reference", t.At, "${%s} has no value for archive %q on %s", u.Name, a.Name.V, e.target)
	}
	return out
}

func (e *evaluator) sources(n *node) []plan.Source {
	if n.version == nil {
		return nil
	}
	s := e.situation(n)
	var out []plan.Source
	taken := places{}
	names := e.replacements(n)
	for _, src := range n.version.Sources {
		if src.When.Holds(s) {
			if name := names[src.To.V]; name != "" {
				out = append(out, plan.Source{To: src.To.V, Replaced: name})
				continue
			}
			e.once(taken, src.To, "two sources go to %q", "give them places of their own, or conditions that exclude each other")
			out = append(out, e.source(n, src))
		}
	}
	slices.SortFunc(out, func(a, b plan.Source) int { return strings.Compare(a.To, b.To) })
	return out
}

// replacements are the contexts that a user put in the place of a component's
// sources, by where these go. The component's name alone stands for the one that
// it has, NAME/PLACE for the one at /src/PLACE; files of the component's own
// folder are not meant.
func (e *evaluator) replacements(n *node) map[string]string {
	out := map[string]string{}
	var several []string
	for _, src := range n.version.Sources {
		if !src.When.Holds(e.situation(n)) || src.Files.Set() {
			continue
		}
		name := n.key.name + strings.TrimPrefix(src.To.V, "/src")
		several = append(several, name)
		if slices.Contains(e.in.Facts.Contexts, name) {
			out[src.To.V] = name
		}
	}
	if !slices.Contains(e.in.Facts.Contexts, n.key.name) {
		return out
	}
	if len(several) == 1 {
		return map[string]string{"/src" + strings.TrimPrefix(several[0], n.key.name): n.key.name}
	}
	e.add(diag.Errorf("choose-one", n.line(), "the context %q could stand for any of %d sources of %s", n.key.name, len(several), n.key.name).
		WithHelp("name the source: --build-context %s=…", strings.Join(several, "=…, --build-context ")))
	return out
}

func (e *evaluator) source(n *node, s stacks.Source) plan.Source {
	out := plan.Source{To: s.To.V, Submodules: s.Submodules, Path: s.Path.V, Context: s.Context.V}
	switch {
	case s.Git.Set():
		out.Git = e.address(n, s.Git, isRepository, stacks.GitURL, stacks.GitSecret)
		out.Ref = e.text(n, tree.Text{V: s.Tag.V + s.Branch.V, At: orRange(s.Tag.At, s.Branch.At)})
		if out.Ref != "" && !stacks.ValidGitRef(out.Ref) {
			e.errorf("bad-ref", orRange(s.Tag.At, s.Branch.At), "%q cannot be a git tag or branch", out.Ref)
		}
		out.HostKey = e.text(n, s.HostKey)
		if out.HostKey != "" && !stacks.ValidHostKey(out.HostKey) {
			e.errorf("bad-pin", s.HostKey.At, "%q is not the public key of an ssh server", out.HostKey)
		}
		out.Commit = s.Commit.V
		if out.Commit == "" {
			k := lock.GitKey(out.Git, out.Ref)
			out.Commit = e.lookup(orRange(s.Tag.At, s.Branch.At), fmt.Sprintf("%s of %s", out.Ref, out.Git),
				func(l *lock.File) string { return l.Git[k] }, e.in.Facts.Git[k], Request{Git: &GitRef{out.Git, out.Ref, out.HostKey}})
		}
	case s.HTTP.Set():
		out.HTTP = e.address(n, s.HTTP, isAddress, stacks.HTTPURL, stacks.HTTPSecret)
		out.SHA256 = e.text(n, s.SHA256)
		if out.SHA256 != "" && !stacks.IsSHA256(out.SHA256) {
			e.errorf("bad-pin", s.SHA256.At, "%q is not a sha256", out.SHA256)
		}
		if out.SHA256 == "" {
			out.SHA256 = e.lookup(s.HTTP.At, out.HTTP, func(l *lock.File) string { return l.HTTP[out.HTTP] },
				e.in.Facts.HTTP[out.HTTP], Request{HTTP: out.HTTP})
		}
		out.Unpack = archiveName(out.HTTP)
		if s.Unpack != nil {
			out.Unpack = *s.Unpack
		}
		if out.Unpack {
			out.Strip = 1
			if s.Strip != nil {
				out.Strip = *s.Strip
			}
		}
	case s.Image.Set():
		img := e.image(s.Image, "")
		out.Image = &img
	case s.Files.Set():
		out.Files = e.folder(n, s.Files)
	}
	for _, p := range s.Patches {
		out.Patches = append(out.Patches, e.file(n, p))
	}
	return out
}

func orRange(a, b diag.Range) diag.Range {
	if a.Known() {
		return a
	}
	return b
}

// archiveName reports whether an address ends like an archive that a source
// unpacks.
func archiveName(url string) bool {
	base := path.Base(url)
	for _, ext := range []string{".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2", ".tar.zst", ".zip"} {
		if strings.HasSuffix(base, ext) {
			return true
		}
	}
	return false
}

// file reads a file of the component's folder.
func (e *evaluator) file(n *node, t tree.Text) plan.File {
	if n.entry.Dir == nil {
		e.errorf("no-folder", t.At, "%s has no folder of its own to hold %q", n.key.name, t.V)
		return plan.File{}
	}
	data, err := n.entry.Dir.ReadFile(t.V)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		e.errorf("no-file", t.At, "%q in the folder of %s cannot be read: %v", t.V, n.key.name, diag.Reason(err))
	} else if err != nil {
		e.errorf("no-file", t.At, "the folder of %s has no file %q", n.key.name, t.V)
	}
	return plan.File{Name: t.V, Data: data}
}

func (e *evaluator) folder(n *node, t tree.Text) []plan.File {
	if n.entry.Dir == nil {
		e.errorf("no-folder", t.At, "%s has no folder of its own to hold %q", n.key.name, t.V)
		return nil
	}
	names, err := n.entry.Dir.List(t.V)
	if err != nil || len(names) == 0 {
		e.errorf("no-file", t.At, "the folder of %s has no files under %q", n.key.name, t.V)
		return nil
	}
	var out []plan.File
	for _, name := range names {
		f := e.file(n, tree.Text{V: name, At: t.At})
		f.Name = strings.TrimPrefix(strings.TrimPrefix(name, t.V), "/")
		out = append(out, f)
	}
	return out
}

// steps evaluates the steps that make a tree. Apt and pip steps are part of
// the chain and of the worlds.
func (e *evaluator) steps(n *node, c *plan.Component) []plan.Step {
	var held []stacks.Step
	s := e.situation(n)
	taken := places{}
	for _, st := range n.entry.Steps {
		if !st.When.Holds(s) || st.Apt != nil || st.Pip != nil {
			continue
		}
		e.once(taken, st.Name, "two steps are named %q", "a step is told by its name: rename one, or give them conditions that exclude each other")
		held = append(held, st)
	}
	var out []plan.Step
	for _, st := range held {
		step := plan.Step{Name: st.Name.V, Kind: st.Kind.V, Heavy: st.Heavy}
		if step.Name == "" {
			step.Name = taken.free(st.Kind.V, len(out)+1)
		}
		if st.JobMemory.Set() {
			step.JobMemory, _ = stacks.ParseSize(st.JobMemory.V) // checked when it was read
		}
		switch {
		case st.CMake != nil:
			e.cmake(n, c, st, &step)
		case st.Files != nil:
			step.Native = true
			step.Files = e.files(n, st.Files)
		case st.Script != nil:
			step.Native = st.Script.Native
			step.Script = &plan.ScriptStep{
				Run: st.Script.Run.V, Source: e.sourcePath(n, c, st.Script.Source), Env: e.textMap(n, st.Script.Env),
				Outputs: e.outputs(n, st.Script.Outputs), Network: st.Script.Network.Set(),
			}
		case st.Wheel != nil:
			e.wheel(n, c, st, &step)
		case st.Colcon != nil:
			e.colcon(n, c, st, &step)
		}
		out = append(out, step)
	}
	return out
}

// places are names that are in use, with who says so.
type places map[string]diag.Range

// once takes a name, and says so if it was taken before: the second of two would
// be dropped without a word.
func (e *evaluator) once(taken places, name tree.Text, what, help string) {
	if !name.Set() {
		return
	}
	if first, ok := taken[name.V]; ok {
		e.add(diag.Errorf("duplicate", name.At, what, name.V).WithRelated(first, "the first one").WithHelp("%s", help))
		return
	}
	taken[name.V] = name.At
}

// free takes the first name that nothing has, of those that a kind's steps get
// by their number.
func (p places) free(kind string, number int) string {
	for {
		name := fmt.Sprintf("%s-%d", kind, number)
		if _, ok := p[name]; !ok {
			p[name] = diag.Range{}
			return name
		}
		number++
	}
}

// sourcePath is where a step finds its source: what it says, else the first.
func (e *evaluator) sourcePath(n *node, c *plan.Component, t tree.Text) string {
	if t.Set() {
		p, ok := stacks.CleanAbs(e.text(n, t))
		if !ok || !strings.HasPrefix(p, "/src/") {
			e.errorf("bad-path", t.At, "%q is not below /src", t.V)
		}
		return p
	}
	if n.version != nil && len(n.version.Sources) > 0 {
		return n.version.Sources[0].To.V
	}
	return ""
}

func (e *evaluator) cmake(n *node, c *plan.Component, st stacks.Step, step *plan.Step) {
	raw := st.CMake
	step.Cross = raw.Cross == nil || *raw.Cross
	cm := &plan.CMakeStep{
		Source: e.sourcePath(n, c, raw.Source), Prefix: "/usr/local", BuildType: "Release", Options: map[string]string{},
		Unused: sorted(raw.Unused.Values()), Targets: texts(raw.Targets), Install: texts(raw.Install),
		HostTools: e.textMap(n, raw.HostTools),
	}
	if cm.Source == "" {
		e.errorf("missing-key", st.At, "a cmake step needs a source")
	}
	if raw.Prefix.Set() {
		cm.Prefix = e.output(n, raw.Prefix)
	}
	if raw.BuildType.Set() {
		cm.BuildType = e.text(n, raw.BuildType)
	}
	cuda := raw.CUDA
	lists := []tree.Map[tree.Scalar]{raw.Options}
	for _, i := range raw.If {
		if i.When.Holds(e.situation(n)) {
			lists = append(lists, i.Options)
			cuda = cuda || i.CUDA
		}
	}
	lists = append(lists, e.userCMake(n))
	if cuda {
		cm.CUDA = e.deviceCode(n)
	}
	for _, list := range lists {
		for _, o := range list {
			v := e.text(n, cmakeText(o.Val))
			if allowed, ok := raw.AllowedValues(o.Key.V); ok && !slices.Contains(allowed, v) {
				e.errorf("bad-value", o.Val.At, "%s takes %s, not %q", o.Key.V, strings.Join(allowed, ", "), v)
			}
			cm.Options[o.Key.V] = v
		}
	}
	if len(cm.Options) == 0 {
		cm.Options = nil
	}
	step.CMake = cm
}

// deviceCode are the compute capabilities that device code is made for.
func (e *evaluator) deviceCode(n *node) []string {
	sms := e.target.SMs()
	if len(sms) == 0 {
		e.add(diag.Errorf("no-device", n.line(), "%s has device code, and %s says nothing of the GPU that it is for", n.key.name, e.target).
			WithHelp("name one, as in device = %q", "agx-orin"))
	}
	return sms
}

func cmakeText(s tree.Scalar) tree.Text { return tree.Text{V: stacks.CMakeValue(s), At: s.At} }

// userCMake reads [options.<component>] cmake = { … }.
func (e *evaluator) userCMake(n *node) tree.Map[tree.Scalar] {
	given, ok := e.in.Stack.Options.Get(n.key.name)
	if !ok || n.key.host() {
		return nil
	}
	v, ok := given.Get(cmakeOptions)
	if !ok {
		return nil
	}
	var d tree.Decoder
	var out tree.Map[tree.Scalar]
	d.BindAs(v, cmakeOptions, &out)
	e.add(d.Diags...)
	for _, o := range out {
		if g, ok := stacks.CMakeOption(o.Key); !ok {
			e.add(g)
		}
	}
	return out
}

func (e *evaluator) files(n *node, f *stacks.FilesStep) *plan.FilesStep {
	out := &plan.FilesStep{}
	for _, p := range f.Put {
		put := plan.Put{To: e.output(n, p.To), Mode: p.Mode.V}
		switch {
		case p.Content.Set():
			put.Data = []byte(e.text(n, p.Content))
		case p.File.Set():
			put.Data = e.file(n, p.File).Data
		default:
			put.Source = e.valid(n, p.Source, "bad-path", isSource, "%q is not below /src")
		}
		out.Put = append(out.Put, put)
	}
	for _, l := range f.Symlink {
		out.Symlink = append(out.Symlink, plan.Symlink{To: e.output(n, l.To), Target: e.valid(n, l.Target, "bad-path", stacks.ValidTarget, "%q cannot be the target of a link")})
	}
	for _, d := range f.Dirs {
		out.Dirs = append(out.Dirs, plan.Dir{To: e.output(n, d.To), Mode: d.Mode.V})
	}
	return out
}

func isSource(s string) bool {
	p, ok := stacks.CleanAbs(s)
	return ok && strings.HasPrefix(p, "/src/")
}

func (e *evaluator) outputs(n *node, ts []tree.Text) []string {
	var out []string
	for _, t := range ts {
		out = append(out, e.output(n, t))
	}
	return out
}

// output expands and checks a path that a component installs to.
func (e *evaluator) output(n *node, t tree.Text) string {
	p, ok := stacks.CleanAbs(e.text(n, t))
	if !ok || stacks.RefusedOutput(p) {
		e.errorf("bad-output", t.At, "a component may not install to %q", t.V)
	}
	return p
}
