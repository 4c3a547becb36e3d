package frontend

import (
	"cmp"
	"errors"
	"io/fs"
	"path"
	"slices"

	"github.com/org/jetson-frontend/llb"
	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/catalog"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/lint"
	"github.com/org/jetson-frontend/stacks/lock"
	"github.com/org/jetson-frontend/stacks/platform"
	"github.com/org/jetson-frontend/stacks/resolve"
	"github.com/org/jetson-frontend/stacks/tree"
)

// Files are the file systems that a stack may draw on besides its own text.
type Files struct {
	// Context is the build context, for components that the stack names by
	// their path.
	Context fs.FS
	// Catalog, if the user gave one, is put over the embedded catalog. It may
	// hold components/ and platform/.
	Catalog fs.FS
	// Beside holds the lock, under the name Lock.
	Beside fs.FS
	Lock   string
	// LockName is what messages call the lock; "" is Lock.
	LockName string
}

// platformFolder is the folder of a user's catalog that holds platforms.
const platformFolder = "platform"

// Prepared is a stack with all that resolving it takes, short of facts.
type Prepared struct {
	Input resolve.Input
	Diags diag.List
	// partial says that the catalog or the platforms could not all be read.
	partial bool
}

// Findings are those of reading the stack. If one of them keeps it from being
// resolved, names that nobody knows are said with it: that needs nothing else.
func (p Prepared) Findings() diag.List {
	if !p.Diags.HasErrors() || p.partial {
		return p.Diags
	}
	return append(slices.Clone(p.Diags), resolve.Names(p.Input)...).Sorted()
}

// Prepare reads a stack, the catalog and the lock, and applies build
// arguments. It is the same for the frontend and the command line; where the
// files come from is all that differs.
func Prepare(f *diag.File, args map[string]string, files Files) Prepared {
	p := Prepared{}
	s, diags := stacks.Parse(f)
	p.Diags = diags
	cat, err := catalog.Embedded()
	if err != nil {
		p.Diags = append(p.Diags, diag.Errorf("catalog-read", diag.Range{}, "%v", err))
		p.partial = true
		return p
	}
	db, diags := platform.Embedded()
	p.Diags = append(p.Diags, diags...)
	if files.Catalog != nil {
		if err := cat.Over(files.Catalog, "catalog context:"); err != nil {
			p.partial = true
			p.Diags = append(p.Diags, diag.Errorf("catalog-read", s.At, "%v", err))
		}
		if _, err := fs.Stat(files.Catalog, platformFolder); err == nil {
			over, diags := platform.Load(files.Catalog, platformFolder, "catalog context:")
			p.partial = p.partial || diags.HasErrors()
			p.Diags = append(p.Diags, diags...)
			db = db.Under(over)
		}
	}
	own, diags := ownComponents(s, files.Context)
	p.Diags = append(p.Diags, diags...)
	cat.Add(own)
	over, diags := resolve.ParseOverrides(args, howNames(), cat, db)
	p.Diags = append(append(p.Diags, diags...), howFindings(args)...)
	l, diags := readLock(files, s.At)
	p.Diags = append(p.Diags, diags...)
	p.Input = resolve.Input{Stack: s, Catalog: cat, Platforms: db, Overrides: over, Lock: l}
	for _, c := range own {
		if cat.Shadows(c.Name.V) {
			p.Diags = append(p.Diags, diag.Warnf("shadowed", c.Name.At, "this component hides the catalog's %q", c.Name.V))
		}
	}
	return p
}

// Lint adds the findings of every rule that looks at plans.
func Lint(r *resolve.Result) {
	if r.Plan == nil {
		return
	}
	r.Diags = append(r.Diags, lint.Plan(r.Plan, func(component string) diag.Range {
		if at, ok := r.Lines[component]; ok {
			return at
		}
		return r.Stack
	})...)
}

