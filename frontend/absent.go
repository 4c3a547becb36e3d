package frontend

import (
	"context"
	"fmt"
	"slices"

	"github.com/org/jetson-frontend/llb/graph"
	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/resolve"
)

// Sender is a build context that can be looked into before a builder is asked
// for.
type Sender interface {
	// Sends reports whether a builder that asks for a path, or a pattern, would
	// get anything; with all set, if nothing were left out.
	Sends(ctx context.Context, path string, all bool) (bool, error)
	// Ignore names the file that says what is left out.
	Ignore() string
	// Instead is advice for a path that is not there.
	Instead(path string) string
}

// Absent says what a graph takes from the build context and would not get, each
// with the place that names it. replaced are the components whose source a named
// context stands in for.
func Absent(ctx context.Context, r resolve.Result, g *graph.Graph, from Sender, replaced func(component string) bool) (diag.List, error) {
	wanted := contextPaths(g, replaced)
	var out diag.List
	for _, p := range r.Context {
		if !slices.Contains(wanted, p.Path) || replaced(p.Component) {
			continue
		}
		there, err := from.Sends(ctx, p.Path, false)
		if err != nil {
			return nil, fmt.Errorf("looking for %s in the build context: %w", p.Path, err)
		}
		if there {
			continue
		}
		if ignored, err := from.Sends(ctx, p.Path, true); err == nil && ignored {
			out = append(out, diag.Errorf("no-copy", p.At, "%s leaves %q out of the build context", from.Ignore(), p.Path).
				WithHelp("a line !%s at its end takes it in again", p.Path))
			continue
		}
		what := "has no"
		if stacks.IsPattern(p.Path) {
			what = "has nothing that matches"
		}
		out = append(out, diag.Errorf("no-copy", p.At, "the build context %s %q", what, p.Path).
			WithHelp("%s", from.Instead(p.Path)))
	}
	return out, nil
}
