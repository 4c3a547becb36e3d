package resolve

import (
	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/interp"
	"github.com/org/jetson-frontend/stacks/plan"
	"github.com/org/jetson-frontend/stacks/tree"
)

// text expands the references in a text of a component file.
func (e *evaluator) text(n *node, t tree.Text) string {
	out, _ := e.expanded(n, t)
	return out
}

// valid expands a text of which a shape is asked, and looks at what came of it:
// a reference may stand for anything.
func (e *evaluator) valid(n *node, t tree.Text, rule string, ok func(string) bool, format string) string {
	out, known := e.expanded(n, t)
	if known && !ok(out) {
		e.errorf(rule, t.At, format, out)
	}
	return out
}

// validList does so with each of several.
func (e *evaluator) validList(n *node, ts []tree.Text, rule string, ok func(string) bool, format string) []string {
	var out []string
	for _, t := range ts {
		out = append(out, e.valid(n, t, rule, ok, format))
	}
	return out
}

// expanded is a text with its references expanded, and whether all of them are
// known.
func (e *evaluator) expanded(n *node, t tree.Text) (string, bool) {
	out, unknown := interp.Expand(t.V, e.variables(n))
	for _, u := range unknown {
		g := diag.Errorf("unknown-reference", t.Inside(u.Start, u.End), "${%s} has no value here", u.Name)
		g.Help = e.referenceHelp(u.Name)
		if n.entry != nil && !n.entry.Own {
			g = g.WithRelated(n.line(), "%s is asked for here", n.key.name)
		}
		e.add(g)
	}
	return out, len(unknown) == 0
}

// blob is a file by address, with what that must be.
func (e *evaluator) blob(n *node, url, sum tree.Text, ok func(string) bool, what string) plan.Blob {
	return plan.Blob{
		URL: e.address(n, url, ok, what, stacks.HTTPSecret), SHA256: e.valid(n, sum, "bad-pin", stacks.IsSHA256, "%q is not a sha256"),
	}
}

// address expands an address and looks at what came of it.
func (e *evaluator) address(n *node, t tree.Text, ok func(string) bool, what, secret string) string {
	out, known := e.expanded(n, t)
	if known && !ok(out) {
		e.add(stacks.BadURL(t, out, what, secret))
	}
	return out
}

func isRepository(s string) bool { return stacks.ValidURL(s, "https", "http", "git", "ssh") }

func isAddress(s string) bool { return stacks.ValidURL(s, "https", "http") }

func isAbs(s string) bool {
	_, ok := stacks.CleanAbs(s)
	return ok
}
