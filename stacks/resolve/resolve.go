// Package resolve makes a Plan of a stack: it chooses the platform, the
// components with their versions and variants, and evaluates every condition.
//
// It is a pure function of its Input. What has to be looked up (the digest of
// a tag, the commit of a branch) it asks for in Result.Missing; the caller
// looks it up, adds it to the Facts, and calls again.
package resolve

import (
	"cmp"
	"slices"

	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/catalog"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/lock"
	"github.com/org/jetson-frontend/stacks/plan"
	"github.com/org/jetson-frontend/stacks/platform"
	"github.com/org/jetson-frontend/stacks/tree"
)

// Input is everything that a plan depends on.
type Input struct {
	Stack *stacks.Stack
	// Catalog has the stack's own components on top.
	Catalog   *catalog.Catalog
	Platforms *platform.DB
	Overrides Overrides
	Lock      *lock.File // nil if there is none
	Facts     Facts
	// Arch is the architecture to build for. If it is empty, a release of
	// JetPack is built for arm64, and a plain distribution for Native.
	Arch, Native string
	// NoAdvice leaves out of findings where else a component can be had, for
	// who asks for many plans and reads no more than whether there is one.
	NoAdvice bool
}

// Facts are answers about the outside world.
type Facts struct {
	Images map[string]string // reference → digest
	// Instead says that a user put another image in a reference's place, and
	// its digest; "" for a tree that has none.
	Instead map[string]string
	// Contexts are the names of all that a user put in the place of something:
	// a component's name stands for its source.
	Contexts []string
	Git      map[string]string // url#ref → commit
	HTTP     map[string]string // address → sha256
	// Offline says that nothing can be looked up: what is missing is then left
	// open and a warning, not asked for.
	Offline bool
}

// Request is something to look up, for what stands At. Exactly one of the
// other fields is set.
type Request struct {
	Image string
	Git   *GitRef
	HTTP  string
	At    diag.Range
}

// Key names what is asked for.
func (r Request) Key() string {
	switch {
	case r.Git != nil:
		return lock.GitKey(r.Git.URL, r.Git.Ref)
	case r.HTTP != "":
		return r.HTTP
	}
	return r.Image
}

// Answer adds what a request's subject stands for.
func (f *Facts) Answer(r Request, answer string) {
	m := &f.Images
	switch {
	case r.Git != nil:
		m = &f.Git
	case r.HTTP != "":
		m = &f.HTTP
	}
	if *m == nil {
		*m = map[string]string{}
	}
	(*m)[r.Key()] = answer
}

// GitRef is a tag or branch of a repository. HostKey is its server's, if it is
// known.
type GitRef struct{ URL, Ref, HostKey string }

// Result is what resolving gave. Plan is nil if Diags holds an error or Missing
// is not empty.
type Result struct {
	Plan *plan.Plan
	// Lines says which part of the stack file asked for a component, by the
	// component's ID, and which part holds a test, a copy, a package or a source
	// of the stack's own, or decides the image of that name.
	Lines map[string]diag.Range
	// Mirrors are the stack's own. They say where bytes come from, not which,
	// and so are no part of the plan.
	Mirrors []plan.Mirror
	// Stack is the range of the whole request, for what no component asked for.
	Stack diag.Range
	// Context is what the plan takes from the build context.
	Context []FromContext
	Missing []Request
	Diags   diag.List
	made    *evaluator // for Trace
}

// FromContext is a path of the build context, or a pattern, with the place that
// names it. Component is that whose source it is; "" for a copy.
type FromContext struct {
	Path, Component string
	At              diag.Range
}

// MaxComponents bounds a plan.
const MaxComponents = 500

// resolver is the state of one call.
type resolver struct {
	in      Input
	choice  platform.Choice  // of the platform, by the stack and its arguments
	target  *platform.Target // what was chosen
	diags   diag.List
	missing []Request
	// probe says that only whether the stack resolves is wanted; probed are the
	// platforms for which that is known.
	probe  bool
	probed map[string]bool
}

// Resolve makes the plan.
func Resolve(in Input) Result {
	r := &resolver{in: in, probe: in.NoAdvice}
	res := Result{Lines: map[string]diag.Range{}, Stack: in.Stack.At}
	refs := r.refs()
	if len(refs) > 0 {
		res.Stack = span(refs[0].At, refs[len(refs)-1].At)
	}
	for _, m := range in.Stack.Mirrors {
		res.Mirrors = append(res.Mirrors, plan.Mirror{From: m.Key.V, To: m.Val.V})
	}
	r.choosePlatform()
	if r.target != nil && !r.diags.HasErrors() {
		var names []string
		for _, ref := range refs {
			names = append(names, ref.Name.V)
		}
		in.Catalog.Preload(names)
		r.tableNames()
		g := r.solve(refs)
		if g != nil && !r.diags.HasErrors() {
			r.withoutEffect(g)
			for _, n := range g.order {
				if n.entry.Own {
					r.add(Conditions(n.entry, in.Catalog, in.Platforms)...)
				}
			}
			e := newEvaluator(r, g)
			p := e.plan()
			for _, n := range g.order {
				res.Lines[n.key.id()] = n.line()
			}
			res.ownLines(in.Stack, g)
			e.imageLines(p, res.Lines)
			res.Context = e.fromContext()
			if !r.diags.HasErrors() && len(r.missing) == 0 {
				res.Plan, res.made = p, e
			}
		}
	}
	if r.target == nil {
		r.add(Names(in)...) // whatever the platform is, they are wrong
	}
	res.Diags = r.diags.Sorted()
	res.Missing = r.missing
	return res
}

