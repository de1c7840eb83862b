//go:build unix

package socket

import (
	"os"
	"syscall"
	"time"
)

// The system's errors that we act upon.
const (
	errnoInUse   = syscall.EADDRINUSE
	errnoRefused = syscall.ECONNREFUSED
)

// lockDir takes an advisory lock on a directory and returns its release. A
// lock on the directory itself leaves no lock file behind. It only closes a
// race between processes that bind at the same moment, so where it cannot be
// had in time the caller goes on without.
func lockDir(dir string) (unlock func()) {
	f, err := os.Open(dir)
	if err != nil {
		return func() {}
	}
	for end := time.Now().Add(ipcLockWait); ; time.Sleep(time.Millisecond) {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil || time.Now().After(end) {
			break
		}
	}
	// Closing the descriptor releases the lock.
	return func() { _ = f.Close() }
}
