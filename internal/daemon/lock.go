package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Lock is a lock on a file that the kernel lets go of when its holder ends,
// however it ends.
type Lock struct{ f *os.File }

// ErrHeld says that another process holds a lock.
var ErrHeld = errors.New("the lock is held")

// TryLock takes a lock or returns ErrHeld. A shared one is held beside others
// that are shared.
func TryLock(path string, shared bool) (*Lock, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the lock %s: %w", path, err)
	}
	how := unix.LOCK_EX
	if shared {
		how = unix.LOCK_SH
	}
	err = unix.Flock(int(f.Fd()), how|unix.LOCK_NB)
	if err == nil {
		return &Lock{f}, nil
	}
	f.Close()
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, ErrHeld
	}
	return nil, fmt.Errorf("locking %s: %w", path, err)
}

// WaitLock takes a lock as soon as it is free.
func WaitLock(ctx context.Context, path string, shared bool) (*Lock, error) {
	for {
		l, err := TryLock(path, shared)
		if !errors.Is(err, ErrHeld) {
			return l, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for the lock %s: %w", path, ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Release lets go of the lock.
func (l *Lock) Release() {
	if l != nil {
		_ = l.f.Close() // which is what unlocks it
	}
}
