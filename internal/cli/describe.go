package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/tree"
)

// condition says a `when` in words; "" if it always holds.
func condition(w stacks.When) string {
	var parts []string
	for _, c := range w.Conds {
		parts = append(parts, strings.TrimPrefix(c.Key, "variant.")+" "+strings.Join(tree.Strings(c.Any), " or "))
	}
	return strings.Join(parts, ", ")
}

// sourceText says where a source comes from, and at which pin.
func sourceText(s stacks.Source) string {
	switch {
	case s.Git.V != "":
		at := s.Tag.V + s.Branch.V
		if len(s.Commit.V) >= 12 {
			at += " (" + s.Commit.V[:12] + ")"
		}
		return s.Git.V + " " + strings.TrimSpace(at)
	case s.HTTP.V != "":
		return s.HTTP.V
	case s.Image.V != "":
		return "image " + s.Image.V
	case s.Context.V != "":
		return "context " + s.Context.V
	}
	return "the catalog's " + s.Files.V
}

// upstreamFirst puts what the catalog brings itself behind what it is for.
func upstreamFirst(sources []stacks.Source) []stacks.Source {
	own := func(s stacks.Source) bool { return s.Files.V != "" }
	others := slices.DeleteFunc(slices.Clone(sources), own)
	return append(others, slices.DeleteFunc(slices.Clone(sources), func(s stacks.Source) bool { return !own(s) })...)
}

// stepText is a step in a line.
func stepText(s *stacks.Step) string {
	text := s.Kind.V
	if s.Name.V != "" && s.Name.V != s.Kind.V {
		text += " " + s.Name.V
	}
	switch {
	case s.Apt != nil:
		text += ": " + strings.Join(append(s.Apt.Packages.Values(), s.Apt.Dev.Values()...), " ")
	case s.Pip != nil:
		text += ": " + strings.Join(texts(s.Pip.Requirements), " ")
	case s.Script != nil:
		text += ": makes " + strings.Join(texts(s.Script.Outputs), " ")
	}
	if s.Heavy {
		text += " (heavy)"
	}
	return text
}

// edge is one kind of need with what it names.
type edge struct {
	Kind       string   `json:"kind"`
	Components []string `json:"components,omitempty"`
	Packages   []string `json:"packages,omitempty"`
	Archive    string   `json:"archive,omitempty"`
	When       string   `json:"when,omitempty"`
}

// edges lists a needs table kind by kind.
func edges(n stacks.Needs) []edge {
	var out []edge
	for _, k := range []struct {
		kind string
		refs []stacks.Ref
		apt  tree.Words
	}{
		{"tools", n.Tools, n.Apt.Tools}, {"build", n.Build, n.Apt.Build}, {"link", n.Link, n.Apt.Link},
		{"run", n.Run, n.Apt.Run}, {"test", n.Test, n.Apt.Test},
	} {
		if len(k.refs)+len(k.apt) == 0 {
			continue
		}
		e := edge{Kind: k.kind, Packages: k.apt.Values(), When: condition(n.When)}
		for _, r := range k.refs {
			e.Components = append(e.Components, r.String())
		}
		if len(e.Packages) > 0 {
			e.Archive = n.Apt.Archive.V
		}
		out = append(out, e)
	}
	return out
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// room says how many mebibytes are needed.
func room(mib int64) string {
	if mib >= 1024 {
		return fmt.Sprintf("%.1f GiB", float64(mib)/1024)
	}
	return fmt.Sprintf("%d MiB", mib)
}
