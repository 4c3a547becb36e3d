package resolve

import (
	"path"
	"slices"
	"strings"

	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/diag"
)

// Names says which names of a stack nobody knows: of platforms, components,
// variants and options. It is for a stack that has other errors, with which it
// cannot be resolved: what else would be found there may follow from them.
func Names(in Input) diag.List {
	r := &resolver{in: in}
	if in.Catalog == nil || in.Platforms == nil {
		return nil
	}
	r.choosePlatform()
	r.tableNames()
	x := &expansion{r: r, g: &graph{nodes: map[key]*node{}}, prev: &graph{nodes: map[key]*node{}}}
	for _, ref := range r.refs() {
		x.want(ref, nil, "stack", "")
	}
	for r.target != nil && len(x.queue) > 0 && len(x.g.nodes) <= MaxComponents {
		n := x.queue[0]
		x.queue = x.queue[1:]
		x.choose(n)
		x.needs(n)
	}
	for i := range in.Stack.Components {
		x.wantOwn(&in.Stack.Components[i].Component)
	}
	unread, nameless := unreadNames(in.Stack)
	return slices.DeleteFunc(r.diags, func(d diag.Diagnostic) bool {
		if d.Rule == "unknown-component" {
			// One that is close to another name is none that could not be read.
			return slices.Contains(unread, d.Range.Text()) || nameless && d.Help == ""
		}
		return !strings.HasPrefix(d.Rule, "unknown-")
	}).Sorted()
}

// wantOwn looks at the names of all that a component of the stack's own needs,
// under whatever condition.
func (x *expansion) wantOwn(c *stacks.Component) {
	needs := slices.Clone(c.Needs)
	for _, v := range c.Versions {
		needs = append(needs, v.Needs...)
	}
	for _, n := range needs {
		for _, ref := range slices.Concat(n.Tools, n.Build, n.Link, n.Run, n.Test) {
			x.want(ref, nil, "stack", "")
		}
	}
}

// unreadNames are the names of components of the stack's own that could not be
// read; nameless is set if such a one has no name that can be told.
func unreadNames(s *stacks.Stack) (names []string, nameless bool) {
	for _, c := range s.Components {
		if c.Name.V != "" {
			continue
		}
		if dir, ok := stacks.CleanRel(c.Path.V); ok {
			names = append(names, path.Base(dir))
		} else {
			nameless = true
		}
	}
	return names, nameless
}
