package resolve

import (
	"cmp"
	"slices"
	"strings"

	"github.com/org/jetson-frontend/stacks/lock"
	"github.com/org/jetson-frontend/stacks/plan"
	"github.com/org/jetson-frontend/stacks/platform"
	"github.com/org/jetson-frontend/stacks/tree"
)

// archives lists the archives that the plan uses, in the order of the chain,
// the distribution's own last.
func (e *evaluator) archives(p *plan.Plan) []plan.Archive {
	used := map[string]bool{}
	mark := func(links []plan.Link) {
		for _, l := range links {
			used[l.Archive] = true
		}
	}
	mark(p.Apt.Run)
	mark(p.Apt.Dev)
	for _, c := range p.Components {
		mark(c.Apt)
		mark(c.HostApt)
	}
	for _, t := range p.Tests {
		mark(t.Apt)
	}
	delete(used, "")
	names := sortedKeys(used)
	for _, name := range names {
		names = append(names, e.archiveNeeds(name, used)...)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(e.order(a), e.order(b)), strings.Compare(a, b)) })
	var out []plan.Archive
	for _, name := range slices.Compact(names) {
		out = append(out, e.archive(name, false)...)
	}
	for _, own := range e.target.Distro.Archives {
		out = append(out, e.archive(own.V, true)...)
	}
	return out
}

func (e *evaluator) archiveNeeds(name string, used map[string]bool) []string {
	var out []string
	if a, ok := e.in.Platforms.Archive(name, e.plain()); ok {
		for _, n := range a.Needs {
			if !used[n.V] {
				used[n.V] = true
				out = append(out, n.V)
			}
		}
	}
	return out
}

func (e *evaluator) archive(name string, own bool) []plan.Archive {
	a, ok := e.in.Platforms.Archive(name, e.plain())
	if !ok {
		return nil // reported where it was asked for
	}
	out := plan.Archive{
		Name: name, URLs: map[string]string{}, Suites: e.platformTexts(a, a.Suites), Components: e.platformTexts(a, a.Components),
		Keyring: a.Key.Keyring.V, KeyURL: a.Key.HTTP.V, KeySHA256: a.Key.SHA256.V, KeyFingerprint: strings.ToUpper(a.Key.Fingerprint.V),
		Keep: a.Keep, Own: own,
		Needs: sorted(texts(a.Needs)),
	}
	for _, u := range a.URL {
		out.URLs[u.Key.V] = e.platformText(a, u.Val)
	}
	if out.KeyURL != "" && out.KeySHA256 == "" {
		out.KeySHA256 = e.keyDigest(a)
	}
	return []plan.Archive{out}
}

// keyDigest looks up which file an archive's key is now. Where the build holds
// the key to its fingerprint, another file is no other key, and nothing is said
// of that.
func (e *evaluator) keyDigest(a *platform.Archive) string {
	url := a.Key.HTTP.V
	locked := func(l *lock.File) string { return l.HTTP[url] }
	fact, req := e.in.Facts.HTTP[url], Request{HTTP: url}
	if !a.Key.Fingerprint.Set() {
		return e.lookup(a.Key.HTTP.At, "the key of "+a.Name.V, locked, fact, req)
	}
	if e.in.Lock != nil && locked(e.in.Lock) != "" {
		return locked(e.in.Lock)
	}
	if fact == "" && !e.in.Facts.Offline {
		e.ask(a.Key.HTTP.At, req)
	}
	return fact
}

func (e *evaluator) platformTexts(a *platform.Archive, ts []tree.Text) []string {
	var out []string
	for _, t := range ts {
		out = append(out, e.platformText(a, t))
	}
	return out
}
