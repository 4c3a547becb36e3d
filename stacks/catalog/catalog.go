// Package catalog finds components by name. The data lies beside it, one TOML
// file a component: components/<area>/<name>.toml, or, where patches or files
// belong to it, components/<area>/<name>/<name>.toml.
//
// A catalog is a pile of layers: the embedded one, one that a user puts over
// it, and the components of the stack itself. The upper layer wins. A file is
// read only when a stack asks for it.
package catalog

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/tree"
)

// Root is the folder of a layer that holds the components.
const Root = "components"

// MaxFolder bounds the files of one component's folder, in bytes.
const MaxFolder = 4 << 20

// Catalog is a pile of layers. It is used by one goroutine at a time.
type Catalog struct {
	layers []*layer // the last wins
	found  map[string]*Entry
	decode tree.Decoder
}

// Entry is a component with where it comes from.
type Entry struct {
	*stacks.Component
	Area string // the folder's name; "" for a component of the stack
	File string
	// Own marks a component of the user's: inline, from the context, or from a
	// catalog that was put over the embedded one.
	Own bool
}

type layer struct {
	fsys  fs.FS
	label string // put before file names in messages
	own   bool
	valid bool              // known to be valid TOML
	index map[string]string // name → file
	given map[string]*Entry // components that are not files
	texts map[string][]byte // files read so far
}

// New makes a catalog of one layer of files.
func New(fsys fs.FS, label string) (*Catalog, error) {
	c := &Catalog{found: map[string]*Entry{}}
	return c, c.push(fsys, label, false)
}

// Over puts a layer of the user's files on top.
func (c *Catalog) Over(fsys fs.FS, label string) error { return c.push(fsys, label, true) }

func (c *Catalog) push(fsys fs.FS, label string, own bool) error {
	l := &layer{fsys: fsys, label: label, own: own, index: map[string]string{}, texts: map[string][]byte{}}
	areas, err := fs.ReadDir(fsys, Root)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("reading the catalog %s: %w", label, err)
	}
	for _, area := range areas {
		entries, err := fs.ReadDir(fsys, path.Join(Root, area.Name()))
		if err != nil {
			continue // a file beside the areas, such as a README
		}
		for _, e := range entries {
			if name, ok := strings.CutSuffix(e.Name(), ".toml"); ok {
				l.index[name] = path.Join(Root, area.Name(), e.Name())
			} else if e.IsDir() {
				l.index[e.Name()] = path.Join(Root, area.Name(), e.Name(), e.Name()+".toml")
			}
		}
	}
	c.layers = append(c.layers, l)
	clear(c.found)
	return nil
}

// Add puts components of the stack's own on top.
func (c *Catalog) Add(comps []*stacks.Component) {
	l := &layer{own: true, given: map[string]*Entry{}}
	for _, comp := range comps {
		file := ""
		if comp.At.Known() {
			file = comp.At.File.Name
		}
		l.given[comp.Name.V] = &Entry{Component: comp, File: file, Own: true}
	}
	c.layers = append(c.layers, l)
	clear(c.found)
}

