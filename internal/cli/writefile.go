package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/org/jetson-frontend/stacks/diag"
)

// replaceFile writes a file beside its place and moves it there, so that an
// interrupted run leaves the old one or the new one. What is there already keeps
// its owner and mode; mode is that of a new file. A device, a pipe and what
// cannot be replaced are opened and written.
func replaceFile(name string, data []byte, mode fs.FileMode) error {
	st, err := os.Stat(name)
	switch {
	case err == nil && st.IsDir():
		return fmt.Errorf("%s is a folder; the name of a file is needed", name)
	case err == nil && !st.Mode().IsRegular(), isStream(name):
		return written(name, os.O_WRONLY|os.O_APPEND, data, mode)
	}
	target, err := filepath.EvalSymlinks(name)
	if err != nil {
		target = name
	}
	err = moved(target, st, data, mode)
	if err == nil {
		return nil
	}
	if !errors.Is(err, errInPlace) && !errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%s cannot be written: %w", name, diag.Reason(err))
	}
	// The folder may be closed to us and the file open, or the file somebody's
	// to whom only root can give it back.
	return written(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, data, mode)
}

// isStream reports whether a name stands for one of this process's own streams,
// which is written on where it is.
func isStream(name string) bool {
	return name == "/dev/stdout" || name == "/dev/stderr" || strings.HasPrefix(name, "/dev/fd/") || strings.HasPrefix(name, "/proc/self/fd/")
}

// errInPlace says that a file is not to be replaced.
var errInPlace = errors.New("not to be replaced")

// moved puts a new file in the place of target, which st describes if it is
// there.
func moved(target string, st fs.FileInfo, data []byte, mode fs.FileMode) error {
	if l, err := os.Lstat(target); err == nil && !l.Mode().IsRegular() {
		return errInPlace // a link to nothing is written through
	}
	tmp, err := os.CreateTemp(filepath.Dir(target), ".jetson-*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	if err == nil {
		err = likeBefore(tmp, st, mode)
	}
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(tmp.Name(), target)
	}
	if err != nil {
		_ = os.Remove(tmp.Name()) // what is said is why it was not written
	}
	return err
}

// likeBefore gives a file the owner and the mode of the one that it replaces.
func likeBefore(f *os.File, st fs.FileInfo, mode fs.FileMode) error {
	if st == nil {
		return f.Chmod(mode)
	}
	if sys, ok := st.Sys().(*syscall.Stat_t); ok {
		if err := f.Chown(int(sys.Uid), int(sys.Gid)); err != nil {
			return err
		}
	}
	return f.Chmod(st.Mode().Perm())
}

// written writes a file where it is.
func written(name string, flags int, data []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(name, flags, mode)
	if err == nil {
		_, err = f.Write(data)
		if cerr := f.Close(); err == nil {
			err = cerr
		}
	}
	if err != nil {
		return fmt.Errorf("%s cannot be written: %w", name, diag.Reason(err))
	}
	return nil
}
