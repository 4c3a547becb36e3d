package llb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
)

// marshaler turns vertices into bytes. It starts on a vertex as soon as it is
// rendered, beside the rendering of the next, and keeps the bytes: the result
// and the checks of a build share nearly all their vertices, and BuildKit's own
// Marshal would go through them once for each.
type marshaler struct {
	ctx   context.Context
	c     *bk.Constraints
	queue chan func()
	done  sync.WaitGroup
	// panicked is what a vertex panicked with.
	panicked any
}

func newMarshaler(ctx context.Context, arch string, opts ...bk.ConstraintsOpt) *marshaler {
	m := &marshaler{ctx: ctx, c: bk.NewConstraints(append([]bk.ConstraintsOpt{bk.Platform(Platform(arch))}, opts...)...), queue: make(chan func(), 64)}
	m.done.Go(func() {
		for work := range m.queue {
			m.do(work)
		}
	})
	return m
}

// do keeps what a vertex panics with for close: here nobody could catch it.
func (m *marshaler) do(work func()) {
	defer func() {
		if p := recover(); p != nil && m.panicked == nil {
			m.panicked = p
		}
	}()
	work()
}

// add begins to marshal a state's vertex. What it needs was added before.
func (m *marshaler) add(st bk.State) {
	if out := st.Output(); out != nil {
		// The bytes stay in the vertex. An error comes again, and is reported,
		// when the definition is put together.
		m.queue <- func() { _, _, _, _, _ = out.Vertex(m.ctx, m.c).Marshal(m.ctx, m.c) }
	}
}

// same reports whether two states are one result, whatever made them. It waits
// for what was added before: a vertex is not to be marshalled twice at once.
func (m *marshaler) same(a, b bk.State) (bool, error) {
	type answer struct {
		same bool
		err  error
	}
	said := make(chan answer, 1)
	m.queue <- func() {
		defer close(said)
		first, err := m.input(a)
		second, err2 := m.input(b)
		said <- answer{first == second, errors.Join(err, err2)}
	}
	got := <-said
	return got.same, got.err
}

// input names a state's result.
func (m *marshaler) input(st bk.State) (string, error) {
	if st.Output() == nil {
		return "", nil
	}
	in, err := st.Output().ToInput(m.ctx, m.c)
	if err != nil {
		return "", fmt.Errorf("marshalling the graph: %w", err)
	}
	return fmt.Sprint(in.Digest, "#", in.Index), nil
}

// close waits for all that was added. A panic goes on from here.
func (m *marshaler) close() {
	close(m.queue)
	m.done.Wait()
	if m.panicked != nil {
		panic(m.panicked)
	}
}

// definition puts a state's vertices together, needs first.
func (m *marshaler) definition(st bk.State) (*pb.Definition, error) {
	d := &pb.Definition{Metadata: map[string]*pb.OpMetadata{}}
	if st.Output() == nil {
		return d, nil
	}
	a := assembly{marshaler: m, def: d, locations: map[digest.Digest][]*bk.SourceLocation{}, seen: map[bk.Vertex]bool{}}
	if err := a.vertex(st.Output().Vertex(m.ctx, m.c)); err != nil {
		return nil, fmt.Errorf("marshalling the graph: %w", err)
	}
	in, err := st.Output().ToInput(m.ctx, m.c)
	if err != nil {
		return nil, fmt.Errorf("marshalling the graph: %w", err)
	}
	head, err := (&pb.Op{Inputs: []*pb.Input{in}}).MarshalVT()
	if err != nil {
		return nil, fmt.Errorf("marshalling the graph: %w", err)
	}
	d.Def = append(d.Def, head)
	d.Metadata[digest.FromBytes(head).String()] = &pb.OpMetadata{Caps: a.headCaps()}
	d.Source, err = a.sources()
	return d, err
}

