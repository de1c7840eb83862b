//go:build linux && !race && !msan && !asan

package zmtp

import (
	"syscall"
	"unsafe"
)

// A system call costs more than its own time: the runtime is told first, for the
// call might block, and in a process that was idle this wakes its monitor thread,
// ahead of each answer. The sockets of this package never block, so for the
// messages of a call or two the runtime is not told, which saves a third of the
// CPU time of a lone call. With many calls in flight it is: a write may wake the
// peer on this very CPU, and then others want the processor meanwhile. The race
// detector is another matter: it learns from the ordinary calls which accesses of
// two ends in one process are ordered.

// sysRead reads from a descriptor that does not block. lone says that little is expected.
func sysRead(fd uintptr, p []byte, lone bool) (int, error) {
	if !lone {
		return syscall.Read(int(fd), p)
	}
	return quick(syscall.SYS_READ, fd, p)
}

// sysWrite writes to a descriptor that does not block.
func sysWrite(fd uintptr, p []byte) (int, error) {
	if len(p) > quickMax {
		return syscall.Write(int(fd), p)
	}
	return quick(syscall.SYS_WRITE, fd, p)
}

func quick(call, fd uintptr, p []byte) (int, error) {
	n, _, errno := syscall.RawSyscall(call, fd, uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
