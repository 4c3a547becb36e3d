package frontend

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	gw "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"github.com/org/jetson-frontend/llb"
	"github.com/org/jetson-frontend/llb/graph"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/lock"
	"github.com/org/jetson-frontend/stacks/plan"
	"github.com/org/jetson-frontend/stacks/resolve"
	"github.com/org/jetson-frontend/stacks/tree"
)

// planned is a stack resolved for one platform.
type planned struct {
	resolve.Result
	names *named
	facts resolve.Facts // what was looked up
	// What the lock holds downloads to, and whether it must.
	pins   map[string]lock.Packages
	locked bool
	base   *dockerspec.DockerOCIImage // the base image's config; nil if it has none
}

// platform builds one platform. Nothing is shared with the others.
func (b *build) platform(ctx context.Context, p *ocispecs.Platform, results *built) (*dockerui.BuildResult, error) {
	pl, err := b.plan(ctx, p)
	if err != nil {
		return nil, err
	}
	r, err := b.render(ctx, pl)
	if err != nil {
		return nil, err
	}
	b.warn(ctx, pl.Diags.Warnings(), append(r.Graph.Notices, displaced(pl.Plan, pl.base, b.ui.Target)...))
	def, err := r.Definition(r.Result)
	if err != nil {
		return nil, err
	}
	ref, err := b.solve(ctx, r, def)
	if err != nil {
		return nil, err
	}
	epoch := b.epoch(pl.Plan)
	img, err := imageConfig(pl.Plan, pl.base, b.ui.Labels, b.ui.Target, epoch)
	if err != nil {
		return nil, err
	}
	results.keep(p, &builtPlatform{plan: pl.Plan, ref: ref, date: epoch})
	if !pl.names.linked(pl.Plan) {
		layers, err := llb.Layers(def, b.prefix(pl.Plan))
		if err != nil {
			return nil, err
		}
		img.History = history(layers, pl.base, wholeImage(b.ui.Target), epoch)
	}
	return &dockerui.BuildResult{Reference: ref, Image: img, BaseImage: pl.base, Epoch: &epoch}, nil
}

func (b *build) epoch(p *plan.Plan) time.Time {
	if b.req.epoch != nil {
		return time.Unix(*b.req.epoch, 0).UTC()
	}
	return time.Unix(p.Date, 0).UTC()
}

// plan resolves the stack for a platform, with the facts that the daemon knows.
func (b *build) plan(ctx context.Context, p *ocispecs.Platform) (*planned, error) {
	want, err := arch(p)
	if err != nil {
		return nil, err
	}
	pl := &planned{names: &named{b: b}}
	files, err := b.files(ctx, pl.names)
	if err != nil {
		return nil, err
	}
	prep := Prepare(b.file, b.req.args, files)
	if err := prep.Findings().Err(); err != nil {
		return nil, err
	}
	prep.Input.Overrides.Locked = prep.Input.Overrides.Locked && !b.relock
	prep.Input.Arch, prep.Input.Native = want, b.req.build
	if prep.Input.Facts.Instead, err = pl.names.instead(ctx, imagesOf(prep), cmp.Or(want, resolve.Arch(prep.Input), b.req.build)); err != nil {
		return nil, err
	}
	prep.Input.Facts.Contexts = b.req.contexts
	r, err := b.resolved(ctx, &prep)
	if err != nil {
		return nil, err
	}
	pl.facts, pl.locked = prep.Input.Facts, prep.Input.Overrides.Locked
	if prep.Input.Lock != nil {
		pl.pins = prep.Input.Lock.Packages
	}
	Lint(&r)
	r.Diags = append(prep.Diags, r.Diags...)
	if err := r.Diags.Err(); err != nil {
		return nil, err
	}
	pl.Result = r
	return pl, b.images(ctx, pl)
}

