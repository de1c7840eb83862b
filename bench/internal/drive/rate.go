package drive

import (
	"runtime"
	"time"

	"github.com/zrpc-go/zrpc/bench/internal/machine"
	"github.com/zrpc-go/zrpc/bench/internal/peers"
)

// schedule returns a channel that yields the times at which calls are due, when they
// are, and is closed after the last. It never waits for the callers: what they have not
// taken stays in the channel, and is late.
//
//	due 0 1 2 3 …  ──▶ channel ──▶ callers: call, record (now − due)
//
// A closed loop asks again only when it was answered, so that a stall of the server
// costs one slow call; here it costs all that were due meanwhile (no coordinated
// omission). Waking the callers counts too, alike for all systems.
func schedule(start time.Time, d time.Duration, rate int) <-chan time.Time {
	n := max(1, int(d.Seconds()*float64(rate)))
	due := make(chan time.Time, n)
	go func() {
		defer close(due)
		runtime.LockOSThread() // never unlocked: the thread, with its timers, ends with this
		machine.FineTimers()
		for i := range n {
			t := start.Add(time.Duration(float64(i) / float64(rate) * float64(time.Second)))
			if wait := time.Until(t); wait > 0 {
				machine.Sleep(wait)
			}
			due <- t
		}
	}()
	return due
}

// onTime makes the calls that are due. Those that nobody came to before giveUp are not
// made, but for each caller's first: they are recorded with the time that they have
// waited, which is less than they would have taken, as a system that cannot keep up must
// not look good for it.
func (w *worker) onTime(c peers.Conn, msg string, due <-chan time.Time, giveUp time.Time) error {
	for t := range due {
		if w.ops == 0 || time.Now().Before(giveUp) {
			if err := once(c, msg); err != nil {
				return err
			}
			w.ops++
		}
		w.hist.Add(time.Since(t))
	}
	return nil
}
