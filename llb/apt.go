package llb

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	bk "github.com/moby/buildkit/client/llb"
	digest "github.com/opencontainers/go-digest"

	"github.com/org/jetson-frontend/llb/graph"
	"github.com/org/jetson-frontend/stacks/plan"
)

// fetch resolves a link and downloads its packages. It is the only vertex of
// the chain that knows mirrors, and the only one with a network.
func (r *renderer) fetch(n *graph.Node) (bk.State, error) {
	l := n.Link
	archives := r.archivesOf(l.Archive)
	wanted := l.Packages
	files := []file{
		{"jetson.sources", r.sources(archives, n.Arch, true), 0},
		{"preferences", preferences(r.forbidden(n), l.Versions), 0},
	}
	if len(n.Exact) > 0 {
		files = append(files, file{"exact", lines(n.Exact), 0})
	}
	if len(l.Unpack) > 0 {
		files = append(files, file{"unpack", lines(l.Unpack), 0})
	}
	files = append(files, fingerprints(archives)...)
	suite := r.plan.Platform.Codename
	cache := func(kind, dest string) bk.RunOption {
		return CacheID{NS: r.o.Namespace, Kind: kind, Scope: r.plan.Platform.DistroID, Arch: n.Arch, ABI: suite}.mount(dest)
	}
	mounts := []bk.RunOption{
		bk.AddMount(dirApt, r.shared(files), bk.Readonly),
		cache("apt-lists", dirLists),
		cache("apt-archives", dirArchives),
	}
	// The script runs in the root itself where that is the builder's own: BuildKit
	// 0.34 loses the error of an exec into which one result is mounted twice (it
	// releases the second clone twice and says so, and nothing else). Two nodes may
	// come to one result: the base and the plain image are often the same.
	own, err := r.oneResult(n.Input(graph.Target), n.Input(graph.Root))
	if err != nil {
		return bk.State{}, err
	}
	if !own {
		mounts = append(mounts, bk.AddMount(dirRoot, r.input(n, graph.Target), append(r.noHash(), bk.Readonly)...))
	}
	mounts = append(mounts, r.keys(n, archives)...)
	if len(l.Debs) > 0 {
		mounts = append(mounts, bk.AddMount(dirLocal, r.blobs(n, l.Debs, func(b plan.Blob) string { return b.SHA256 + ".deb" }), bk.Readonly))
	}
	return r.run(exec{
		node: n, root: r.input(n, graph.Root), script: "apt-fetch.sh", args: wanted, mounts: mounts, network: true, output: dirDebs,
		env: [][2]string{{"ARCH", n.Arch}},
	})
}

// forbidden are the packages that may not come into what a fetch is for.
func (r *renderer) forbidden(n *graph.Node) []string {
	if n.Pinned {
		return r.plan.Apt.Forbid
	}
	return nil
}

// install configures what a fetch brought: in the root itself, or, for a root
// of another architecture, unpacked from outside first.
func (r *renderer) install(n *graph.Node) (bk.State, error) {
	l := n.Link
	var files []file
	if len(l.Debconf) > 0 {
		files = append(files, file{"debconf", lines(l.Debconf), 0})
	}
	if len(l.Markers) > 0 {
		files = append(files, file{"markers", lines(l.Markers), 0})
	}
	var kept []plan.Archive
	if n.Keep {
		kept = slices.DeleteFunc(r.archivesOf(l.Archive), func(a plan.Archive) bool { return !a.Keep || a.Own })
		files = append(files, r.keep(kept, n.Arch)...)
		files = append(files, fingerprints(kept)...)
	}
	mode := "native"
	switch {
	case n.Kind == graph.Unpack:
		mode = "unpack"
	case n.Input(graph.Root).Kind == graph.Unpack:
		mode = "configure"
	}
	x := exec{
		node: n, root: r.input(n, graph.Root), script: "apt-install.sh",
		env: [][2]string{
			{"MODE", mode}, {"ARCH", n.Arch}, {"KEEP", strings.Join(names(kept), " ")},
			{"SOURCE_DATE_EPOCH", decimal(r.plan.Platform.Date)},
		},
		mounts: []bk.RunOption{bk.AddMount(dirDebs, r.input(n, graph.Debs), bk.Readonly)},
	}
	if mode == "configure" && !n.Keep {
		x.env = append(x.env, [2]string{"DRAFT", "1"})
	}
	if len(files) > 0 {
		x.mounts = append(x.mounts, bk.AddMount(dirApt, r.shared(files), bk.Readonly))
	}
	x.mounts = append(x.mounts, r.keys(n, kept)...)
	if mode == "unpack" {
		target := r.input(n, graph.Target)
		x.output, x.from = dirTarget, &target
	}
	return r.run(x)
}

func (r *renderer) extract(n *graph.Node) (bk.State, error) {
	target := r.input(n, graph.Target)
	return r.run(exec{
		node: n, root: r.input(n, graph.Root), script: "sysroot.sh", output: dirTarget, from: &target,
		env:    [][2]string{{"SOURCE_DATE_EPOCH", decimal(r.plan.Platform.Date)}},
		mounts: []bk.RunOption{bk.AddMount(dirDebs, r.input(n, graph.Debs), bk.Readonly)},
	})
}

