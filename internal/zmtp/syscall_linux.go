//go:build linux && !race && !msan && !asan

package zmtp

import (
	"syscall"
	"unsafe"
)

// A system call costs more than its own time: the runtime is told first, for the
// call might block, and in a process that was idle this wakes its monitor thread,
// ahead of each answer. The sockets of this package never block, so for small
// pieces the runtime is not told, which saves a quarter to a third of the CPU time
// of a call. The race detector is another matter: it learns from the ordinary calls
// which accesses of two ends in one process are ordered.

// quickMax is the largest piece, in bytes, for which the runtime is not told: a read
// buffer. Until the kernel has copied it, over loopback twice, this thread can neither
// be stopped for the garbage collector nor give its processor away; 32 KiB take some 10 µs.
const quickMax = readSize

// sysRead reads from a descriptor that does not block.
func sysRead(fd uintptr, p []byte) (int, error) {
	if len(p) > quickMax {
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
