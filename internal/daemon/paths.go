// Package daemon is the client's side of the private builder: where it keeps
// its state, whether it runs, and how it is started, asked and ended. The
// builder itself, BuildKit's controller, is in package server, so that what
// only talks to it stays small.
package daemon

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// Paths are the places of one private builder.
type Paths struct {
	// Root keeps its state. One daemon at a time uses a root.
	Root string
	// Run holds its socket and locks, and is gone after a restart of the
	// machine.
	Run string
}

// The variables that name another root, and how long an idle daemon stays.
const (
	EnvRoot = "JETSON_BUILDER_ROOT"
	EnvIdle = "JETSON_BUILDER_IDLE"
)

// Find returns the places for a root; "" is the default one of the user, or of
// the system for uid 0. Every other root has a runtime folder of its own.
func Find(root string, getenv func(string) string, uid int) (Paths, error) {
	run, err := runtimeDir(getenv, uid)
	if err != nil {
		return Paths{}, err
	}
	standard, err := standardRoot(getenv, uid)
	if err != nil && root == "" {
		return Paths{}, err
	}
	if root == "" {
		root = standard
	}
	root, err = filepath.Abs(root)
	if err != nil {
		return Paths{}, fmt.Errorf("finding %s: %w", root, err)
	}
	if root != standard {
		// A socket's path is short, whatever the root is called.
		sum := sha256.Sum256([]byte(root))
		run = filepath.Join(run, hex.EncodeToString(sum[:6]))
	}
	return Paths{Root: root, Run: run}, nil
}

func standardRoot(getenv func(string) string, uid int) (string, error) {
	if uid == 0 {
		return "/var/lib/jetson/builder", nil
	}
	if dir := getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "jetson", "builder"), nil
	}
	home := getenv("HOME")
	if home == "" {
		return "", errors.New("neither HOME nor XDG_DATA_HOME is set: there is no place for the builder's state")
	}
	return filepath.Join(home, ".local", "share", "jetson", "builder"), nil
}

func runtimeDir(getenv func(string) string, uid int) (string, error) {
	if uid == 0 {
		return "/run/jetson", nil
	}
	if dir := getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "jetson"), nil
	}
	// A login without a session has no runtime folder. Everyone may write to
	// /tmp, so prepare looks at whose the folder is.
	tmp := getenv("TMPDIR")
	if !filepath.IsAbs(tmp) {
		tmp = "/tmp"
	}
	return filepath.Join(tmp, "jetson-"+strconv.Itoa(uid)), nil
}

// Socket is where the daemon listens, Address the same as BUILDKIT_HOST has it.
func (p Paths) Socket() string { return filepath.Join(p.Run, "buildkitd.sock") }

// Address is the socket as a client is given it.
func (p Paths) Address() string { return "unix://" + p.Socket() }

// Log is the daemon's log file. When it grows too large it is renamed to
// OldLog.
func (p Paths) Log() string { return filepath.Join(p.Root, "daemon.log") }

// OldLog is the log before that.
func (p Paths) OldLog() string { return p.Log() + ".1" }

// State is BuildKit's own root.
func (p Paths) State() string { return filepath.Join(p.Root, "buildkit") }

// Temp holds what the daemon needs for a moment; it is emptied at every start.
func (p Paths) Temp() string { return filepath.Join(p.Root, "tmp") }

// RootLock is held by the daemon as long as it lives.
func (p Paths) RootLock() string { return filepath.Join(p.Root, "lock") }

// UseLock is held, shared, by every client; a daemon that can take it alone has
// none.
func (p Paths) UseLock() string { return filepath.Join(p.Run, "use.lock") }

func (p Paths) startLock() string { return filepath.Join(p.Run, "start.lock") }

// Info is where the daemon says who it is.
func (p Paths) Info() string { return filepath.Join(p.Run, "daemon.json") }

// Failure is where a daemon that cannot start says why.
func (p Paths) Failure() string { return filepath.Join(p.Run, "failure.json") }

// prepare makes the runtime folder, which nobody else may enter: whoever
// reaches the socket of a rootful builder is root.
func (p Paths) prepare(uid int) error {
	if err := os.MkdirAll(filepath.Dir(p.Run), 0o755); err != nil {
		return fmt.Errorf("making the builder's runtime folder: %w", err)
	}
	if err := os.Mkdir(p.Run, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("making the builder's runtime folder: %w", err)
	}
	if err := p.ours(uid); err != nil {
		return err
	}
	st, err := os.Stat(p.Run)
	if err != nil {
		return fmt.Errorf("looking at the builder's runtime folder: %w", err)
	}
	if st.Mode().Perm()&0o077 != 0 {
		if err := os.Chmod(p.Run, 0o700); err != nil {
			return fmt.Errorf("closing the builder's runtime folder to others: %w", err)
		}
	}
	return nil
}

// ours refuses a runtime folder that somebody else made, or could put another in
// the place of: whoever answers there is given credentials and sources. One that
// is not there yet is fine.
func (p Paths) ours(uid int) error {
	parent := filepath.Dir(p.Run)
	owner := func(st fs.FileInfo) int {
		if sys, ok := st.Sys().(*syscall.Stat_t); ok {
			return int(sys.Uid)
		}
		return uid
	}
	for _, dir := range []string{parent, p.Run} {
		st, err := os.Lstat(dir)
		mine := err == nil && owner(st) == uid
		if err == nil && dir == parent {
			// Such as /run, or /tmp, where everyone may add and nobody replace.
			mine = mine || owner(st) == 0
			if st.Mode().Type() == fs.ModeSymlink {
				st, err = os.Stat(dir)
			}
			mine = mine && err == nil && (st.Mode().Perm()&0o002 == 0 || st.Mode()&fs.ModeSticky != 0)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("looking at the builder's runtime folder: %w", err)
		}
		if !st.IsDir() || !mine {
			return problem(fmt.Sprintf("%s belongs to somebody else, or others may write to it", dir), "remove it, or set XDG_RUNTIME_DIR to a folder of your own")
		}
	}
	return nil
}
