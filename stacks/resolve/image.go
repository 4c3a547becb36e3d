package resolve

import (
	"fmt"
	"slices"
	"strings"

	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/plan"
	"github.com/org/jetson-frontend/stacks/tree"
)

func (e *evaluator) copies() []plan.Copy {
	var out []plan.Copy
	for _, c := range e.in.Stack.Copy {
		from, _ := stacks.CleanRel(c.From.V)
		to, _ := stacks.CleanAbs(c.To.V)
		if strings.HasSuffix(c.To.V, "/") && to != "/" {
			to += "/" // into this folder, not in its place
		}
		to = stacks.Merged(to)
		out = append(out, plan.Copy{From: from, To: to, Mode: c.Mode.V})
	}
	return out
}

// fromContext is what the plan takes from the build context.
func (e *evaluator) fromContext() []FromContext {
	var out []FromContext
	for _, c := range e.in.Stack.Copy {
		from, _ := stacks.CleanRel(c.From.V)
		out = append(out, FromContext{Path: from, At: c.From.At})
	}
	for _, n := range e.graph.order {
		if n.version == nil {
			continue
		}
		s := e.situation(n)
		names := e.replacements(n)
		for _, src := range n.version.Sources {
			if names[src.To.V] != "" {
				continue
			}
			if dir, ok := stacks.CleanRel(src.Context.V); ok && src.When.Holds(s) {
				out = append(out, FromContext{Path: dir, Component: n.key.name, At: src.Context.At})
			}
		}
	}
	return out
}

const defaultTimeout = 300

func (e *evaluator) tests() []plan.Test {
	var out []plan.Test
	for _, n := range e.graph.order {
		if n.key.host() || !e.shipped[n.key] {
			continue
		}
		s := e.situation(n)
		for _, t := range n.entry.Tests {
			if t.When.Holds(s) {
				test := e.test(n, t)
				test.Component = n.key.name
				test.Apt, test.With = e.testNeeds(n)
				out = append(out, test)
			}
		}
	}
	for _, t := range e.in.Stack.Tests {
		n := &node{key: key{name: "the stack"}, demands: []demand{{at: t.At}}}
		if t.When.Holds(e.plain()) {
			out = append(out, e.test(n, t))
		}
	}
	return out
}

// testNeeds are what only a component's tests take: packages, and components
// with all that they need at run time, as far as the image does not ship it.
func (e *evaluator) testNeeds(n *node) ([]plan.Link, []string) {
	packages := linkSet{}
	packages.merge(e.needs[n.key].test)
	wanted := map[key]bool{}
	var want func(k key)
	want = func(k key) {
		if wanted[k] || e.shipped[k] {
			return
		}
		wanted[k] = true
		packages.merge(e.needs[k].run)
		for _, kind := range []string{"link", "run"} {
			for _, next := range e.graph.nodes[k].edges[kind] {
				want(next)
			}
		}
	}
	for _, k := range n.edges["test"] {
		want(k)
	}
	var with []string
	for _, m := range e.graph.order {
		if wanted[m.key] {
			with = append(with, m.key.id())
		}
	}
	return e.links(n, packages), with
}

func (e *evaluator) test(n *node, t stacks.Test) plan.Test {
	out := plan.Test{
		Name: t.Name.V, Argv: e.textList(n, t.Argv), Script: t.Script.V, Env: e.textMap(n, t.Env), Exit: t.Exit,
		Stdout: e.expect(n, t.Stdout), Stderr: e.expect(n, t.Stderr), GPU: t.GPU, Timeout: t.Timeout, Workdir: e.text(n, t.Workdir),
	}
	if out.Timeout == 0 {
		out.Timeout = defaultTimeout
	}
	for _, f := range t.Files {
		out.Files = append(out.Files, plan.TestFile{Path: e.text(n, f.Path), Absent: f.Absent, Contains: e.textList(n, f.Contains)})
	}
	return out
}

func (e *evaluator) expect(n *node, o stacks.Output) plan.Output {
	return plan.Output{Contains: e.textList(n, o.Contains), Excludes: e.textList(n, o.Excludes), Matches: e.textList(n, o.Matches)}
}

