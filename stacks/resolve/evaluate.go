package resolve

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/distribution/reference"

	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/lock"
	"github.com/org/jetson-frontend/stacks/plan"
	"github.com/org/jetson-frontend/stacks/platform"
	"github.com/org/jetson-frontend/stacks/tree"
)

// evaluator turns a settled graph into a plan.
type evaluator struct {
	*resolver
	graph   *graph
	present func(string) bool
	shipped map[key]bool
	needs   map[key]*aptNeeds
	// replaced maps a Debian package to the component that stands in for it.
	replaced map[string]string
	// provided are the components that the chosen base image already holds.
	provided map[string]bool
}

func newEvaluator(r *resolver, g *graph) *evaluator {
	e := &evaluator{
		resolver: r, graph: g, present: presence(g.nodes),
		shipped: map[key]bool{}, needs: map[key]*aptNeeds{}, replaced: map[string]string{}, provided: map[string]bool{},
	}
	for _, n := range g.order {
		if n.parent == nil {
			e.ship(n)
		}
		for _, p := range n.entry.Replaces.Apt {
			if !n.key.host() {
				e.replaced[p.V] = n.key.name
			}
		}
	}
	return e
}

// ship marks a component and what it needs at run time as part of the image.
func (e *evaluator) ship(n *node) {
	if e.shipped[n.key] {
		return
	}
	e.shipped[n.key] = true
	for _, kind := range []string{"link", "run"} {
		for _, k := range n.edges[kind] {
			e.ship(e.graph.nodes[k])
		}
	}
}

func (e *evaluator) situation(n *node) situation {
	s := e.situationOf(n, nil)
	s.present = e.present
	return s
}

func (e *evaluator) plan() *plan.Plan {
	p := &plan.Plan{Schema: plan.Schema, Platform: e.platform()}
	for _, ref := range e.refs() {
		p.Stack = append(p.Stack, ref.String())
	}
	for _, n := range e.graph.order {
		e.needs[n.key] = e.aptNeeds(n)
	}
	p.Base, p.Plain = e.images()
	p.Tools = e.toolchain()
	for _, n := range e.graph.order {
		c := e.component(n)
		p.Components = append(p.Components, c)
		p.Date = max(p.Date, c.Date)
	}
	p.Date = max(p.Date, p.Platform.Date)
	p.Worlds = e.worlds()
	p.Apt = e.apt(e.pythons(p.Worlds))
	p.Copies = e.copies()
	p.Tests = e.tests()
	e.config(p)
	p.Archives = e.archives(p)
	return p
}

func (e *evaluator) platform() plan.Platform {
	t := e.target
	p := plan.Platform{
		Name: t.String(), Arch: t.Arch, Distro: t.Distro.Name.V, DistroID: t.Distro.ID.V, Release: t.Distro.Version.V,
		Codename: t.Distro.Codename.V, L4T: t.L4T, Flavour: t.Flavour, SMs: t.SMs(),
		Versions: t.Versions, Date: e.date(t.Distro.Date),
	}
	if t.Release != nil {
		p.JetPack, p.Tier, p.Kernel = t.Release.JetPack.V, t.Release.Tier.V, t.Release.Kernel.V
	}
	if t.Device != nil {
		p.Device = t.Device.Name.V
	}
	for _, s := range t.SoCs {
		p.SoCs = append(p.SoCs, s.Name.V)
	}
	if len(p.Versions) == 0 {
		p.Versions = nil
	}
	return p
}

// date reads a day as a Unix time; 0 if none is given.
func (e *evaluator) date(t tree.Text) int64 {
	if t.V == "" {
		return 0
	}
	day, err := time.Parse(time.DateOnly, t.V)
	if err != nil {
		e.errorf("bad-date", t.At, "%q is not a date", t.V)
		return 0
	}
	return day.Unix()
}

func (e *evaluator) images() (base, plain plan.Image) {
	d := e.target.Distro
	plain = e.image(d.Image, d.Digest.V)
	base = plain
	if t := e.baseText(); t.Set() {
		base = e.releaseBase(t)
	}
	if instead, ok := e.in.Facts.Instead[BaseContext]; ok {
		base.Digest = instead
	}
	base.Context = BaseContext
	return base, plain
}

// BaseContext is the name under which a user puts another image in place of
// the one that the stack is built on.
const BaseContext = "base"

func (e *evaluator) baseText() tree.Text {
	if e.in.Overrides.Base.Set() {
		return e.in.Overrides.Base
	}
	return e.in.Stack.Base
}

