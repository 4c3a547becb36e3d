package resolve

import (
	"slices"
	"strconv"
	"strings"

	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/catalog"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/platform"
	"github.com/org/jetson-frontend/stacks/tree"
	"github.com/org/jetson-frontend/stacks/version"
)

// Overrides are build arguments: declared names that stand in for parts of the
// stack file. They are not free text, and an unknown one is an error.
type Overrides struct {
	JetPack, L4T, Platform, Ubuntu, Device, Base tree.Text
	Stack                                        stacks.Refs
	// PlatformVersions move the platform's components, Versions the catalog's.
	PlatformVersions tree.Map[tree.Text]
	Versions         tree.Map[tree.Text]
	// Locked makes what is not in the lock an error.
	Locked bool
}

// Argument is a build argument that a stack takes.
type Argument struct {
	Name, Summary string
}

// Arguments lists the build arguments that are the same for every stack. Those
// that only say how to build, not what, are listed by package llb.
func Arguments() []Argument {
	return []Argument{
		{"STACK", "what to build, as in humble+qt5 (instead of the file's stack)"},
		{"JETPACK", "the JetPack release, such as 6.2"},
		{"L4T", "the L4T release, such as 36.4.3"},
		{"PLATFORM", "a platform by name, such as debian-12"},
		{"UBUNTU_VERSION", "the Ubuntu release under it, such as 22.04"},
		{"DEVICE", "the module or developer kit, such as agx-orin"},
		{"BASE", "the image to build on"},
		{"LOCKED", "1: what the lock does not hold is an error"},
	}
}

const versionSuffix = "_VERSION"

// ParseOverrides reads build arguments. Names that the caller handles itself
// are passed in others. The result is independent of the map's order.
func ParseOverrides(args map[string]string, others []string, cat *catalog.Catalog, db *platform.DB) (Overrides, diag.List) {
	var o Overrides
	var diags diag.List
	names := make([]string, 0, len(args))
	for n := range args {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, name := range names {
		if slices.Contains(others, name) {
			continue
		}
		text := argText(name, args[name])
		if dst := o.field(name); dst != nil {
			*dst = text
			continue
		}
		switch {
		case name == "STACK":
			refs, ds := stacks.ParseRefs(argName(name), args[name])
			o.Stack = refs
			diags = append(diags, ds...)
		case name == "LOCKED":
			b, err := strconv.ParseBool(args[name])
			if err != nil {
				diags = append(diags, diag.Errorf("bad-argument", text.At, "LOCKED is 0 or 1, not %q", args[name]))
			}
			o.Locked = b
		case strings.HasSuffix(name, versionSuffix):
			diags = append(diags, o.version(name, text, cat, db)...)
		default:
			diags = append(diags, unknownArgument(name, text, others, db))
		}
	}
	named := slices.DeleteFunc([]tree.Text{o.Platform, o.JetPack, o.L4T}, func(t tree.Text) bool { return !t.Set() })
	if len(named) > 1 {
		diags = append(diags, diag.Errorf("one-platform", named[1].At, "the platform is named twice: %s and %s", named[0].V, named[1].V).
			WithHelp("give one of PLATFORM, JETPACK and L4T"))
	}
	return o, diags
}

func argName(name string) string { return "build argument " + name }

func argText(name, value string) tree.Text {
	f := &diag.File{Name: argName(name), Data: []byte(value)}
	return tree.Text{V: value, At: diag.Range{File: f, End: len(value)}}
}

func (o *Overrides) field(name string) *tree.Text {
	switch name {
	case "JETPACK":
		return &o.JetPack
	case "L4T":
		return &o.L4T
	case "PLATFORM":
		return &o.Platform
	case "UBUNTU_VERSION":
		return &o.Ubuntu
	case "DEVICE":
		return &o.Device
	case "BASE":
		return &o.Base
	}
	return nil
}

func (o *Overrides) version(name string, text tree.Text, cat *catalog.Catalog, db *platform.DB) diag.List {
	if _, err := version.ParseConstraint(text.V); err != nil || text.V == "" {
		return diag.List{diag.Errorf("bad-constraint", text.At, "%q is not a version", text.V)}
	}
	key := strings.ToLower(strings.TrimSuffix(name, versionSuffix))
	if slices.Contains(db.VersionKeys(), key) {
		o.PlatformVersions = append(o.PlatformVersions, tree.Entry[tree.Text]{Key: tree.Text{V: key, At: text.At}, Val: text})
		return nil
	}
	for _, c := range cat.Names() {
		if VersionArgument(c) == name {
			o.Versions = append(o.Versions, tree.Entry[tree.Text]{Key: tree.Text{V: c, At: text.At}, Val: text})
			return nil
		}
	}
	g := diag.Errorf("unknown-argument", text.At, "there is no build argument %s: nothing here is called %q", name, key)
	var near []string
	for _, n := range diag.Suggest(key, append(cat.Names(), db.VersionKeys()...)) {
		near = append(near, VersionArgument(n))
	}
	if len(near) > 0 {
		g.Help = diag.DidYouMean(near[0], near)
	}
	return diag.List{g}
}

// VersionArgument is the build argument that overrides a component's version.
func VersionArgument(component string) string {
	return strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(component)) + versionSuffix
}

func unknownArgument(name string, text tree.Text, others []string, db *platform.DB) diag.Diagnostic {
	known := slices.Clone(others)
	for _, a := range Arguments() {
		known = append(known, a.Name)
	}
	for _, k := range db.VersionKeys() {
		known = append(known, VersionArgument(k))
	}
	known = append(known, "<COMPONENT>_VERSION")
	g := diag.Errorf("unknown-argument", text.At, "there is no build argument %s", name)
	g.Help = diag.DidYouMean(name, known)
	if g.Help == "" {
		slices.Sort(known)
		g.Help = "known: " + strings.Join(known, ", ")
	}
	return g
}

// platform lays the overrides over what the stack says. One way of naming the
// platform replaces every other.
func (o *Overrides) platform(s *stacks.Stack) platform.Choice {
	c := platform.Choice{JetPack: s.JetPack, L4T: s.L4T, Platform: s.Platform, Ubuntu: s.Ubuntu, Device: s.Device}
	if o.JetPack.Set() || o.L4T.Set() || o.Platform.Set() {
		c.JetPack, c.L4T, c.Platform = o.JetPack, o.L4T, o.Platform
	}
	if o.Ubuntu.Set() {
		c.Ubuntu = o.Ubuntu
	}
	if o.Device.Set() {
		c.Device = o.Device
	}
	return c
}