// imagesOf are the references that a stack may be built on, for contexts that
// replace one of them.
func imagesOf(p Prepared) []string {
	refs := []tree.Text{p.Input.Stack.Base, p.Input.Overrides.Base}
	for _, c := range p.Input.Stack.Components {
		for _, v := range c.Versions {
			for _, s := range v.Sources {
				refs = append(refs, s.Image)
			}
		}
	}
	for _, d := range p.Input.Platforms.Distributions {
		refs = append(refs, d.Image)
	}
	for _, r := range p.Input.Platforms.Releases {
		for _, base := range r.Bases {
			refs = append(refs, base.Image)
		}
	}
	var out []string
	for _, ref := range refs {
		if name, _, _ := strings.Cut(ref.V, "@"); name != "" {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// files are the trees that a stack draws on. Each is asked for only if there
// is reason to.
func (b *build) files(ctx context.Context, names *named) (Files, error) {
	f := Files{Lock: LockName(b.req.filename)}
	if b.relock {
		f.Lock = ""
	}
	cat, err := names.catalog(ctx)
	if err != nil {
		return f, err
	}
	f.Catalog = cat
	if b.state != nil {
		beside, err := b.tree(ctx, *b.state)
		if err != nil {
			return f, fmt.Errorf("reading beside the stack file: %v", err)
		}
		f.Beside = beside
	}
	f.Context = &lazyContext{b: b, ctx: ctx, folders: componentFolders(b.file)}
	return f, nil
}

// images loads what stands in for the plan's images, for both architectures
// that the graph runs on, and the base's config.
func (b *build) images(ctx context.Context, pl *planned) error {
	for _, img := range []plan.Image{pl.Plan.Base, pl.Plan.Plain} {
		name := pl.names.nameOf(img)
		if name == "" {
			continue
		}
		arches := []string{pl.Plan.Platform.Arch}
		if img.Context != resolve.BaseContext && b.req.build != arches[0] {
			arches = append(arches, b.req.build)
		}
		for _, a := range arches {
			o, err := pl.names.load(ctx, name, a)
			if err != nil {
				return err
			}
			if img.Context == resolve.BaseContext && o.config != nil {
				pl.base = o.config
			}
		}
	}
	for i := range pl.Plan.Components {
		c := &pl.Plan.Components[i]
		for _, s := range c.Sources {
			if s.Image == nil || pl.names.nameOf(*s.Image) == "" {
				continue
			}
			if _, err := pl.names.load(ctx, pl.names.nameOf(*s.Image), llb.SourceArch(pl.Plan, c)); err != nil {
				return err
			}
		}
	}
	if err := pl.names.loadSources(ctx, pl.Plan); err != nil {
		return err
	}
	if pl.base != nil || pl.names.nameOf(pl.Plan.Base) != "" {
		return nil
	}
	config, err := b.baseConfig(ctx, pl)
	pl.base = config
	return err
}

// render makes the graph.
func (b *build) render(ctx context.Context, pl *planned) (*llb.Build, error) {
	o := llb.Options{
		Options:   graph.Options{Build: b.req.build, Target: b.ui.Target, Cross: b.req.how.Cross, GPU: b.req.how.GPU, Pins: pl.pins, Locked: pl.locked},
		Caps:      b.req.caps,
		Namespace: b.ui.CacheIDNamespace,
		Slots:     b.req.how.Slots,
		Mirrors:   b.mirrors(pl.Mirrors),
		Image:     pl.names.image,
		Named:     pl.names.source,
		NoCache:   b.ui.IsNoCache,
		Fresh:     b.relock,
		Network:   b.networkOptions(),
		Exec:      b.execOptions(),
		Prefix:    b.prefix(pl.Plan),
		Marshal:   []bk.ConstraintsOpt{bk.WithCaps(b.ui.BuildOpts().LLBCaps)},
		Locate:    func(n *graph.Node) bk.ConstraintsOpt { return b.nodeLocation(pl, n) },
	}
	g, err := graph.New(pl.Plan, o.Options)
	if err != nil {
		return nil, b.notLocked(pl, err)
	}
	if paths := contextPaths(g, pl.names.given); len(paths) > 0 {
		// Where the context is a repository or an archive it is all there.
		if o.Context, err = b.ui.MainContext(ctx, bk.FollowPaths(paths)); err != nil {
			return nil, fmt.Errorf("loading the build context: %v", err)
		}
	}
	return llb.Render(ctx, g, o)
}

// prefix begins the names of a platform's vertices where there are others.
func (b *build) prefix(p *plan.Plan) string {
	if !b.ui.MultiPlatformRequested {
		return ""
	}
	return "[linux/" + p.Platform.Arch + "] "
}

// mirrors are the stack's own, and the build argument's over them.
func (b *build) mirrors(own []plan.Mirror) llb.Mirrors {
	return slices.Concat(b.req.how.Mirrors, own).Sorted()
}

// contextPaths are what a graph takes from the build context, sorted: nothing
// else of it is transferred. A component's source that a named context replaces
// is not among them.
func contextPaths(g *graph.Graph, replaced func(component string) bool) []string {
	var out []string
	for _, n := range g.Nodes {
		for _, c := range n.Copies {
			out = append(out, c.From)
		}
		if s := n.Source; s != nil && s.Context != "" && !replaced(n.Owner.Name) {
			out = append(out, path.Clean(s.Context))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// nodeLocation is the part of the stack file that asked for a node.
func (b *build) nodeLocation(pl *planned, n *graph.Node) bk.ConstraintsOpt {
	if n.Test != nil {
		if at, ok := pl.Lines["test/"+n.Test.ID()]; ok {
			return b.location(at)
		}
	}
	if n.Image != nil {
		if at := b.location(pl.Lines[resolve.ImageLine(*n.Image)]); at != nil {
			return at
		}
	}
	if at, ok := pl.Lines[n.ID]; ok {
		return b.location(at)
	}
	if n.Link != nil && n.Component == "" {
		for _, p := range n.Link.Packages {
			if at, ok := pl.Lines["package/"+p]; ok {
				return b.location(at)
			}
		}
	}
	if at, ok := pl.Lines[n.Component]; ok {
		return b.location(at)
	}
	return b.location(pl.Stack)
}

// solve builds the result and, beside it, what must hold before it is
// returned.
func (b *build) solve(ctx context.Context, r *llb.Build, def *pb.Definition) (gw.Reference, error) {
	var res *gw.Result
	eg, ctx := errgroup.WithContext(ctx)
	eg.Go(guarded(func() error {
		var err error
		res, err = b.ui.GatewayClient().Solve(ctx, gw.SolveRequest{Definition: def, CacheImports: b.ui.CacheImports})
		return err
	}))
	if r.HasChecks {
		checks, err := r.Definition(r.Checks)
		if err != nil {
			return nil, err
		}
		eg.Go(guarded(func() error {
			_, err := b.ui.GatewayClient().Solve(ctx, gw.SolveRequest{Definition: checks, Evaluate: true, CacheImports: b.ui.CacheImports})
			return err
		}))
	}
	if err := eg.Wait(); err != nil {
		return nil, err
	}
	return res.SingleRef()
}

// warn shows findings that do not stop the build.
func (b *build) warn(ctx context.Context, list diag.List, notices []string) {
	if b.source == nil || b.source.Warn == nil {
		return
	}
	for _, d := range list {
		o := gw.WarnOpts{Level: 1}
		if d.Range.Known() && d.Range.File == b.file {
			o.Range = append(o.Range, pbRange(d.Range))
		}
		b.source.Warn(ctx, d.Rule+": "+d.Message(), o)
	}
	for _, n := range notices {
		b.source.Warn(ctx, n, gw.WarnOpts{Level: 1})
	}
}
