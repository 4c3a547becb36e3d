package frontend

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/distribution/reference"
	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	digest "github.com/opencontainers/go-digest"

	"github.com/org/jetson-frontend/llb"
	"github.com/org/jetson-frontend/stacks/catalog"
	"github.com/org/jetson-frontend/stacks/plan"
	"github.com/org/jetson-frontend/stacks/resolve"
)

// catalogContext is the named context that is put over the catalog.
const catalogContext = "catalog"

// named are the named contexts of one platform's build. A name is that of an
// image reference, "base", "catalog", or a component whose source is replaced.
type named struct {
	b *build
	// images are keyed by context name and architecture.
	mu     sync.Mutex
	images map[string]*override
}

type override struct {
	state  bk.State
	config *dockerspec.DockerOCIImage
	digest digest.Digest
}

// familiar is a reference the way context names are written.
func familiar(ref string) string {
	name, _, _ := strings.Cut(ref, "@")
	n, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return ref
	}
	return strings.TrimSuffix(reference.FamiliarString(n), ":latest")
}

// given reports whether the user gave a context of this name.
func (n *named) given(name string) bool { return slices.Contains(n.b.req.contexts, name) }

// nameOf is the context that stands in for an image; "" if none does.
func (n *named) nameOf(img plan.Image) string {
	if img.Context == resolve.BaseContext && n.given(resolve.BaseContext) {
		return resolve.BaseContext
	}
	if f := familiar(img.Ref); n.given(f) {
		return f
	}
	return ""
}

// load reads a context for an architecture, once.
func (n *named) load(ctx context.Context, name, arch string) (*override, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	key := name + "@" + arch
	if o, ok := n.images[key]; ok {
		return o, nil
	}
	p := llb.Platform(arch)
	o := &override{}
	c, err := n.b.ui.NamedContext(name, dockerui.ContextOpt{
		Platform: &p, ResolveMode: n.b.ui.ImageResolveMode.String(), CaptureDigest: &o.digest,
	})
	if err != nil {
		return nil, fmt.Errorf("the named context %s: %v", name, err)
	}
	if c == nil {
		return nil, fmt.Errorf("the named context %s is not for linux/%s", name, arch)
	}
	st, config, err := c.Load(ctx)
	if err != nil {
		return nil, fmt.Errorf("loading the named context %s: %s", name, words(n.spec(name, arch), err))
	}
	o.state, o.config = *st, config
	if ref, ok := strings.CutPrefix(n.spec(name, arch), "docker-image://"); ok && o.digest != "" {
		// The tag was looked up just now; from here on it is its digest.
		named, err := reference.ParseNormalizedNamed(ref)
		if err == nil {
			o.state = bk.Image(reference.TrimNamed(named).Name()+"@"+o.digest.String(), bk.Platform(p),
				bk.WithCustomName("[context "+name+"] "+ref))
		}
	}
	if n.images == nil {
		n.images = map[string]*override{}
	}
	n.images[key] = o
	return o, nil
}

// spec is how a context was given.
func (n *named) spec(name, arch string) string {
	opts := n.b.ui.BuildOpts().Opts
	if v, ok := opts["context:"+name+"::linux/"+arch]; ok {
		return v
	}
	return opts["context:"+name]
}

// linked reports whether the base is a result of the same call, as bake links
// them: it has no layers yet that could be counted.
func (n *named) linked(p *plan.Plan) bool {
	name := n.nameOf(p.Base)
	return name != "" && strings.HasPrefix(n.spec(name, p.Platform.Arch), "input:")
}

// instead tells the resolver which references the user replaced, by loading
// every context that is an image.
func (n *named) instead(ctx context.Context, refs []string, arch string) (map[string]string, error) {
	out := map[string]string{}
	for _, ref := range append([]string{resolve.BaseContext}, refs...) {
		name := ref
		if ref != resolve.BaseContext {
			name = familiar(ref)
		}
		if !n.given(name) {
			continue
		}
		o, err := n.load(ctx, name, arch)
		if err != nil {
			return nil, err
		}
		out[ref] = o.digest.String()
	}
	return out, nil
}

// image answers llb.Options.Image. Contexts were loaded before for every
// architecture that a graph can ask for.
func (n *named) image(img plan.Image, arch string) (bk.State, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	o, ok := n.images[n.nameOf(img)+"@"+arch]
	if !ok {
		return bk.State{}, false
	}
	return o.state, true
}

// source answers llb.Options.Named.
func (n *named) source(name string) (bk.State, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	o, ok := n.images[name+"@source"]
	if !ok {
		return bk.State{}, false
	}
	return o.state, true
}

// loadSources reads the contexts that stand in for components' sources.
func (n *named) loadSources(ctx context.Context, p *plan.Plan) error {
	for _, c := range p.Components {
		for _, s := range c.Sources {
			if s.Replaced == "" {
				continue
			}
			if err := n.loadSource(ctx, s.Replaced); err != nil {
				return err
			}
		}
	}
	return nil
}

func (n *named) loadSource(ctx context.Context, name string) error {
	nc, err := n.b.ui.NamedContext(name, dockerui.ContextOpt{NoDockerignore: false})
	if err != nil || nc == nil {
		return fmt.Errorf("the named context %s: %v", name, err)
	}
	st, _, err := nc.Load(ctx)
	if err != nil {
		return fmt.Errorf("loading the named context %s: %v", name, err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.images == nil {
		n.images = map[string]*override{}
	}
	n.images[name+"@source"] = &override{state: *st}
	return nil
}

// catalog is the tree that the user puts over the catalog; nil if there is
// none.
func (n *named) catalog(ctx context.Context) (fs.FS, error) {
	if !n.given(catalogContext) {
		return nil, nil
	}
	nc, err := n.b.ui.NamedContext(catalogContext, dockerui.ContextOpt{AsyncLocalOpts: func() []bk.LocalOption {
		return []bk.LocalOption{bk.FollowPaths([]string{catalog.Root, platformFolder})}
	}})
	if err != nil || nc == nil {
		return nil, fmt.Errorf("the named context %s: %v", catalogContext, err)
	}
	st, _, err := nc.Load(ctx)
	if err != nil {
		return nil, fmt.Errorf("loading the named context %s: %v", catalogContext, err)
	}
	t, err := n.b.tree(ctx, *st)
	if err != nil {
		return nil, fmt.Errorf("reading the named context %s: %v", catalogContext, err)
	}
	return t, nil
}
