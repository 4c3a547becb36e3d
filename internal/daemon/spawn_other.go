//go:build !linux

package daemon

import "syscall"

func detached(bool) *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

// Pid is known on Linux alone, where alone a private builder runs.
func (p Paths) Pid() (int, error) { return 0, nil }
