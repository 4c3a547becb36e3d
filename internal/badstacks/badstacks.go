// Package badstacks is one table of broken stacks and component files, with
// what must be said of each. Unit tests hold the resolver against it, the
// end-to-end tests send every case through buildx.
package badstacks

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"testing/fstest"

	"golang.org/x/tools/txtar"
)

//go:embed cases/*.txtar
var cases embed.FS

// Case is one broken stack.
type Case struct {
	Name string
	// Rule, File and Line say which finding must come and where; Message and
	// Help are parts of its text.
	Rule, File    string
	Line          int
	Message, Help string
	// Args are build arguments.
	Args map[string]string
	// Files hold stack.toml, the context's files, and catalog/ if the case
	// puts one over the embedded catalog.
	Files fstest.MapFS
}

// Stack is the stack file's text.
func (c Case) Stack() []byte { return c.Files["stack.toml"].Data }

// Catalog is the tree that is put over the catalog, or nil.
func (c Case) Catalog() fs.FS {
	sub, err := fs.Sub(c.Files, "catalog")
	if err != nil {
		return nil
	}
	if _, err := fs.Stat(sub, "."); err != nil {
		return nil
	}
	return sub
}

// All reads the table. The head of a file has lines "key value".
func All() ([]Case, error) {
	names, err := fs.Glob(cases, "cases/*.txtar")
	if err != nil {
		return nil, fmt.Errorf("listing the cases: %w", err)
	}
	var out []Case
	for _, name := range names {
		data, err := cases.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		c, err := parse(strings.TrimSuffix(path.Base(name), ".txtar"), data)
		if err != nil {
			return nil, fmt.Errorf("in %s: %w", name, err)
		}
		out = append(out, c)
	}
	return out, nil
}

func parse(name string, data []byte) (Case, error) {
	ar := txtar.Parse(data)
	c := Case{Name: name, File: "stack.toml", Files: fstest.MapFS{}, Args: map[string]string{}}
	for line := range strings.Lines(string(ar.Comment)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch key {
		case "", "#":
		case "rule":
			c.Rule = value
		case "file":
			c.File = value
		case "line":
			n, err := strconv.Atoi(value)
			if err != nil {
				return c, fmt.Errorf("line %q: %w", value, err)
			}
			c.Line = n
		case "message":
			c.Message = value
		case "help":
			c.Help = value
		case "arg":
			k, v, _ := strings.Cut(value, "=")
			c.Args[k] = v
		default:
			return c, fmt.Errorf("there is no key %q", key)
		}
	}
	for _, f := range ar.Files {
		c.Files[f.Name] = &fstest.MapFile{Data: f.Data, Mode: 0o644}
	}
	if c.Rule == "" || c.Line == 0 || c.Files["stack.toml"] == nil {
		return c, fmt.Errorf("a case needs a rule, a line and a stack.toml")
	}
	return c, nil
}