// archivesOf are the archives that a link may use: its own, and the
// distribution's. A link knows no other, so that it does not change with what
// the rest of the stack installs from elsewhere.
func (r *renderer) archivesOf(name string) []plan.Archive {
	var out []plan.Archive
	for _, a := range r.plan.Archives {
		if a.Own || a.Name == name || slices.Contains(r.needsOf(name), a.Name) {
			out = append(out, a)
		}
	}
	return out
}

func (r *renderer) needsOf(name string) []string {
	if a, ok := r.plan.Archive(name); ok {
		return a.Needs
	}
	return nil
}

func names(archives []plan.Archive) []string {
	var out []string
	for _, a := range archives {
		out = append(out, a.Name)
	}
	return out
}

// sources writes archives as apt reads them.
func (r *renderer) sources(archives []plan.Archive, arch string, fetching bool) []byte {
	var b strings.Builder
	for _, a := range archives {
		url := a.URLs[arch]
		if url == "" {
			url = a.URLs["any"]
		}
		signed := a.Keyring
		if a.KeyURL != "" {
			signed = "/etc/apt/keyrings/jetson-" + a.Name + ".asc"
			if fetching {
				signed = dirKeys + "/" + a.Name + ".asc"
			}
		}
		if fetching {
			url = r.o.Mirrors.Rewrite(url)
		}
		fmt.Fprintf(&b, "Types: deb\nURIs: %s\nSuites: %s\n", url, strings.Join(a.Suites, " "))
		if len(a.Components) > 0 {
			fmt.Fprintf(&b, "Components: %s\n", strings.Join(a.Components, " "))
		}
		fmt.Fprintf(&b, "Architectures: %s\nSigned-By: %s\n\n", arch, signed)
	}
	return []byte(b.String())
}

// preferences keep packages out, and hold others to their versions. Above 1000
// apt may go back to an older one than the base image has.
func preferences(forbid []string, versions map[string]string) []byte {
	var b strings.Builder
	for _, p := range slices.Sorted(maps.Keys(versions)) {
		v := versions[p]
		if strings.Contains(strings.TrimRight(v, "*"), "*") {
			v += "*" // apt takes one off the end, for a prefix, before it reads a pattern
		}
		fmt.Fprintf(&b, "Package: %s\nPin: version %s\nPin-Priority: 1001\n\n", p, v)
	}
	for _, p := range forbid {
		fmt.Fprintf(&b, "Package: %s\nPin: release *\nPin-Priority: -1\n\n", p)
	}
	return []byte(b.String())
}

// keep are the files by which a user's own apt, later, agrees with what was
// done here.
func (r *renderer) keep(archives []plan.Archive, arch string) []file {
	var out []file
	for _, a := range archives {
		out = append(out, file{"keep/etc/apt/sources.list.d/jetson-" + a.Name + ".sources", r.sources([]plan.Archive{a}, arch, false), 0})
	}
	if pins := preferences(r.plan.Apt.Forbid, nil); len(pins) > 0 {
		out = append(out, file{"keep/etc/apt/preferences.d/jetson", pins, 0})
	}
	return out
}

// keys mounts the signing keys of archives that the base image does not hold.
func (r *renderer) keys(n *graph.Node, archives []plan.Archive) []bk.RunOption {
	var out []bk.RunOption
	for _, a := range archives {
		if a.KeyURL == "" {
			continue
		}
		key := bk.HTTP(r.o.Mirrors.Rewrite(a.KeyURL), append(r.httpOptions(n, a.KeySHA256), bk.Filename(a.Name+".asc"))...)
		out = append(out, bk.AddMount(dirKeys+"/"+a.Name+".asc", key, bk.SourcePath("/"+a.Name+".asc"), bk.Readonly))
	}
	return out
}

// fingerprints are what the keys that are mounted are held to, one a line.
func fingerprints(archives []plan.Archive) []file {
	var out []string
	for _, a := range archives {
		if a.KeyURL != "" && a.KeyFingerprint != "" {
			out = append(out, a.Name+" "+a.KeyFingerprint)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return []file{{"fingerprints", lines(out), 0}}
}

// httpOptions are those of a download. BuildKit would give it to root alone: a
// file that is put into the image is for all, and a key for apt's own user.
func (r *renderer) httpOptions(n *graph.Node, sha256 string) []bk.HTTPOption {
	out := []bk.HTTPOption{bk.Chmod(0o644)}
	for _, m := range r.side(n) {
		out = append(out, m)
	}
	if sha256 != "" {
		out = append(out, bk.Checksum(digest.NewDigestFromEncoded(digest.SHA256, sha256)))
	}
	return out
}

// blobs are files by address, in one folder.
func (r *renderer) blobs(n *graph.Node, blobs []plan.Blob, named func(plan.Blob) string) bk.State {
	st := bk.Scratch()
	for _, b := range blobs {
		name := named(b)
		src := bk.HTTP(r.o.Mirrors.Rewrite(b.URL), append(r.httpOptions(n, b.SHA256), bk.Filename(name))...)
		st = st.File(bk.Copy(src, "/"+name, "/"+name), r.side(n)...)
	}
	return st
}