// Arch is the architecture that a stack is built for; "" if its platform cannot be
// chosen, which Resolve says.
func Arch(in Input) string {
	r := &resolver{in: in}
	r.choosePlatform()
	if r.target == nil {
		return ""
	}
	return r.target.Arch
}

func span(a, b diag.Range) diag.Range {
	if a.File != b.File || b.End < a.Start {
		return a
	}
	return diag.Range{File: a.File, Start: a.Start, End: b.End}
}

func (r *resolver) add(g ...diag.Diagnostic) { r.diags = append(r.diags, g...) }

func (r *resolver) errorf(rule string, at diag.Range, format string, args ...any) {
	r.add(diag.Errorf(rule, at, format, args...))
}

// refs returns what is asked for: the stack's references, the override's if it
// has any, and every component that the stack itself holds.
func (r *resolver) refs() []stacks.Ref {
	refs := slices.Clone([]stacks.Ref(r.in.Stack.Stack))
	if len(r.in.Overrides.Stack) > 0 {
		refs = slices.Clone([]stacks.Ref(r.in.Overrides.Stack))
	}
	named := map[string]bool{}
	for _, ref := range refs {
		named[ref.Name.V] = true
	}
	for _, c := range r.in.Stack.Components {
		at := c.Name.At
		if c.Path.Set() {
			at = c.Path.At
		}
		if c.Name.V != "" && !named[c.Name.V] {
			refs = append(refs, stacks.Ref{At: at, Name: tree.Text{V: c.Name.V, At: at}})
		}
	}
	return refs
}

func (r *resolver) choosePlatform() {
	c := r.in.Overrides.platform(r.in.Stack)
	c.Arch, c.Native = r.in.Arch, r.in.Native
	c.At = r.in.Stack.At
	for _, ref := range r.in.Stack.Stack {
		c.At = ref.At
		break
	}
	for _, v := range r.in.Stack.Versions {
		if r.isPlatformKey(v.Key.V) {
			c.Versions = append(c.Versions, v)
		}
	}
	c.Versions = append(c.Versions, r.in.Overrides.PlatformVersions...)
	t, diags := r.in.Platforms.Choose(c)
	r.add(diags...)
	r.choice, r.target = c, t
}

// isPlatformKey reports whether [versions] or a build argument of this name
// moves the platform, not a component.
func (r *resolver) isPlatformKey(name string) bool {
	return slices.Contains(r.in.Platforms.VersionKeys(), name)
}

// tableNames refuses what [versions] and [options] name and nobody knows: such
// a line would be passed over in silence.
func (r *resolver) tableNames() {
	for _, v := range r.in.Stack.Versions {
		if !r.isPlatformKey(v.Key.V) {
			r.tableName(v.Key, r.in.Platforms.VersionKeys())
		}
	}
	for _, o := range r.in.Stack.Options {
		r.tableName(o.Key, nil)
	}
}

func (r *resolver) tableName(name tree.Text, more []string) {
	e, alias, diags := r.in.Catalog.Find(name.V)
	switch {
	case diags.HasErrors(): // its own file's findings come with the plan
	case e == nil:
		r.add(diag.Errorf("unknown-component", name.At, "there is no component %q", name.V).
			WithHelp("%s", cmp.Or(diag.DidYouMean(name.V, slices.Concat(r.in.Catalog.Words(), more)), "jetson list shows those that there are")))
	case alias != nil && e.Name.V != name.V:
		r.add(diag.Errorf("unknown-component", name.At, "%q is another name of the component %q", name.V, e.Name.V).
			WithHelp("write %s here", e.Name.V))
	}
}

// withoutEffect warns of lines of [versions] and [options] for components that
// the plan does not have. A build argument may have changed what the stack
// holds: then it says nothing.
func (r *resolver) withoutEffect(g *graph) {
	if len(r.in.Overrides.Stack) > 0 {
		return
	}
	there := map[string]bool{}
	for _, n := range g.order {
		there[n.key.name] = true
	}
	warn := func(name tree.Text) {
		if !there[name.V] && !r.isPlatformKey(name.V) {
			r.add(diag.Warnf("no-effect", name.At, "%s is not part of this stack, so that this does nothing", name.V))
		}
	}
	for _, v := range r.in.Stack.Versions {
		warn(v.Key)
	}
	for _, o := range r.in.Stack.Options {
		warn(o.Key)
	}
	for _, v := range r.in.Overrides.Versions {
		warn(v.Key)
	}
}

// ownLines are the places of what the stack file itself holds, by the IDs of
// the graph's nodes: a step that fails there points to its own line.
func (res *Result) ownLines(s *stacks.Stack, g *graph) {
	for _, t := range s.Tests {
		res.Lines["test/"+t.Name.V] = t.At
	}
	if len(s.Copy) > 0 {
		res.Lines["copy"] = span(s.Copy[0].From.At, s.Copy[len(s.Copy)-1].From.At)
	}
	for _, w := range slices.Concat(s.Apt.Packages, s.Apt.Dev) {
		res.Lines["package/"+w.V] = w.At
	}
	for _, n := range g.order {
		c := n.entry.Component
		if n.key.host() || c.Name.At.File != s.File {
			continue
		}
		for _, t := range c.Tests {
			res.Lines["test/"+n.key.name+"/"+t.Name.V] = t.At
		}
		if n.version == nil {
			continue
		}
		for _, src := range n.version.Sources {
			res.Lines["source/"+n.key.id()+src.To.V] = src.At
		}
	}
}
