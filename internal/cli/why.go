package cli

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/org/jetson-frontend/llb/graph"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/resolve"
)

// whyFlags are the stack, and the builder that vertices are laid out for.
type whyFlags struct {
	stackFlags
	buildPlatform string
	target        string
	asJSON        bool
}

func newWhy(env Env) *cobra.Command {
	var w whyFlags
	cmd := &cobra.Command{
		Use:   "why NAME [CONTEXT | STACK]",
		Short: "Say why something is in the image",
		Long: `Why says why a component, a version, a Debian package or a vertex of the build
is there: the chain from the stack's line to it, every demand that shaped the
version, and for a package the component and the kind of need that asks for it.

What a package pulls in by its own Depends is apt's choice during the build and
is not known here.`,
		Example: `  jetson why vtk                       # a component
  jetson why vtk@9.1                   # why it is that version, or is not
  jetson why libgomp1                  # a Debian package
  jetson why cuda                      # a version of the platform
  jetson why "[vtk 9.3.1] cmake build" # a vertex, as progress shows it
  jetson why eigen humble+pcl --jetpack 6.2`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 || strings.TrimSpace(args[0]) == "" {
				return usagef("jetson why takes the name of a component, a package or a vertex\nsee: jetson why --help")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := w.positional(args[1:]); err != nil {
				return err
			}
			return w.run(cmd.Context(), env, args[0])
		},
	}
	w.register(cmd)
	cmd.ValidArgsFunction = completeComponent
	f := cmd.Flags()
	f.StringVar(&w.buildPlatform, "build-platform", "", "the builder's own `PLATFORM`, for vertices (default: this machine's)")
	f.StringVar(&w.target, "target", "", "the target `WHAT` whose vertices are meant: dev, runtime, test, or a component")
	jsonFlag(cmd, &w.asJSON)
	return cmd
}

// reasons is what `why` found, for scripts.
type reasons struct {
	Name     string         `json:"name"`
	Found    []inPlan       `json:"found"`
	Versions []shownDemand  `json:"demands,omitempty"`
	Packages []shownPackage `json:"packages,omitempty"`
	Vertices []shownVertex  `json:"vertices,omitempty"`
}

// inPlan is one thing of the name.
type inPlan struct {
	Kind    string   `json:"kind"` // component, tool, platform
	ID      string   `json:"id"`
	Version string   `json:"version,omitempty"`
	Use     string   `json:"use,omitempty"`
	Chain   []string `json:"chain,omitempty"`
	Others  []string `json:"other_versions,omitempty"`
	*place
}

type shownDemand struct {
	For  string   `json:"for"`
	From string   `json:"from,omitempty"` // "" is the stack
	Edge string   `json:"edge"`
	Text string   `json:"text"`
	Away []string `json:"excludes,omitempty"`
	*place
}

type shownPackage struct {
	Package   string   `json:"package"`
	Archive   string   `json:"archive,omitempty"`
	Component string   `json:"component,omitempty"`
	Edge      string   `json:"edge"`
	Chain     []string `json:"chain,omitempty"`
	*place
}

type shownVertex struct {
	ID        string   `json:"id"`
	Title     string   `json:"title"`
	Kind      string   `json:"kind"`
	Component string   `json:"component,omitempty"`
	Runs      string   `json:"runs,omitempty"`
	Way       []string `json:"way"` // to the result
}

func (w *whyFlags) run(ctx context.Context, env Env, name string) error {
	r, err := w.resolveOffline(ctx, env)
	if err != nil {
		return err
	}
	if r.Plan == nil {
		env.show(r.Diags)
		return errReported
	}
	word, want, _ := strings.Cut(name, "@")
	if strings.HasPrefix(name, "[") {
		word, want = name, ""
	}
	f := &finder{result: r, trace: r.Trace(), name: word, want: want, out: reasons{Name: name, Found: []inPlan{}}}
	f.components()
	f.platform()
	f.packages()
	if len(f.out.Found)+len(f.out.Packages) == 0 || strings.HasPrefix(name, "[") {
		g, err := w.graph(r)
		if err != nil {
			return err
		}
		f.vertices(g)
	}
	if f.empty() {
		return f.nothing(w.catalogWords())
	}
	if w.asJSON {
		return env.json(f.out)
	}
	f.print(env.screen())
	return nil
}

// graph lays the plan out for the builder that was named, or for one on this
// machine.
func (w *whyFlags) graph(r resolve.Result) (*graph.Graph, error) {
	return layout(r, w.buildPlatform, w.target)
}

func layout(r resolve.Result, buildPlatform, target string) (*graph.Graph, error) {
	arch := runtime.GOARCH
	if buildPlatform != "" {
		a, ok := strings.CutPrefix(buildPlatform, "linux/")
		if !ok || a != "arm64" && a != "amd64" {
			return nil, usagef("--build-platform is linux/arm64 or linux/amd64, not %q", buildPlatform)
		}
		arch = a
	}
	g, err := graph.New(r.Plan, graph.Options{Build: arch, Target: target})
	if err != nil {
		return nil, err
	}
	return g, nil
}

func (w *whyFlags) catalogWords() []string { return componentWords() }

// finder looks a name up in a plan.
type finder struct {
	result     resolve.Result
	trace      resolve.Trace
	name, want string
	out        reasons
}

