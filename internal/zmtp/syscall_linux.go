//go:build linux && !race && !msan && !asan

package zmtp

import (
	"syscall"
	"unsafe"
)

// A system call costs more than its own time: the runtime is told first, for the
// call might block, and in a process that was idle this wakes its monitor thread,
// ahead of each answer. The sockets of this package never block, so for small
// pieces the runtime is not told, which saves a third of the CPU time of a lone
// call. The race detector is another matter: it learns from the ordinary calls
// which accesses of two ends in one process are ordered.

const (
	// quickRead is the largest room, in bytes, that is read into without telling
	// the runtime: a read buffer. Copying that much takes some 5 µs, for which
	// this thread cannot be stopped for the garbage collector.
	quickRead = readSize

	// quickWrite is the same for writes, which may wake the peer on this very CPU:
	// the answers of a call or two, whose sender has nothing else to do. When a
	// batch is written there are others, who want the processor meanwhile: with 32 KiB
	// here the 99th percentile of 64 calls in flight was twice as high.
	quickWrite = 512
)

// sysRead reads from a descriptor that does not block.
func sysRead(fd uintptr, p []byte) (int, error) {
	if len(p) > quickRead {
		return syscall.Read(int(fd), p)
	}
	return quick(syscall.SYS_READ, fd, p)
}

// sysWrite writes to a descriptor that does not block.
func sysWrite(fd uintptr, p []byte) (int, error) {
	if len(p) > quickWrite {
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