// config unites what components and the stack say about the finished image.
// The stack has the last word; components may not contradict each other.
func (e *evaluator) config(p *plan.Plan) {
	c := &p.Config
	set := map[string]*node{}
	c.Env, c.Prepend = map[string]string{}, map[string][]string{}
	var cmd *node
	var overlays []string
	for _, n := range e.graph.order {
		if n.key.host() || !e.shipped[n.key] {
			continue
		}
		s := e.situation(n)
		for _, env := range n.entry.Env {
			if env.When.Holds(s) {
				e.env(n, env, c, set)
			}
		}
		for _, r := range n.entry.Run {
			if r.When.Holds(s) {
				unite(&p.Run, r)
			}
		}
		c.Source = append(c.Source, e.textList(n, n.entry.Entry.Source)...)
		for _, prefix := range e.overlays(n) {
			overlays = append(overlays, prefix+"/local_setup.bash")
		}
		if len(n.entry.Cmd.Argv) > 0 {
			if cmd != nil && len(e.in.Stack.Image.Cmd) == 0 {
				e.add(diag.Errorf("two-commands", n.line(), "both %s and %s start something by default", cmd.key.name, n.key.name).
					WithRelated(cmd.line(), "%s is asked for here", cmd.key.name).WithHelp("decide with [image] cmd = [...]"))
			}
			cmd = n
			c.Cmd = e.textList(n, n.entry.Cmd.Argv)
		}
		e.facets(n, p)
	}
	// What is sourced last comes first in a search: an overlay goes before what
	// it overlays.
	c.Source = append(c.Source, overlays...)
	for _, w := range p.Worlds {
		if w.Name == stacks.MainWorld { // as if it were activated
			prepend(c, "PATH", []string{w.Prefix + "/bin"})
			c.Env["VIRTUAL_ENV"] = w.Prefix
		}
	}
	e.stackConfig(p)
	if len(c.Env) == 0 {
		c.Env = nil
	}
	if len(c.Prepend) == 0 {
		c.Prepend = nil
	}
}

func (e *evaluator) env(n *node, env stacks.Env, c *plan.Config, set map[string]*node) {
	for _, v := range env.Set {
		val := e.text(n, v.Val)
		_, decided := e.in.Stack.Env.Set.Get(v.Key.V)
		if other := set[v.Key.V]; other != nil && c.Env[v.Key.V] != val && !decided {
			e.add(diag.Errorf("env-conflict", n.line(), "%s sets %s to %q, %s sets it to %q", n.key.name, v.Key.V, val, other.key.name, c.Env[v.Key.V]).
				WithRelated(other.line(), "%s is asked for here", other.key.name).WithHelp("decide with [env] set = { %s = … }", v.Key.V))
		}
		e.envValue(v.Key, val, v.Val.At)
		set[v.Key.V] = n
		c.Env[v.Key.V] = val
	}
	for _, v := range env.Prepend {
		prepend(c, v.Key.V, e.envWords(v.Key, v.Val, e.textList(n, v.Val)))
	}
}

// prepend puts what a later component says in front: it builds on the earlier.
func prepend(c *plan.Config, name string, paths []string) {
	have := c.Prepend[name]
	var add []string
	for _, p := range paths {
		if !slices.Contains(have, p) {
			add = append(add, p)
		}
	}
	c.Prepend[name] = append(add, have...)
}

// facets collects what a device needs to know: first-run work, requirements of
// the host, room, and library families that must not be mixed.
func (e *evaluator) facets(n *node, p *plan.Plan) {
	s := e.situation(n)
	for _, f := range n.entry.FirstRun {
		if f.When.Holds(s) {
			p.FirstRun = append(p.FirstRun, plan.FirstRun{
				Component: n.key.name, Name: f.Name.V, Argv: e.textList(n, f.Argv), GPU: f.GPU, Output: e.text(n, f.Output), Summary: f.Summary.V,
			})
		}
	}
	for _, h := range n.entry.Host {
		if h.When.Holds(s) {
			p.Host = append(p.Host, plan.Host{Component: n.key.name, Name: h.Name.V, Udev: h.Udev.V, Check: h.Check.V, Summary: h.Summary.V})
		}
	}
	part := plan.StoragePart{Component: n.key.name}
	for _, st := range n.entry.Storage {
		if st.When.Holds(s) {
			part.Image, part.Models = part.Image+st.Image, part.Models+st.Models
		}
	}
	if part.Image+part.Models > 0 {
		p.Storage.Image, p.Storage.Models = p.Storage.Image+part.Image, p.Storage.Models+part.Models
		p.Storage.Parts = append(p.Storage.Parts, part)
	}
	p.OneSoname = sorted(append(p.OneSoname, texts(n.entry.OneSoname)...))
	notes := n.entry.Notes
	if n.version != nil && n.version.Notes.V != "" {
		notes = append(slices.Clone(notes), n.version.Notes)
	}
	for _, c := range n.entry.Note {
		if c.When.Holds(s) {
			notes = append(slices.Clone(notes), c.Text)
		}
	}
	for _, t := range notes {
		p.Notes = append(p.Notes, n.key.name+": "+e.text(n, t))
	}
}