// assembly is one definition in the making.
type assembly struct {
	*marshaler
	def       *pb.Definition
	locations map[digest.Digest][]*bk.SourceLocation
	seen      map[bk.Vertex]bool
}

func (a *assembly) vertex(v bk.Vertex) error {
	if a.seen[v] {
		return nil
	}
	for _, in := range v.Inputs() {
		if err := a.vertex(in.Vertex(a.ctx, a.c)); err != nil {
			return err
		}
	}
	d, dt, md, at, err := v.Marshal(a.ctx, a.c)
	if err != nil {
		return err
	}
	a.seen[v] = true
	a.locations[d] = append(a.locations[d], at...)
	key := d.String()
	if have, ok := a.def.Metadata[key]; ok {
		a.def.Metadata[key] = united(have, md) // equal vertices under several names
		return nil
	}
	a.def.Metadata[key] = md
	a.def.Def = append(a.def.Def, dt)
	return nil
}

// united is the metadata of vertices that turned out to be one. The first name
// stays.
func united(a, b *pb.OpMetadata) *pb.OpMetadata {
	out := &pb.OpMetadata{
		IgnoreCache: a.IgnoreCache || b.IgnoreCache, Description: a.Description, ExportCache: a.ExportCache,
		Caps: maps.Clone(a.Caps), ProgressGroup: a.ProgressGroup, LinuxResources: a.LinuxResources,
	}
	if out.Caps == nil {
		out.Caps = map[string]bool{}
	}
	maps.Copy(out.Caps, b.Caps)
	return out
}

// headCaps are what the definition as a whole asks of a daemon.
func (a *assembly) headCaps() map[string]bool {
	caps := map[string]bool{string(pb.CapConstraints): true, string(pb.CapPlatform): true}
	for _, md := range a.def.Metadata {
		if md.IgnoreCache {
			caps[string(pb.CapMetaIgnoreCache)] = true
		}
		if md.Description != nil {
			caps[string(pb.CapMetaDescription)] = true
		}
	}
	return caps
}

// sources are the places of vertices: in the user's file, and, where a base is
// the result of another build, in the files of that.
func (a *assembly) sources() (*pb.Source, error) {
	out := &pb.Source{Locations: map[string]*pb.Locations{}}
	var files []*bk.SourceMap
	// In the order of the definition: that of a map would be another each time.
	for _, dt := range a.def.Def {
		d := digest.FromBytes(dt)
		for _, l := range a.locations[d] {
			at := slices.IndexFunc(files, func(f *bk.SourceMap) bool { return sameFile(f, l.SourceMap) })
			if at < 0 {
				at = len(files)
				files = append(files, l.SourceMap)
			}
			key := d.String()
			if out.Locations[key] == nil {
				out.Locations[key] = &pb.Locations{}
			}
			out.Locations[key].Locations = append(out.Locations[key].Locations, &pb.Location{SourceIndex: int32(at), Ranges: l.Ranges})
		}
	}
	for _, f := range files {
		info, err := a.file(f)
		if err != nil {
			return nil, err
		}
		out.Infos = append(out.Infos, info)
	}
	return out, nil
}

// sameFile reports whether two source maps are of one file: each build that a
// base comes from has its own.
func sameFile(a, b *bk.SourceMap) bool {
	return a == b || a.Filename == b.Filename && a.Language == b.Language && bytes.Equal(a.Data, b.Data)
}

// file is a file that places are in.
func (a *assembly) file(f *bk.SourceMap) (*pb.SourceInfo, error) {
	info := &pb.SourceInfo{Data: f.Data, Filename: f.Filename, Language: f.Language}
	if f.Definition == nil && f.State != nil {
		def, err := f.State.Marshal(a.ctx)
		if err != nil {
			return nil, fmt.Errorf("marshalling the stack file's source: %w", err)
		}
		f.Definition = def
	}
	if f.Definition != nil {
		info.Definition = f.Definition.ToPB()
	}
	return info, nil
}
