package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
	"github.com/tonistiigi/fsutil"
)

// Folder is a build context on this machine, as a builder gets it.
type Folder struct {
	fs         fsutil.FS
	dir, stack string
	ignore     string
	excludes   []string
}

// OpenFolder opens a build context for the stack file at a path; "" is a stack
// without a file. What is left out is said by a file beside the stack file that
// has its name and .dockerignore, or else by the context's own .dockerignore.
func OpenFolder(dir, stack string) (*Folder, error) {
	root, err := fsutil.NewFS(dir)
	if err != nil {
		return nil, fmt.Errorf("the folder %s cannot be read: %w", dir, err)
	}
	f := &Folder{fs: root, dir: dir, stack: stack}
	names := []string{filepath.Join(dir, dockerui.DefaultDockerignoreName)}
	if stack != "" {
		names = append([]string{stack + dockerui.DefaultDockerignoreName}, names...)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			f.excludes, err = ignorefile.ReadAll(bytes.NewReader(data))
		}
		for _, p := range f.excludes {
			if _, bad := patternmatcher.New([]string{p}); bad != nil && err == nil {
				return nil, fmt.Errorf("%s holds %q, which is not a pattern that files can match", name, p)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("%s cannot be read: %w", name, err)
		}
		f.ignore = filepath.Base(name)
		break
	}
	return f, nil
}

// Ignore is the name of the file that says what is left out.
func (f *Folder) Ignore() string { return f.ignore }

// Instead is advice for a path that is not there: the stack file may lie in the
// folder that was meant.
func (f *Folder) Instead(path string) string {
	if f.stack != "" {
		beside := filepath.Dir(f.stack)
		if found, err := filepath.Glob(filepath.Join(beside, path)); err == nil && len(found) > 0 {
			return fmt.Sprintf("the build context is %s, and %s has it: write -f %s %[2]s", f.dir, beside, f.stack)
		}
	}
	return "paths are relative to the build context, which is the current folder unless another is named"
}

// Sends reports whether a builder that asks for a path, or a pattern, gets
// anything; with all set, if nothing were left out.
func (f *Folder) Sends(ctx context.Context, path string, all bool) (bool, error) {
	if path == "." {
		return true, nil
	}
	opt := &fsutil.FilterOpt{FollowPaths: []string{path}}
	if !all {
		opt.ExcludePatterns = f.excludes
	}
	sent, err := fsutil.NewFilterFS(f.fs, opt)
	if err != nil {
		return false, err
	}
	found := false
	err = sent.Walk(ctx, "", func(_ string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		found = true
		return fs.SkipAll
	})
	return found, err
}