func (f *finder) empty() bool {
	return len(f.out.Found)+len(f.out.Packages)+len(f.out.Vertices) == 0
}

// components finds components by ID, name, or a name by which they are asked
// for.
func (f *finder) components() {
	for _, t := range f.trace.Components {
		asked := slices.ContainsFunc(t.Demands, func(d resolve.Demand) bool {
			head, _, _ := strings.Cut(d.Text, "@")
			head, _, _ = strings.Cut(head, ":")
			return head == f.name
		})
		if t.ID != f.name && t.Name != f.name && !asked {
			continue
		}
		c, ok := f.result.Plan.Component(t.ID)
		if !ok {
			continue
		}
		kind := "component"
		if c.Host {
			kind = "tool"
		}
		f.out.Found = append(f.out.Found, inPlan{
			Kind: kind, ID: t.ID, Version: t.Version, Use: use(*c), Chain: t.Chain, Others: t.Others, place: placeOf(t.Line),
		})
		for _, d := range t.Demands {
			f.out.Versions = append(f.out.Versions, shownDemand{For: t.ID, From: d.From, Edge: d.Edge, Text: d.Text, Away: d.Keeps, place: placeOf(d.At)})
		}
	}
}

// platform finds a version of the platform.
func (f *finder) platform() {
	p := f.result.Plan.Platform
	if v, ok := p.Versions[f.name]; ok {
		f.out.Found = append(f.out.Found, inPlan{Kind: "platform", ID: f.name, Version: v, Use: "what " + p.Name + " has, unless [versions] or a build argument moves it", place: placeOf(f.result.Stack)})
	}
}

// packages finds needs of a Debian package.
func (f *finder) packages() {
	for _, p := range f.trace.Packages {
		if p.Package != f.name && (p.Edge != "pip" || p.Package != strings.ToLower(f.name)) {
			continue
		}
		sp := shownPackage{Package: p.Package, Archive: p.Archive, Component: p.Component, Edge: p.Edge, place: placeOf(p.At)}
		if t, ok := f.trace.Component(p.Component); ok {
			sp.Chain = t.Chain
		}
		f.out.Packages = append(f.out.Packages, sp)
	}
	if len(f.out.Packages) == 0 && len(resolve.Installs(f.result.Plan, f.name)) > 0 {
		f.out.Packages = append(f.out.Packages, shownPackage{Package: f.name, Edge: "platform"})
	}
}

// vertices finds vertices whose ID or title is, or else holds, the name.
func (f *finder) vertices(g *graph.Graph) {
	exact := func(n *graph.Node) bool { return n.ID == f.name || n.Title == f.name }
	// A part of a title counts if it is a whole word of it.
	holds := func(n *graph.Node) bool {
		clean := strings.NewReplacer("[", " ", "]", " ").Replace
		return strings.Contains(" "+clean(n.Title)+" ", " "+strings.TrimSpace(clean(f.name))+" ")
	}
	for _, match := range []func(*graph.Node) bool{exact, holds} {
		for _, n := range g.Nodes {
			if match(n) {
				f.out.Vertices = append(f.out.Vertices, vertex(g, n))
			}
		}
		if len(f.out.Vertices) > 0 {
			return
		}
	}
}

// vertex describes a vertex with the shortest way from it to what the build
// returns or checks.
func vertex(g *graph.Graph, n *graph.Node) shownVertex {
	v := shownVertex{ID: n.ID, Title: n.Title, Kind: string(n.Kind), Component: n.Component, Runs: n.Exec}
	users := map[*graph.Node][]*graph.Node{}
	for _, m := range g.Nodes {
		for _, in := range m.In {
			users[in.Node] = append(users[in.Node], m)
		}
	}
	from := map[*graph.Node]*graph.Node{n: nil}
	var end, check *graph.Node
	for queue := []*graph.Node{n}; len(queue) > 0 && end == nil; queue = queue[1:] {
		at := queue[0]
		switch {
		case at == g.Result:
			end = at
		case check == nil && slices.Contains(g.Checks, at):
			check = at
		}
		for _, u := range users[at] {
			if _, ok := from[u]; !ok {
				from[u] = at
				queue = append(queue, u)
			}
		}
	}
	if end == nil {
		end = check
	}
	for m := end; m != nil; m = from[m] {
		v.Way = append(v.Way, m.Title)
	}
	slices.Reverse(v.Way)
	return v
}

// nothing says that a name is not in the plan, and what may be meant.
func (f *finder) nothing(known []string) error {
	p := f.result.Plan
	g := diag.Diagnostic{Summary: fmt.Sprintf("nothing in this plan is called %q", f.name)}
	if by, ok := f.trace.Replaced[f.name]; ok {
		g.Detail = "the component " + by + " stands in for the package " + f.name
		return diag.List{g}.Err()
	}
	if slices.Contains(known, f.name) {
		g.Detail = "the catalog has it, but nothing here asks for it"
		return diag.List{g}.Err()
	}
	var words []string
	for _, c := range p.Components {
		words = append(words, c.Name)
	}
	for _, t := range f.trace.Packages {
		words = append(words, t.Package)
	}
	if near := diag.Suggest(f.name, words); len(near) > 0 {
		g.Help = diag.DidYouMean(near[0], near)
	}
	g.Detail = "if it is a Debian package, another package pulls it in: that is apt's choice during the build, and not known here"
	return diag.List{g}.Err()
}
