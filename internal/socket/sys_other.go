//go:build !unix

package socket

import "syscall"

// The system's errors that we act upon: Winsock's numbers, which package
// syscall does not name.
const (
	errnoInUse   = syscall.Errno(10048) // WSAEADDRINUSE
	errnoRefused = syscall.Errno(10061) // WSAECONNREFUSED
)

// lockDir is the lock of sys_unix.go where there is none: two processes that
// replace the same stale socket at the same moment are then not kept apart.
func lockDir(string) (unlock func()) { return func() {} }
