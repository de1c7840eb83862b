//go:build unix && (!linux || race || msan || asan)

package zmtp

import "syscall"

// sysRead reads from a descriptor that does not block.
func sysRead(fd uintptr, p []byte, _ bool) (int, error) { return syscall.Read(int(fd), p) }

// sysWrite writes to a descriptor that does not block.
func sysWrite(fd uintptr, p []byte) (int, error) { return syscall.Write(int(fd), p) }
