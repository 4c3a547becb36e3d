package frontend

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	bk "github.com/moby/buildkit/client/llb"
	gw "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	fstypes "github.com/tonistiigi/fsutil/types"

	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/diag"
)

// MaxFile bounds one file that is read from a user's tree, in bytes.
const MaxFile = 8 << 20

// maxOwnFile bounds one that the build itself made, such as a package manager's
// record, which has some kilobytes for each of thousands of packages.
const maxOwnFile = 64 << 20

// maxPart is how much of a file is asked for at once, in bytes.
const maxPart = 4 << 20

// treeFS is a tree inside the daemon as a file system. A file of the tree is
// read when it is asked for; a path that is not there is fs.ErrNotExist.
type treeFS struct {
	ctx context.Context
	ref gw.Reference
	max int64 // of one file, in bytes
}

// tree solves a state and gives it as a file system.
func (b *build) tree(ctx context.Context, st bk.State) (fs.FS, error) {
	def, err := st.Marshal(ctx, bk.WithCaps(b.ui.BuildOpts().LLBCaps))
	if err != nil {
		return nil, fmt.Errorf("marshalling a tree: %w", err)
	}
	return b.solvedTree(ctx, def.ToPB())
}

func (b *build) solvedTree(ctx context.Context, def *pb.Definition) (fs.FS, error) {
	res, err := b.ui.GatewayClient().Solve(ctx, gw.SolveRequest{Definition: def, Evaluate: true, CacheImports: b.ui.CacheImports})
	if err != nil {
		return nil, err
	}
	ref, err := res.SingleRef()
	if err != nil {
		return nil, err
	}
	return treeFS{ctx, ref, MaxFile}, nil
}

func (t treeFS) stat(name string) (*fstypes.Stat, error) {
	st, err := t.ref.StatFile(t.ctx, gw.StatRequest{Path: name})
	if err != nil {
		return nil, missing("stat", name, err)
	}
	return st, nil
}

// missing tells a path that is not there from a daemon that does not answer, or
// that lacks something of its own. Over the gateway an error is its words: those
// of the path itself end with its name in the tree and the reason.
func missing(op, name string, err error) error {
	said, gone := strings.CutSuffix(err.Error(), path.Clean(name)+": no such file or directory")
	if gone && (strings.HasSuffix(said, " ") || strings.HasSuffix(said, "/")) {
		return &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// ReadFile reads a whole file.
func (t treeFS) ReadFile(name string) ([]byte, error) {
	st, err := t.stat(name)
	if err != nil {
		return nil, err
	}
	if st.Size > t.max {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("it has %d bytes; at most %d are read", st.Size, t.max)}
	}
	var data []byte
	// In parts, as a message of the gateway's is bounded.
	for int64(len(data)) < st.Size {
		part, err := t.ref.ReadFile(t.ctx, gw.ReadRequest{Filename: name, Range: &gw.FileRange{Offset: len(data), Length: maxPart}})
		if err != nil {
			return nil, missing("read", name, err)
		}
		if len(part) == 0 {
			break
		}
		data = append(data, part...)
	}
	return data, nil
}

// ReadDir lists a folder.
func (t treeFS) ReadDir(name string) ([]fs.DirEntry, error) {
	stats, err := t.ref.ReadDir(t.ctx, gw.ReadDirRequest{Path: name})
	if err != nil {
		return nil, missing("readdir", name, err)
	}
	var out []fs.DirEntry
	for _, st := range stats {
		out = append(out, fs.FileInfoToDirEntry(info{path.Base(st.Path), st}))
	}
	slices.SortFunc(out, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return out, nil
}

// Stat describes a path.
func (t treeFS) Stat(name string) (fs.FileInfo, error) {
	st, err := t.stat(name)
	if err != nil {
		return nil, err
	}
	return info{path.Base(name), st}, nil
}

// Open is here because fs.FS asks for it; everything is read whole.
func (t treeFS) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: errors.ErrUnsupported}
}

type info struct {
	name string
	st   *fstypes.Stat
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return i.st.Size }
func (i info) Mode() fs.FileMode  { return fs.FileMode(i.st.Mode) }
func (i info) ModTime() time.Time { return time.Unix(0, i.st.ModTime) }
func (i info) IsDir() bool        { return i.st.IsDir() }
func (i info) Sys() any           { return i.st }

// lazyContext is what components by path have in the build context, transferred
// when it is first read.
type lazyContext struct {
	b       *build
	ctx     context.Context
	folders []string
	fs.FS
	err error
}

// componentFolders are the folders of the components that a stack names by
// their path.
func componentFolders(f *diag.File) []string {
	var out []string
	s, _ := stacks.Parse(f) // what is wrong with it is said elsewhere
	for _, c := range s.Components {
		if dir, ok := stacks.CleanRel(c.Path.V); ok {
			out = append(out, dir)
		}
	}
	return out
}

func (l *lazyContext) open() (fs.FS, error) {
	if l.FS == nil && l.err == nil {
		// The name keeps it apart from what the build itself takes: the daemon
		// would throw away of one what is not part of the other.
		st, err := l.b.ui.MainContext(l.ctx, bk.FollowPaths(l.folders), bk.SharedKeyHint("context:components"))
		if err != nil {
			l.err = err
			return nil, err
		}
		l.FS, l.err = l.b.tree(l.ctx, *st)
	}
	return l.FS, l.err
}

// ReadFile reads a file of the context.
func (l *lazyContext) ReadFile(name string) ([]byte, error) {
	t, err := l.open()
	if err != nil {
		return nil, err
	}
	return fs.ReadFile(t, name)
}

// ReadDir lists a folder of the context.
func (l *lazyContext) ReadDir(name string) ([]fs.DirEntry, error) {
	t, err := l.open()
	if err != nil {
		return nil, err
	}
	return fs.ReadDir(t, name)
}

// Stat describes a path of the context.
func (l *lazyContext) Stat(name string) (fs.FileInfo, error) {
	t, err := l.open()
	if err != nil {
		return nil, err
	}
	return fs.Stat(t, name)
}
