package llb

import (
	"fmt"
	"net/url"
	"path"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/org/jetson-frontend/llb/graph"
	"github.com/org/jetson-frontend/stacks/plan"
)

// source is what a step finds under /src: fetched by its pin, and unpacked or
// patched where that is needed.
func (r *renderer) source(n *graph.Node) (bk.State, error) {
	if name := n.Source.Replaced; name != "" {
		if r.o.Named != nil {
			if st, ok := r.o.Named(name); ok {
				return st, nil
			}
		}
		return bk.State{}, fmt.Errorf("%s takes its source from the context %s, and there is none", n.Owner.Name, name)
	}
	from, name, err := r.origin(n)
	if err != nil || n.Exec == "" {
		return from, err
	}
	s := n.Source
	mounts := []bk.RunOption{bk.AddMount(dirIn, from, bk.Readonly)}
	if len(s.Patches) > 0 {
		var files []file
		for i, p := range s.Patches {
			files = append(files, file{fmt.Sprintf("%03d-%s", i, path.Base(p.Name)), p.Data, 0})
		}
		mounts = append(mounts, bk.AddMount(dirPatches, r.folder(n, files), bk.Readonly))
	}
	return r.run(exec{
		node: n, root: r.input(n, graph.Root), script: "source.sh", output: dirOut, mounts: mounts,
		env: [][2]string{{"NAME", name}, {"STRIP", decimal(int64(s.Strip))}},
	})
}

// origin is a source before it is unpacked. The name is the download's, if it
// is to be unpacked.
func (r *renderer) origin(n *graph.Node) (bk.State, string, error) {
	s := n.Source
	opts := r.side(n)
	switch {
	case s.Git != "":
		return Git(*s, r.o.Mirrors, r.o.Caps, opts...), "", nil
	case s.HTTP != "":
		name := fileName(s.HTTP)
		st := bk.HTTP(r.o.Mirrors.Rewrite(s.HTTP), append(r.httpOptions(n, s.SHA256), bk.Filename(name))...)
		if !s.Unpack {
			name = ""
		}
		return st, name, nil
	case s.Image != nil:
		return sub(r.imageOrInstead(*s.Image, SourceArch(r.plan, n.Owner), opts...), s.Path, opts), "", nil
	case s.Context != "":
		if r.o.Context == nil {
			return bk.State{}, "", fmt.Errorf("%s takes its source from the build context, and there is none", n.Owner.Name)
		}
		return sub(*r.o.Context, s.Context, opts), "", nil
	}
	var files []file
	for _, f := range s.Files {
		files = append(files, file{f.Name, f.Data, 0})
	}
	return r.folder(n, files), "", nil
}

// SourceArch is the architecture of an image that a component takes files from:
// that which the component itself is for.
func SourceArch(p *plan.Plan, c *plan.Component) string {
	if c.Host {
		return c.Arch
	}
	return p.Platform.Arch
}

// fileName is what the file at an address is called: the last part of its path,
// decoded.
func fileName(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "download"
	}
	switch name := path.Base(u.Path); name {
	case "/", ".", "..":
		return "download"
	default:
		return name
	}
}

// sub is a folder of a tree, or what a link there leads to, as a tree of its own.
func sub(st bk.State, dir string, opts []bk.ConstraintsOpt) bk.State {
	if dir == "" || dir == "." {
		return st
	}
	return bk.Scratch().File(bk.Copy(st, "/"+dir, "/", &bk.CopyInfo{CopyDirContentsOnly: true, FollowSymlinks: true}), opts...)
}
