package machine

import (
	"net"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// bursts of burstTime are short enough for one at least to go by undisturbed.
	bursts, burstTime = 30, time.Millisecond
	// wholly is the share of its time that an undisturbed thread is charged with at the
	// least where interrupts count as its own. Sending over loopback, a third of it and
	// more is spent in them.
	wholly = 0.9
)

// interruptsApart says whether this kernel leaves the interrupts that a process causes
// out of that process's CPU time. It differs with how the kernel was built, and is
// measured once: a thread that sends to nobody over loopback is never idle, and most of
// its work is done in interrupts.
var interruptsApart = sync.OnceValue(func() bool {
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return false // no loopback: no interrupts of ours either
	}
	defer c.Close()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	most := 0.0
	for range bursts {
		start, used := time.Now(), threadTime()
		for time.Since(start) < burstTime {
			// Nobody reads: what does not fit is dropped, after all the work.
			c.WriteTo([]byte{0}, c.LocalAddr())
		}
		most = max(most, (threadTime()-used).Seconds()/time.Since(start).Seconds())
	}
	return most < wholly
})

// threadTime is the CPU time of the calling thread.
func threadTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		return 0
	}
	return time.Duration(t.Nano())
}
