package frontend

import (
	"errors"
	"io/fs"
	"path"
	"slices"

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
	p.Diags = append(p.Diags, diags...)
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
	return out, diags
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
	data, err := fs.ReadFile(files.Beside, files.Lock)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, diag.List{diag.Errorf("bad-lock", at, "the lock %s cannot be read: %v", files.Lock, err).
			WithHelp("jetson lock writes it anew; without the file nothing is held to it")}
	}
	l, err := lock.Decode(data)
	if err != nil {
		f := &diag.File{Name: files.Lock, Data: data}
		return nil, diag.List{diag.Errorf("bad-lock", diag.Range{File: f, End: min(1, len(data))}, "%v", err)}
	}
	return l, nil
}
