package schema

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"reflect"
	"strings"
)

// docs are the comments of types, by name, and of fields, as Type.Field.
type docs map[string]string

// readDocs reads the comments of Go files.
func readDocs(fsys fs.FS) (docs, error) {
	d := docs{}
	names, err := fs.Glob(fsys, "*.go")
	if err != nil {
		return nil, fmt.Errorf("listing the language's sources: %w", err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("reading the language's sources: %w", err)
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments)
		if err != nil {
			return nil, fmt.Errorf("reading the language's sources: %w", err)
		}
		for _, decl := range f.Decls {
			g, ok := decl.(*ast.GenDecl)
			if !ok || g.Tok != token.TYPE {
				continue
			}
			for _, spec := range g.Specs {
				d.typeSpec(g, spec.(*ast.TypeSpec))
			}
		}
	}
	return d, nil
}

func (d docs) typeSpec(g *ast.GenDecl, t *ast.TypeSpec) {
	d[t.Name.Name] = unnamed(sentence(g.Doc, t.Doc), t.Name.Name)
	st, ok := t.Type.(*ast.StructType)
	if !ok {
		return
	}
	for _, f := range st.Fields.List {
		for _, n := range f.Names {
			d[t.Name.Name+"."+n.Name] = sentence(f.Doc, f.Comment)
		}
	}
}

// unnamed takes the Go type's name off the head of its comment: "Copy puts
// files" becomes "Puts files", "Edges are needs" becomes "Needs".
func unnamed(s, name string) string {
	rest, ok := strings.CutPrefix(s, name+" ")
	if !ok || rest == "" {
		return s
	}
	for _, verb := range []string{"is ", "are "} {
		rest = strings.TrimPrefix(rest, verb)
	}
	return strings.ToUpper(rest[:1]) + rest[1:]
}

// sentence is a comment as one paragraph, with a full stop.
func sentence(groups ...*ast.CommentGroup) string {
	var parts []string
	for _, g := range groups {
		if g == nil {
			continue
		}
		for p := range strings.SplitSeq(g.Text(), "\n\n") {
			if p = strings.Join(strings.Fields(p), " "); p != "" {
				parts = append(parts, p)
			}
		}
	}
	s := strings.Join(parts, " ")
	if s != "" && !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}

// field is what is said of a field: its own comment, or that of its type.
func (d docs) field(t reflect.Type, f reflect.StructField) string {
	if s := d[t.Name()+"."+f.Name]; s != "" {
		return d.spoken(s, f)
	}
	ft := f.Type
	for ft.Kind() == reflect.Pointer || ft.Kind() == reflect.Slice && ft.Name() == "" {
		ft = ft.Elem()
	}
	return d[ft.Name()]
}

// spoken begins a comment with the key, where it begins with the field's name.
func (d docs) spoken(s string, f reflect.StructField) string {
	key, _, _ := strings.Cut(f.Tag.Get("toml"), ",")
	if rest, ok := strings.CutPrefix(s, f.Name+" "); ok {
		return key + " " + rest
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
