// Package lint is every rule by name: what it finds, why that matters and what
// mends it. Findings that need nothing but a plan are made here; the others
// carry their rule's name from where they are made. docs/rules.md is written
// from this list.
package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/plan"
)

// Rule is one kind of finding.
type Rule struct {
	Name string
	// Summary is one line: what is found. Doc says why and what to do.
	Summary, Doc string
	// Check, if it is set, looks for the finding in a plan. at gives the place
	// in the stack file of a component, or of the stack for "".
	Check func(p *plan.Plan, at func(component string) diag.Range) diag.List
}

// Page is the rule's place in the documentation.
func (r Rule) Page() string { return "docs/rules.md#" + r.Name }

// Find returns a rule by name.
func Find(name string) (Rule, bool) {
	for _, r := range Rules() {
		if r.Name == name {
			return r, true
		}
	}
	return Rule{}, false
}

// Plan applies every rule that looks at plans.
func Plan(p *plan.Plan, at func(component string) diag.Range) diag.List {
	var out diag.List
	for _, r := range Rules() {
		if r.Check != nil {
			out = append(out, r.Check(p, at)...)
		}
	}
	return out
}

func tier(p *plan.Plan, at func(string) diag.Range) diag.List {
	what := map[string]string{
		"resolves": "is planned and compiled in this project's tests, but never built",
		"frozen":   "is no longer maintained: NVIDIA publishes nothing more for it",
	}[p.Platform.Tier]
	if what == "" {
		return nil
	}
	return diag.List{diag.Warnf("tier", at(""), "JetPack %s %s", p.Platform.JetPack, what)}
}

// secretWords are parts of names under which people keep secrets.
var secretWords = [...]string{"PASSWORD", "PASSWD", "SECRET", "TOKEN", "APIKEY", "API_KEY", "PRIVATE_KEY"}

func secretEnv(p *plan.Plan, at func(string) diag.Range) diag.List {
	var out diag.List
	for _, name := range sortedKeys(p.Config.Env) {
		if p.Config.Env[name] == "" {
			continue
		}
		if slices.ContainsFunc(secretWords[:], func(w string) bool { return strings.Contains(strings.ToUpper(name), w) }) {
			out = append(out, diag.Warnf("secret-env", at(""), "the environment variable %s looks like a secret and would be part of the image", name).
				WithHelp("give it when the container is run"))
		}
	}
	return out
}

// LayerBudget is how many layers an image may have on top of its base before
// trees are put together. Docker refuses an image of more than 125, and
// overlayfs as Docker mounts it one of more than 128. How many the base has is
// not known when a stack is planned: the rest is left to it.
const LayerBudget = 100

// Layers is how many layers the dev image has on top of its base, if no trees
// are put together.
func Layers(p *plan.Plan) int {
	// An install is two where the builder is of another architecture: unpack
	// and configure. It counts as that everywhere.
	n := 2 * (len(p.Apt.Run) + len(p.Apt.Dev))
	for i := range p.Components {
		if c := &p.Components[i]; c.Shipped && !c.Host {
			n += trees(c)
		}
	}
	for i := range p.Worlds {
		n += len(p.Worlds[i].Links)
	}
	if len(p.Copies) > 0 {
		n++
	}
	return n + 2 // made whole, and what the image says about itself
}

// trees are the steps of a component that give an image something. Wheels go
// into worlds.
func trees(c *plan.Component) int {
	n := 0
	for i := range c.Steps {
		if c.Steps[i].Kind != stacks.KindWheel {
			n++
		}
	}
	return n
}

func layers(p *plan.Plan, at func(string) diag.Range) diag.List {
	n := Layers(p)
	if n <= LayerBudget {
		return nil
	}
	return diag.List{diag.Warnf("layers", at(""), "this image would have %d layers on top of its base; trees are put together so that it has %d at most", n, LayerBudget)}
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// Markdown is the documentation of all rules.
func Markdown() string {
	var b strings.Builder
	b.WriteString("# Rules\n\nWhat can be found wrong with a stack or a component, by the name that a finding carries.\nThis page is written from `stacks/lint`; `go test ./stacks/lint -update` writes it anew.\n")
	for _, r := range Rules() {
		fmt.Fprintf(&b, "\n## %s\n\n%s.\n", r.Name, r.Summary)
		if r.Doc != "" {
			fmt.Fprintf(&b, "\n%s\n", r.Doc)
		}
	}
	return b.String()
}
