package daemon

import (
	"fmt"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// detached is a session of its own, so that the terminal's signals do not reach
// the daemon. As root it also gets a mount namespace: what it has mounted ends
// with it, even if it is killed.
func detached(private bool) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setsid: true}
	if private {
		attr.Cloneflags = syscall.CLONE_NEWNS
	}
	return attr
}

// Pid is the process that listens on the socket; 0 if none does. The kernel
// says it, so that no other process can be taken for the daemon.
func (p Paths) Pid() (int, error) {
	conn, err := net.Dial("unix", p.Socket())
	if err != nil {
		return 0, nil // nobody listens
	}
	defer conn.Close()
	raw, err := conn.(*net.UnixConn).SyscallConn()
	if err != nil {
		return 0, fmt.Errorf("asking for the builder's process: %w", err)
	}
	pid := 0
	var cerr error
	err = raw.Control(func(fd uintptr) {
		var cred *unix.Ucred
		if cred, cerr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); cerr == nil {
			pid = int(cred.Pid)
		}
	})
	if err == nil {
		err = cerr
	}
	if err != nil {
		return 0, fmt.Errorf("asking for the builder's process: %w", err)
	}
	return pid, nil
}