// imageLines are the keys that decide the images of a plan: what names the base,
// or else the platform. A stack has said one of the two.
func (e *evaluator) imageLines(p *plan.Plan, lines map[string]diag.Range) {
	c := e.in.Overrides.platform(e.in.Stack)
	for _, t := range []tree.Text{c.Ubuntu, c.Platform, c.L4T, c.JetPack} {
		if t.Set() {
			lines[ImageLine(p.Plain)] = t.At
			break
		}
	}
	at := lines[ImageLine(p.Plain)]
	if t := e.baseText(); t.Set() {
		at = t.At
	}
	lines[ImageLine(p.Base)] = at
}

// ImageLine is the name of an image in Result.Lines.
func ImageLine(img plan.Image) string { return "image/" + img.Context + "/" + img.Ref }

// releaseBase reads `base`: the name of one of the release's images, or an
// image reference.
func (e *evaluator) releaseBase(t tree.Text) plan.Image {
	if i := slices.IndexFunc(e.bases(), func(b platform.Base) bool { return b.Name.V == t.V }); i >= 0 {
		b := e.target.Release.Bases[i]
		if e.target.Release.Distro.V != e.target.Distro.Name.V {
			e.add(diag.Errorf("base-distribution", t.At, "%s is made of %s, and this stack is for %s", b.Name.V, e.target.Release.Distro.V, e.target.Distro.Name.V).
				WithHelp("leave base out: the image then starts from the distribution's own, with NVIDIA's archive"))
		}
		t.V = b.Image.V
		for _, p := range b.Provides {
			// Of another version than the release's own it has to be installed.
			own, _ := e.target.Release.Versions.Get(p.V)
			e.provided[p.V] = own.V == e.target.Versions[p.V]
		}
	} else if e.likeReleaseBase(t.V) {
		g := diag.Errorf("unknown-base", t.At, "%s has no base image %q", e.target, t.V)
		var known []string
		for _, b := range e.bases() {
			known = append(known, b.Name.V)
		}
		if g.Help = diag.DidYouMean(t.V, known); g.Help == "" {
			g.Help = "NVIDIA has made none for it; leave base out: the image then starts from the distribution's own, with NVIDIA's archive"
		}
		e.add(g)
		return plan.Image{Ref: t.V, Context: t.V}
	}
	if _, err := reference.ParseNormalizedNamed(t.V); err != nil {
		e.errorf("bad-value", t.At, "%q is not the reference of an image", t.V)
		return plan.Image{Ref: t.V, Context: t.V}
	}
	if instead, ok := e.in.Facts.Instead[BaseContext]; ok {
		name, _, _ := strings.Cut(t.V, "@")
		return plan.Image{Ref: name, Digest: instead}
	}
	return e.image(t, "")
}

func (e *evaluator) bases() []platform.Base {
	if e.target.Release == nil {
		return nil
	}
	return e.target.Release.Bases
}

// likeReleaseBase reports whether a name is meant to be one of NVIDIA's base
// images: it is, or is nearly, the name of one that some release has. A name
// alone would otherwise be looked for among Docker Hub's own images.
func (e *evaluator) likeReleaseBase(name string) bool {
	if strings.ContainsAny(name, "/:@.") {
		return false
	}
	var known []string
	for _, r := range e.in.Platforms.Releases {
		for _, b := range r.Bases {
			known = append(known, b.Name.V)
		}
	}
	return strings.HasPrefix(name, "l4t") || len(diag.Suggest(name, known)) > 0
}

// image pins a reference: by the digest that it carries, the platform data's,
// the lock's, or a fact.
func (e *evaluator) image(ref tree.Text, digest string) plan.Image {
	img := plan.Image{Context: ref.V, Ref: ref.V, Digest: digest}
	if name, d, ok := strings.Cut(ref.V, "@"); ok {
		img.Ref, img.Digest, img.Context = name, d, name
	}
	if instead, ok := e.in.Facts.Instead[img.Ref]; ok {
		img.Digest = instead
		return img
	}
	if img.Digest == "" {
		img.Digest = e.lookup(ref.At, "image "+img.Ref, func(l *lock.File) string { return l.Images[img.Ref] },
			e.in.Facts.Images[img.Ref], Request{Image: img.Ref})
	}
	return img
}

// lookup finds what a mutable reference stands for: in the lock, else in the
// facts. What neither knows is asked for.
func (e *evaluator) lookup(at diag.Range, what string, locked func(*lock.File) string, fact string, req Request) string {
	if e.in.Lock != nil {
		if v := locked(e.in.Lock); v != "" {
			return v
		}
	}
	if e.in.Overrides.Locked {
		e.add(diag.Errorf("not-locked", at, "%s is not in the lock", what).WithHelp("jetson lock writes the lock anew; or pin it here"))
		return ""
	}
	switch {
	case fact != "":
		e.add(diag.Warnf("unpinned", at, "%s can change; this build takes %s", what, short(fact)).WithHelp("%s", pinHelp(req)))
	case e.in.Facts.Offline:
		e.add(diag.Warnf("unpinned", at, "%s can change, and what it is now is not looked up without a build", what).WithHelp("%s", pinHelp(req)))
	default:
		e.ask(at, req)
	}
	return fact
}

