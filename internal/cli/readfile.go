package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/org/jetson-frontend/frontend"
	"github.com/org/jetson-frontend/stacks/tree"
)

// errInterrupted is what is said when a signal ends the wait for input.
var errInterrupted = errors.New("interrupted")

// await does what may never end, such as reading from a terminal or opening a
// pipe, and is done with it when ctx is.
func await[T any](ctx context.Context, do func() (T, error)) (T, error) {
	type result struct {
		v   T
		err error
	}
	done := make(chan result, 1)
	go func() {
		v, err := do()
		done <- result{v, err}
	}()
	select {
	case r := <-done:
		return r.v, r.err
	case <-ctx.Done():
		var none T
		return none, errInterrupted
	}
}

// readText reads a TOML file, and of one that is too large only that it is:
// what a name stands for may have no end.
func readText(ctx context.Context, name string) ([]byte, error) {
	return await(ctx, func() ([]byte, error) {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return io.ReadAll(io.LimitReader(f, tree.MaxFileSize+1))
	})
}

// readInput reads a TOML text from standard input.
func readInput(ctx context.Context, env Env) ([]byte, error) {
	data, err := await(ctx, func() ([]byte, error) {
		return io.ReadAll(io.LimitReader(env.Stdin, tree.MaxFileSize+1))
	})
	if err != nil && !errors.Is(err, errInterrupted) {
		return nil, fmt.Errorf("reading standard input: %w", err)
	}
	return data, err
}

// dirFS is a folder of this machine, of which regular files are read, and no
// larger ones than the frontend reads of a tree in the daemon.
type dirFS struct{ fs.FS }

func openDir(name string) fs.FS { return dirFS{os.DirFS(name)} }

// ReadFile reads a whole file.
func (d dirFS) ReadFile(name string) ([]byte, error) {
	refused := func(format string, args ...any) error {
		return &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf(format, args...)}
	}
	// A pipe would not even open: nobody may be there to write to it.
	st, err := fs.Stat(d.FS, name)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, refused("it is not a regular file")
	}
	f, err := d.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, frontend.MaxFile+1))
	if err == nil && len(data) > frontend.MaxFile {
		return nil, refused("it has more than %d bytes, the most that is read", frontend.MaxFile)
	}
	return data, err
}
