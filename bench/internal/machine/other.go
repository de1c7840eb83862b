//go:build !linux

package machine

import (
	"errors"
	"runtime"
	"time"
)

// CanPin says that Pin works here.
const CanPin = false

// CPUTime is not known here.
func CPUTime() time.Duration { return 0 }

// ReadLoad is not known here.
func ReadLoad() (Load, bool) { return Load{}, false }

// CPUs is the number of CPUs that this process and its children may use.
func CPUs() int { return runtime.NumCPU() }

// PinCPU is the CPU that Pin would use.
func PinCPU() int { return 0 }

var errPin = errors.New("pinning a process to a CPU needs Linux")

// Pin cannot be done here.
func Pin(pid int) error { return errPin }

// Unpin cannot be done here.
func Unpin(pid int) error { return errPin }

// Sleep pauses as well as Go's timers can.
func Sleep(d time.Duration) { time.Sleep(d) }

// FineTimers has nothing to set here.
func FineTimers() {}

// Memory is not known here.
func Memory(pid int) (kib float64, ok bool) { return 0, false }

// Files is how many file descriptors a process may be sure of.
func Files() int { return 256 }