// Names returns the names of all components, sorted.
func (c *Catalog) Names() []string {
	seen := map[string]bool{}
	for _, l := range c.layers {
		for n := range l.index {
			seen[n] = true
		}
		for n := range l.given {
			seen[n] = true
		}
	}
	names := make([]string, 0, len(seen))
	for n := range seen {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// Get returns a component by its name. It returns nil without a finding if
// there is none.
func (c *Catalog) Get(name string) (*Entry, diag.List) {
	if e, ok := c.found[name]; ok {
		return e, nil
	}
	for _, l := range slices.Backward(c.layers) {
		if e, ok := l.given[name]; ok {
			c.found[name] = e
			return e, nil
		}
		if file, ok := l.index[name]; ok {
			e, diags := c.read(l, name, file)
			if e != nil {
				c.found[name] = e
			}
			return e, diags
		}
	}
	return nil, nil
}

// Shadows reports whether a component of the user's hides one of the embedded
// catalog.
func (c *Catalog) Shadows(name string) bool {
	for i, l := range slices.Backward(c.layers) {
		_, given := l.given[name]
		if _, file := l.index[name]; given || file {
			return l.own && slices.ContainsFunc(c.layers[:i], func(below *layer) bool {
				_, ok := below.index[name]
				return ok && !below.own
			})
		}
	}
	return false
}

// Find returns the component that a name or an alias stands for, and for an
// alias the reference that it means.
func (c *Catalog) Find(name string) (*Entry, *stacks.Alias, diag.List) {
	if e, diags := c.Get(name); e != nil || len(diags) > 0 {
		return e, nil, diags
	}
	for _, l := range slices.Backward(c.layers) {
		for _, candidate := range l.mentions(name) {
			e, diags := c.Get(candidate)
			if len(diags) > 0 {
				return nil, nil, diags
			}
			if e == nil {
				continue
			}
			for i := range e.Aliases {
				if e.Aliases[i].Name.V == name {
					return e, &e.Aliases[i], nil
				}
			}
		}
	}
	return nil, nil, nil
}

// mentions returns the components of a layer whose text holds the name in
// quotes, sorted: only they can have it as an alias. Looking at the bytes
// saves reading every file of the catalog as TOML.
func (l *layer) mentions(name string) []string {
	needle := []byte(`"` + name)
	var out []string
	for n := range l.given {
		out = append(out, n)
	}
	for n, file := range l.index {
		if text, err := l.text(file); err == nil && bytes.Contains(text, needle) {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out
}

func (l *layer) text(file string) ([]byte, error) {
	if t, ok := l.texts[file]; ok {
		return t, nil
	}
	t, err := fs.ReadFile(l.fsys, file)
	if err == nil {
		l.texts[file] = t
	}
	return t, err
}

// Preload reads components that are sure to be asked for, on all processors.
// What is wrong with one is reported when it is asked for.
func (c *Catalog) Preload(names []string) {
	type job struct {
		l          *layer
		name, file string
		text       []byte
		entry      *Entry
	}
	var jobs []*job
	for _, name := range names {
		for _, l := range slices.Backward(c.layers) {
			if _, given := l.given[name]; given {
				break
			}
			if file, ok := l.index[name]; ok {
				if text, err := l.text(file); err == nil && c.found[name] == nil {
					jobs = append(jobs, &job{l: l, name: name, file: file, text: text})
				}
				break
			}
		}
	}
	workers := min(runtime.GOMAXPROCS(0), len(jobs)/preloadShare)
	if workers < 2 {
		return
	}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			var d tree.Decoder
			for i := w; i < len(jobs); i += workers {
				j := jobs[i]
				if e, diags := parse(&d, j.l, j.name, j.file, j.text); len(diags) == 0 {
					j.entry = e
				}
			}
		})
	}
	wg.Wait()
	for _, j := range jobs {
		if j.entry != nil {
			c.found[j.name] = j.entry
		}
	}
}

// preloadShare is how many components make another processor worth its while.
const preloadShare = 4

func (c *Catalog) read(l *layer, name, file string) (*Entry, diag.List) {
	text, err := l.text(file)
	if err != nil {
		return nil, diag.List{diag.Errorf("catalog-read", diag.Range{}, "cannot read %s%s: %v", l.label, file, err)}
	}
	return parse(&c.decode, l, name, file, text)
}

func parse(d *tree.Decoder, l *layer, name, file string, text []byte) (*Entry, diag.List) {
	f := &diag.File{Name: l.label + file, Data: text}
	read := stacks.ParseComponent
	if l.valid {
		read = stacks.ParseOwnComponent
	}
	comp, diags := read(d, f)
	if diags.HasErrors() {
		return nil, diags
	}
	if comp.Name.V != name {
		return nil, diag.List{diag.Errorf("name-mismatch", comp.Name.At, "this file is %s.toml, but the component is named %q", name, comp.Name.V)}
	}
	dir := path.Dir(file)
	e := &Entry{Component: comp, File: f.Name, Own: l.own}
	if path.Base(dir) == name && dir != path.Join(Root, name) {
		comp.Dir = folder{l.fsys, dir}
		dir = path.Dir(dir)
	}
	e.Area = path.Base(dir)
	return e, nil
}

// All reads every component, sorted by name. Files that do not parse are left
// out, with their findings.
func (c *Catalog) All() ([]*Entry, diag.List) {
	var all []*Entry
	var diags diag.List
	for _, name := range c.Names() {
		e, ds := c.Get(name)
		diags = append(diags, ds...)
		if e != nil {
			all = append(all, e)
		}
	}
	return all, diags
}

// Words returns every name and alias, for suggestions. It reads the whole
// catalog and is meant for the way to an error message.
func (c *Catalog) Words() []string {
	words := c.Names()
	all, _ := c.All()
	for _, e := range all {
		for _, a := range e.Aliases {
			words = append(words, a.Name.V)
		}
	}
	return words
}

// folder is a component's own folder.
type folder struct {
	fsys fs.FS
	dir  string
}

// Folder returns a folder of fsys as a component's own.
func Folder(fsys fs.FS, dir string) stacks.Folder { return folder{fsys, dir} }

func (f folder) ReadFile(name string) ([]byte, error) {
	return fs.ReadFile(f.fsys, path.Join(f.dir, name))
}

func (f folder) List(dir string) ([]string, error) {
	var out []string
	total := int64(0)
	root := path.Join(f.dir, dir)
	err := fs.WalkDir(f.fsys, root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if !d.Type().IsRegular() {
			return fmt.Errorf("%s is not a regular file", p)
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if total += info.Size(); total > MaxFolder {
			return fmt.Errorf("%s holds more than %d bytes", root, MaxFolder)
		}
		out = append(out, strings.TrimPrefix(strings.TrimPrefix(p, f.dir), "/"))
		return nil
	})
	return out, err
}