// ask has something looked up, once.
func (e *evaluator) ask(at diag.Range, req Request) {
	req.At = at
	if !slices.ContainsFunc(e.missing, func(o Request) bool { return o.Key() == req.Key() }) {
		e.missing = append(e.missing, req)
	}
}

func short(id string) string {
	if i := strings.IndexByte(id, ':'); i >= 0 && len(id) > i+13 {
		return id[:i+13]
	}
	return id[:min(12, len(id))]
}

func (e *evaluator) toolchain() plan.Toolchain {
	var t plan.Toolchain
	for _, set := range e.target.Distro.Tools {
		switch set.Key.V {
		case "fetch":
			t.Fetch = sorted(set.Val.Values())
			continue
		case stacks.KindPip, stacks.KindWheel, stacks.KindColcon:
			if t.Kinds == nil {
				t.Kinds = map[string][]string{}
			}
			t.Kinds[set.Key.V] = sorted(set.Val.Values())
			continue
		}
		t.Packages = append(t.Packages, set.Val.Values()...)
	}
	t.Packages = sorted(t.Packages)
	for _, arch := range e.target.Distro.Cross {
		if t.Cross == nil {
			t.Cross = map[string][]string{}
		}
		t.Cross[arch.Key.V] = sorted(arch.Val.Values())
	}
	return t
}

// sorted returns words without duplicates, in order; nil if there are none.
func sorted(words []string) []string {
	if len(words) == 0 {
		return nil
	}
	out := slices.Clone(words)
	slices.Sort(out)
	return slices.Compact(out)
}

func (e *evaluator) component(n *node) plan.Component {
	c := plan.Component{
		Name: n.key.name, Version: n.versionText(), Summary: n.entry.Summary.V, License: n.entry.License.V,
		Host: n.key.host(), Arch: n.key.arch, Shipped: e.shipped[n.key], Why: n.chain()[:len(n.chain())-1],
		Tools: ids(n.edges["tools"]), Build: ids(n.edges["build"]), Link: ids(n.edges["link"]), Run: ids(n.edges["run"]),
	}
	if len(c.Why) == 0 {
		c.Why = nil
	}
	if len(n.variants) > 0 {
		c.Variants = n.variants
	}
	if len(n.options) > 0 {
		c.Options = n.options
	}
	if n.version != nil {
		c.Date = e.date(n.version.Date)
	}
	for _, st := range n.entry.Steps {
		if st.Pip != nil && st.When.Holds(e.situation(n)) {
			c.World = worldOf(st.Pip.World)
		}
	}
	e.environment(n, &c)
	c.Sources = e.sources(n)
	c.Steps = e.steps(n, &c)
	return c
}

func ids(keys []key) []string {
	var out []string
	for _, k := range keys {
		out = append(out, k.id())
	}
	return out
}

func (e *evaluator) referenceHelp(name string) string {
	head, _, _ := strings.Cut(name, ".")
	if slices.Contains(e.in.Platforms.VersionKeys(), head) {
		return fmt.Sprintf("%s has no %s; set it under [versions], or ask for it under a condition", e.target, head)
	}
	return diag.DidYouMean(name, []string{
		"version", "version.major", "version.minor", "cuda.version", "cuda.version.dashed", "cuda.archs", "python.version",
		"l4t.version", "jetpack.version", "ubuntu.version", "distro.codename", "arch", "arch.triple", "arch.machine", "prefix",
	})
}

func (e *evaluator) textMap(n *node, m tree.Map[tree.Text]) map[string]string {
	if len(m) == 0 {
		return nil
	}
	out := map[string]string{}
	for _, v := range m {
		out[v.Key.V] = e.text(n, v.Val)
	}
	return out
}

func (e *evaluator) textList(n *node, ts []tree.Text) []string {
	var out []string
	for _, t := range ts {
		out = append(out, e.text(n, t))
	}
	return out
}

// pinHelp says how what was looked up is pinned.
func pinHelp(req Request) string {
	switch {
	case req.Image != "":
		return "pin it, as in " + req.Image + "@sha256:…"
	case req.Git != nil:
		return "pin it: add commit = with the 40 digits that git ls-remote prints"
	}
	return "pin it, or keep a lock"
}
