// Package stacks is the language: what a stack file and a component file may
// say, read with every position kept. It knows nothing of BuildKit.
package stacks

import (
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/tree"
)

// Stack is a stack file as it was written.
type Stack struct {
	File *diag.File
	At   diag.Range `toml:",at"`

	// Stack is what to build: "a+b:variant@constraint", or a list of such
	// references.
	Stack Refs `toml:"stack"`
	// The platform, in one of three ways; Ubuntu and Device set an axis apart.

	// JetPack is the release of JetPack to build for, such as "6.2".
	JetPack tree.Text `toml:"jetpack"`
	// L4T is the release of L4T to build for, such as "36.4.3".
	L4T tree.Text `toml:"l4t"`
	// Platform is a platform by name, such as "debian-12".
	Platform tree.Text `toml:"platform"`
	// Ubuntu is another Ubuntu under the same release, such as "24.04".
	Ubuntu tree.Text `toml:"ubuntu"`
	// Device is the module or developer kit to build for, such as "agx-orin".
	// Without it, the image is for every device of the release.
	Device tree.Text `toml:"device"`
	// Base is the image to build on. Without it, the platform's.
	Base tree.Text `toml:"base"`

	// Versions are constraints, by component, or versions of the platform.
	Versions tree.Map[tree.Text] `toml:"versions"`
	// Options are a component's own, by component.
	Options tree.Map[tree.Map[*tree.Value]] `toml:"options"`
	Apt     StackApt                        `toml:"apt"`
	// Python are the Python worlds, by name.
	Python     tree.Map[World] `toml:"python"`
	Env        Env             `toml:"env"`
	Copy       []Copy          `toml:"copy"`
	Components []Inline        `toml:"component"`
	Tests      []Test          `toml:"test"`
	// Mirrors say where to fetch what lies under an address; pins stay in force.
	Mirrors tree.Map[tree.Text] `toml:"mirrors"`
	Image   Image               `toml:"image"`
	Run     Run                 `toml:"run"`
}

// Inline is a component of the user's own: written in the stack file, or in a
// folder of the build context that Path names.
type Inline struct {
	Path tree.Text
	Component
}

// UnmarshalTree reads an inline component.
func (c *Inline) UnmarshalTree(d *tree.Decoder, v *tree.Value) {
	if v.Field("path") != nil {
		var p struct {
			Path tree.Text `toml:"path"`
		}
		d.BindFields(v, "[[component]] with a path", &p)
		c.Path, c.At = p.Path, v.At
		if _, ok := CleanRel(p.Path.V); !ok && p.Path.Set() {
			d.Add(diag.Errorf("bad-path", p.Path.At, "%q does not stay inside the build context", p.Path.V).
				WithHelp("write a relative path without .."))
		}
		return
	}
	d.BindFields(v, "[[component]]", &c.Component)
	checkComponent(d, &c.Component)
}

// Parse reads a stack file. On an error the stack holds what could be read.
func Parse(f *diag.File) (*Stack, diag.List) {
	s := &Stack{File: f, At: diag.Range{File: f}}
	root, diags := tree.ParseAround(f)
	if root == nil {
		return s, diags
	}
	var d tree.Decoder
	d.BindFields(root, "a stack file", s)
	checkStack(&d, s)
	return s, append(diags, tree.Independent(root, d.Diags)...).Sorted()
}

// ParseComponent reads a component file with a decoder that may be reused.
func ParseComponent(d *tree.Decoder, f *diag.File) (*Component, diag.List) {
	root, diags := tree.ParseAround(f)
	if root == nil {
		return nil, diags
	}
	c, found := bindComponent(d, root)
	return c, append(diags, tree.Independent(root, found)...)
}

// ParseOwnComponent reads a component file that this program carries: it is
// known to be valid TOML.
func ParseOwnComponent(d *tree.Decoder, f *diag.File) (*Component, diag.List) {
	root, diags := tree.ParseValid(f)
	if root == nil {
		return nil, diags
	}
	return bindComponent(d, root)
}

func bindComponent(d *tree.Decoder, root *tree.Value) (*Component, diag.List) {
	c := &Component{}
	d.BindFields(root, "a component file", c)
	checkComponent(d, c)
	return c, d.Take()
}
