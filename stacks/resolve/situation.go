package resolve

import (
	"slices"
	"strings"

	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/platform"
	"github.com/org/jetson-frontend/stacks/tree"
	"github.com/org/jetson-frontend/stacks/version"
)

// situation answers the conditions of one component. The platform part is
// fixed before any component is looked at.
type situation struct {
	target   *platform.Target
	arch     string
	variants map[string]string
	present  func(ref string) bool
}

// Version gives the version of a platform key.
func (s situation) Version(key string) string {
	t := s.target
	switch key {
	case "l4t":
		return t.L4T
	case "jetpack":
		if t.Release == nil {
			return ""
		}
		return t.Release.JetPack.V
	case "ubuntu":
		if t.Distro.ID.V != "ubuntu" {
			return ""
		}
		return t.Distro.Version.V
	}
	return t.Versions[key]
}

// Words gives what a key may be called.
func (s situation) Words(key string) []string {
	switch key {
	case "arch":
		return []string{s.arch}
	case "distro":
		return []string{s.target.Distro.Name.V, s.target.Distro.ID.V}
	case "flavour":
		return []string{s.target.Flavour}
	case "soc":
		var socs []string
		for _, soc := range s.target.SoCs {
			socs = append(socs, soc.Name.V)
		}
		return socs
	}
	return nil
}

// Variant gives the choice made on an axis.
func (s situation) Variant(axis string) string { return s.variants[axis] }

// With reports whether the stack has a component.
func (s situation) With(ref string) bool { return s.present != nil && s.present(ref) }

// multiarch is the GNU triple of an architecture, as Debian names its library
// folders.
func multiarch(arch string) string {
	switch arch {
	case "arm64":
		return "aarch64-linux-gnu"
	case "amd64":
		return "x86_64-linux-gnu"
	}
	return arch + "-linux-gnu"
}

// machine is what uname -m says on an architecture.
func machine(arch string) string {
	switch arch {
	case "arm64":
		return "aarch64"
	case "amd64":
		return "x86_64"
	}
	return arch
}

// variables gives the values of ${…} in a component's steps, tests and
// environment. The set is closed.
func (e *evaluator) variables(n *node) func(string) (string, bool) {
	s := e.situation(n)
	return func(name string) (string, bool) {
		head, rest, dotted := strings.Cut(name, ".")
		switch {
		case head == "variant" && dotted:
			v, ok := n.variants[rest]
			return v, ok
		case head == "option" && dotted:
			v, ok := n.options[rest]
			return v, ok
		case head == "var" && dotted && n.version != nil:
			v, ok := n.version.Vars.Get(rest)
			return v.V, ok
		case head == "version":
			return part(n.versionText(), rest)
		case head == "with" && dotted:
			return e.withVersion(rest)
		}
		return platformVariable(s, head, rest)
	}
}

// withVersion answers ${with.<component>.version} for a component of the plan.
func (e *evaluator) withVersion(rest string) (string, bool) {
	name, field, ok := strings.Cut(rest, ".version")
	n := e.graph.nodes[key{name: name}]
	if !ok || n == nil {
		return "", false
	}
	return part(n.versionText(), strings.TrimPrefix(field, "."))
}

func platformVariable(s situation, head, rest string) (string, bool) {
	switch head {
	case "prefix":
		return "/usr/local", rest == ""
	case "arch":
		switch rest {
		case "":
			return s.arch, true
		case "triple":
			return multiarch(s.arch), true
		case "machine":
			return machine(s.arch), true
		}
		return "", false
	case "distro":
		switch rest {
		case "codename":
			return s.target.Distro.Codename.V, true
		case "version":
			return s.target.Distro.Version.V, true
		case "id":
			return s.target.Distro.ID.V, true
		}
		return "", false
	case "soc":
		return strings.Join(s.Words("soc"), ";"), rest == "names" && len(s.target.SoCs) > 0
	}
	if rest == "archs" && head == "cuda" {
		sms := s.target.SMs()
		return strings.Join(sms, ";"), len(sms) > 0
	}
	field, ok := strings.CutPrefix(rest, "version")
	v := s.Version(head)
	if !ok || v == "" {
		return "", false
	}
	return part(v, strings.TrimPrefix(field, "."))
}

// part gives a version, or as much of it as a field asks for: major, minor
// (two numbers), dashed (two numbers with a dash), joined (without a dot).
func part(v, field string) (string, bool) {
	if v == "" {
		return "", false
	}
	mm := version.Prefix(v, 2)
	switch field {
	case "":
		return v, true
	case "major":
		return version.Prefix(v, 1), true
	case "minor":
		return mm, true
	case "dashed":
		return strings.ReplaceAll(mm, ".", "-"), true
	case "joined":
		return strings.ReplaceAll(mm, ".", ""), true
	}
	return "", false
}

// presence answers a `with` condition: name or name:variant.
func presence(nodes map[key]*node) func(string) bool {
	return func(ref string) bool {
		parts := strings.Split(ref, ":")
		n := nodes[key{name: parts[0]}]
		if n == nil {
			return false
		}
		for _, want := range parts[1:] {
			if !slices.ContainsFunc(n.axes(), func(a string) bool { return n.variants[a] == want }) {
				return false
			}
		}
		return true
	}
}

// named is the stack as it is written, before anything is chosen. It answers the
// first round: a default that is another one beside a component of the stack is
// that from the start, and nothing comes in by what would have been, which a
// demand for a version of whoever is there would keep.
func (r *resolver) named(refs []stacks.Ref) *graph {
	x := &expansion{r: r, g: &graph{nodes: map[key]*node{}}}
	for _, ref := range refs {
		x.want(ref, nil, "stack", "")
	}
	return x.g
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func texts(ts []tree.Text) []string { return tree.Strings(ts) }
