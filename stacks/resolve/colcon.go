package resolve

import (
	"slices"

	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/plan"
	"github.com/org/jetson-frontend/stacks/tree"
)

// overlayRoot is where colcon overlays lie, each in a prefix of its own.
const overlayRoot = "/opt/overlays/"

func (e *evaluator) colcon(n *node, c *plan.Component, st stacks.Step, step *plan.Step) {
	raw := st.Colcon
	cc := &plan.ColconStep{
		Source: e.sourcePath(n, c, raw.Source), Packages: sorted(e.workspace(n, raw.Packages)), Skip: sorted(e.workspace(n, raw.Skip)),
		Prefix: e.overlay(n, raw), Underlay: e.validList(n, raw.Underlay, "bad-path", isAbs, "%q is not an absolute path without .."), Options: map[string]string{},
	}
	if cc.Source == "" {
		e.errorf("missing-key", st.At, "a colcon step needs a source")
	}
	// An overlay that this one builds on is sourced after what it overlays.
	for _, id := range c.Env {
		for _, p := range e.overlays(e.graph.nodes[key{name: id}]) {
			if !slices.Contains(cc.Underlay, p) {
				cc.Underlay = append(cc.Underlay, p)
			}
		}
	}
	for _, o := range raw.Options {
		cc.Options[o.Key.V] = e.text(n, cmakeText(o.Val))
	}
	if len(cc.Options) == 0 {
		cc.Options = nil
	}
	step.Colcon = cc
}

func (e *evaluator) workspace(n *node, ts []tree.Text) []string {
	return e.validList(n, ts, "bad-name", stacks.ValidROSPackage, "%q cannot be the name of a package of a workspace")
}

func (e *evaluator) overlay(n *node, st *stacks.ColconStep) string {
	if st.Prefix.Set() {
		return e.output(n, st.Prefix)
	}
	return overlayRoot + n.key.name
}

// overlays are the prefixes that a component's colcon steps install to.
func (e *evaluator) overlays(n *node) []string {
	if n == nil {
		return nil
	}
	var out []string
	for _, st := range n.entry.Steps {
		if st.Colcon != nil && st.When.Holds(e.situation(n)) {
			if p := e.overlay(n, st.Colcon); !slices.Contains(out, p) {
				out = append(out, p)
			}
		}
	}
	return out
}
