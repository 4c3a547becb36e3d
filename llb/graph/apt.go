package graph

import (
	"fmt"
	"slices"
	"strings"

	"github.com/org/jetson-frontend/stacks/plan"
)

// chain installs links one after the other on a root and returns its end. what
// names the chain in IDs, label in titles.
func (b *builder) chain(what, label, component string, from *Node, links []plan.Link, keep bool) *Node {
	tip := from
	for i := range links {
		tip = b.install(what, label, component, tip, &links[i], keep)
	}
	return tip
}

// install is one link: resolve and download on the build platform, then install
// without a network. Into a root of another architecture the packages are
// unpacked from outside, and only configured inside it.
func (b *builder) install(what, label, component string, tip *Node, l *plan.Link, keep bool) *Node {
	id := fmt.Sprintf("apt/%s/%s", what, linkName(l))
	fetch := b.fetch(id, label, component, tip, l)
	fetch.Pinned = keep || strings.HasPrefix(what, testChain)
	n := &Node{
		ID: id + "/install", Kind: Install, Component: component, Title: fmt.Sprintf("[%s] install %s", label, describe(l)),
		Arch: tip.Arch, Exec: tip.Arch, Link: l, Keep: keep,
	}
	root := tip
	if tip.Arch != b.o.Build {
		root = b.node(&Node{
			ID: id + "/unpack", Kind: Unpack, Component: component, Title: fmt.Sprintf("[%s] unpack %s", label, describe(l)),
			Arch: tip.Arch, Exec: b.o.Build, Link: l,
			In: []In{{Root, b.base(b.o.Build)}, {Target, tip}, {Debs, fetch}},
		})
		n.Title = fmt.Sprintf("[%s] configure %s", label, describe(l))
	}
	n.In = []In{{Root, root}, {Debs, fetch}}
	return b.node(n)
}

// testChain begins the name of a chain that only a test needs. It stands on
// the finished image.
const testChain = "test-"

// fetch runs in the plain base, which reaches the distribution's archives by
// itself; other archives take certificates.
func (b *builder) fetch(id, label, component string, tip *Node, l *plan.Link) *Node {
	root := b.base(b.o.Build)
	if l.Archive != "" && len(b.p.Tools.Fetch) > 0 {
		root = b.chain("fetcher-"+b.o.Build, "fetcher", "", root, []plan.Link{{Packages: b.p.Tools.Fetch}}, false)
	}
	return b.node(&Node{
		ID: id + "/fetch", Kind: Fetch, Component: component, Title: fmt.Sprintf("[%s] fetch %s", label, describe(l)),
		Arch: tip.Arch, Exec: b.o.Build, Link: l,
		In: []In{{Root, root}, {Target, tip}},
	})
}

// extract puts links into a sysroot without running anything of theirs.
func (b *builder) extract(what, label, component string, from *Node, links []plan.Link) *Node {
	tip := from
	for i := range links {
		l := &links[i]
		id := fmt.Sprintf("apt/%s/%s", what, linkName(l))
		fetch := b.fetch(id, label, component, tip, l)
		tip = b.node(&Node{
			ID: id + "/extract", Kind: Extract, Component: component, Title: fmt.Sprintf("[%s] sysroot %s", label, describe(l)),
			Arch: tip.Arch, Exec: b.o.Build, Link: l,
			In: []In{{Root, b.base(b.o.Build)}, {Target, tip}, {Debs, fetch}},
		})
	}
	return tip
}

func linkName(l *plan.Link) string {
	if l.Archive == "" {
		return "distribution"
	}
	return l.Archive
}

func describe(l *plan.Link) string {
	n := len(l.Packages) + len(l.Debs) + len(l.Unpack)
	if n == 1 && len(l.Packages) == 1 {
		return l.Packages[0]
	}
	s := fmt.Sprintf("%d packages", n)
	if l.Archive != "" {
		s += " from " + l.Archive
	}
	return s
}

// together unites two chains, link by link.
func together(a, b []plan.Link) []plan.Link {
	out := slices.Clone(a)
	for _, l := range b {
		i := slices.IndexFunc(out, func(o plan.Link) bool { return o.Archive == l.Archive })
		if i < 0 {
			out = append(out, l)
			continue
		}
		m := out[i]
		m.Packages = sortedSet(append(slices.Clone(m.Packages), l.Packages...))
		m.Debconf = sortedSet(append(slices.Clone(m.Debconf), l.Debconf...))
		m.Markers = sortedSet(append(slices.Clone(m.Markers), l.Markers...))
		m.Unpack = sortedSet(append(slices.Clone(m.Unpack), l.Unpack...))
		m.Hold(l.Versions)
		m.Debs = append(slices.Clone(m.Debs), l.Debs...)
		out[i] = m
	}
	// The distribution's link stays last: see plan.Plan.Archives.
	slices.SortStableFunc(out, func(x, y plan.Link) int {
		switch {
		case x.Archive == "" && y.Archive != "":
			return 1
		case x.Archive != "" && y.Archive == "":
			return -1
		}
		return 0
	})
	return out
}

func sortedSet(words []string) []string {
	if len(words) == 0 {
		return nil
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// toolchain is what the step kinds run, on an architecture. With crossTo it
// can also compile for another one.
func (b *builder) toolchain(arch, crossTo string) *Node {
	packages := b.p.Tools.Packages
	tip := b.base(arch)
	if len(packages) > 0 {
		tip = b.chain("toolchain-"+arch, "toolchain", "", tip, []plan.Link{{Packages: packages}}, false)
	}
	if cross := b.p.Tools.Cross[crossTo]; crossTo != "" && crossTo != arch && len(cross) > 0 {
		tip = b.chain("toolchain-"+arch+"-to-"+crossTo, "toolchain", "", tip, []plan.Link{{Packages: cross}}, false)
	}
	return tip
}