// ownComponents are those that the stack holds itself, or names by a path in
// the build context. The latter become part of the stack, as if written there.
func ownComponents(s *stacks.Stack, context fs.FS) ([]*stacks.Component, diag.List) {
	var out []*stacks.Component
	var diags diag.List
	var d tree.Decoder
	for i := range s.Components {
		in := &s.Components[i]
		if !in.Path.Set() {
			out = append(out, &in.Component)
			continue
		}
		comp, ds := readComponent(&d, in, context)
		diags = append(diags, ds...)
		if comp != nil {
			in.Component = *comp
			out = append(out, &in.Component)
		}
	}
	return out, append(diags, sameNames(s.Components)...)
}

// sameNames finds components that are named as one before them, where a path
// leads to one of the two: of those that the stack file holds itself it is said
// where they are read.
func sameNames(comps []stacks.Inline) diag.List {
	var diags diag.List
	first := map[string]*stacks.Inline{}
	place := func(in *stacks.Inline) diag.Range {
		if in.Path.Set() {
			return in.Path.At
		}
		return in.Name.At
	}
	for i := range comps {
		in := &comps[i]
		name := in.Name.V
		one := first[name]
		switch {
		case name == "":
		case one == nil:
			first[name] = in
		case one.Path.Set() || in.Path.Set():
			diags = append(diags, diag.Errorf("duplicate", place(in), "a component named %q is already here", name).
				WithRelated(place(one), "the first one"))
		}
	}
	return diags
}

// readComponent reads <path>/<name>.toml, where name is the path's last part.
func readComponent(d *tree.Decoder, in *stacks.Inline, context fs.FS) (*stacks.Component, diag.List) {
	dir, ok := stacks.CleanRel(in.Path.V)
	if !ok {
		return nil, nil // reported where it was read
	}
	file := path.Join(dir, path.Base(dir)+".toml")
	if context == nil {
		return nil, diag.List{diag.Errorf("no-context", in.Path.At, "there is no build context to read %s from", file)}
	}
	data, err := fs.ReadFile(context, file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, diag.List{diag.Errorf("no-component", in.Path.At, "%s of the build context cannot be read: %v", file, diag.Reason(err))}
	}
	if err != nil {
		return nil, diag.List{diag.Errorf("no-component", in.Path.At, "the build context has no %s", file).
			WithHelp("a component by path is a folder that holds <name>/<name>.toml")}
	}
	comp, diags := stacks.ParseComponent(d, &diag.File{Name: file, Data: data})
	if comp != nil {
		comp.Dir = catalog.Folder(context, dir)
	}
	return comp, diags
}

// readLock reads the lock, if there is one. What stands there and cannot be read
// is not as if it were not there: a build would take other things without a word.
func readLock(files Files, at diag.Range) (*lock.File, diag.List) {
	if files.Beside == nil || files.Lock == "" {
		return nil, nil
	}
	f := &diag.File{Name: cmp.Or(files.LockName, files.Lock)}
	data, err := fs.ReadFile(files.Beside, files.Lock)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, diag.List{diag.Errorf("bad-lock", at, "the lock %s cannot be read: %v", f.Name, diag.Reason(err)).
			WithHelp("jetson lock writes it anew; without the file a build takes what there is")}
	}
	f.Data = data
	l, err := lock.Decode(data)
	if err != nil {
		return nil, diag.List{diag.Errorf("bad-lock", diag.Range{File: f, End: min(1, len(data))}, "%v", err).
			WithHelp("jetson lock writes it anew; without the file a build takes what there is")}
	}
	return l, nil
}

// ForeignArgument reports whether a build argument is one of BuildKit's or
// Docker's own, which means nothing to a stack and is handed on.
func ForeignArgument(name string) bool { return foreignArg(name) }

// howFindings are those about the build arguments that say how to build: a
// builder need not be asked for them.
func howFindings(args map[string]string) diag.List {
	var out diag.List
	for _, a := range HowArguments() {
		v, ok := args[a.Name]
		if !ok {
			continue
		}
		how, err := ParseHow(map[string]string{a.Name: v})
		if err == nil {
			_, err = llb.Caps{}.Without(how.Disable)
		}
		if err != nil {
			f := &diag.File{Name: "build argument " + a.Name, Data: []byte(v)}
			out = append(out, diag.Errorf("bad-argument", diag.Range{File: f, End: len(v)}, "%v", err))
		}
	}
	return out
}