// unite lays a run profile over another: flags add up, words of the later win.
func unite(r *plan.Run, over stacks.Run) {
	for _, f := range []struct {
		dst *bool
		src *bool
	}{{&r.GPU, over.GPU}, {&r.GUI, over.GUI}, {&r.Audio, over.Audio}} {
		if f.src != nil {
			*f.dst = *f.dst || *f.src
		}
	}
	for _, w := range []struct {
		dst *string
		src tree.Text
	}{{&r.Network, over.Network}, {&r.IPC, over.IPC}} {
		if w.src.Set() {
			*w.dst = w.src.V
		}
	}
	if over.Shm.Set() && larger(over.Shm.V, r.Shm) {
		r.Shm = over.Shm.V
	}
	r.Devices = sorted(append(r.Devices, texts(over.Devices)...))
	r.Ports = sorted(append(r.Ports, texts(over.Ports)...))
	r.Volumes = sorted(append(r.Volumes, texts(over.Volumes)...))
}

func larger(a, b string) bool {
	na, _ := stacks.ParseSize(a)
	nb, err := stacks.ParseSize(b)
	return err != nil || na > nb
}

// stackConfig lays the stack's own words over those of its components.
func (e *evaluator) stackConfig(p *plan.Plan) {
	s, c := e.in.Stack, &p.Config
	for _, v := range s.Env.Set {
		e.envValue(v.Key, v.Val.V, v.Val.At)
		c.Env[v.Key.V] = v.Val.V
	}
	for _, v := range s.Env.Prepend {
		prepend(c, v.Key.V, e.envWords(v.Key, v.Val, v.Val.Values()))
	}
	unite(&p.Run, s.Run)
	for _, f := range []struct {
		dst *bool
		src *bool
	}{{&p.Run.GPU, s.Run.GPU}, {&p.Run.GUI, s.Run.GUI}, {&p.Run.Audio, s.Run.Audio}} {
		if f.src != nil {
			*f.dst = *f.src
		}
	}
	im := s.Image
	c.Entrypoint = texts(im.Entrypoint)
	if len(c.Entrypoint) > 0 && len(c.Source) > 0 {
		p.Notes = append(p.Notes, fmt.Sprintf("[image] entrypoint stands in the place of the one that reads %s; it can begin with /usr/share/jetson/entrypoint to keep that",
			strings.Join(c.Source, ", ")))
	}
	if len(im.Cmd) > 0 {
		c.Cmd = texts(im.Cmd)
	}
	c.User, c.Workdir, c.StopSignal = im.User.V, im.Workdir.V, im.StopSignal.V
	c.Expose, c.Volumes = sorted(texts(im.Expose)), sorted(texts(im.Volumes))
	for _, l := range im.Labels {
		if c.Labels == nil {
			c.Labels = map[string]string{}
		}
		c.Labels[l.Key.V] = l.Val.V
	}
	if h := im.Healthcheck; len(h.Argv) > 0 {
		c.Health = &plan.Health{Argv: texts(h.Argv), Interval: h.Interval, Timeout: h.Timeout, Start: h.Start, Retries: h.Retries}
	}
}

// envValue checks what a variable is set to, or has put before it: the image's
// config and what runs hold one line for each.
func (e *evaluator) envValue(name tree.Text, value string, at diag.Range) {
	if strings.ContainsAny(value, "\x00\n") {
		e.errorf("bad-value", at, "the value of %s holds a control character", name.V)
	}
}

// envWords checks a list that goes before a variable's value.
func (e *evaluator) envWords(name tree.Text, words tree.Words, values []string) []string {
	for i, v := range values {
		e.envValue(name, v, words[i].At)
	}
	return values
}
