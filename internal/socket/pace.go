package socket

import (
	"sync/atomic"
	"time"

	"github.com/zrpc-go/zrpc/internal/zmtp"
)

// pace chooses who writes a message. One that stands alone is written by its
// sender, since waking another goroutine takes longer than the write itself.
// One that follows another closely is left to the connection's flusher, so
// that a burst shares system calls.
type pace struct {
	last atomic.Int64 // the latest send, in nanoseconds since paceStart; 0: none
}

// paceStart makes time a number that can be kept in an atomic.
var paceStart = time.Now()

// begin is called before a send and says how to flush it, and what end wants to
// know.
func (p *pace) begin() (f zmtp.Flush, now int64) {
	now = int64(time.Since(paceStart))
	if last := p.last.Load(); last != 0 && now-last < int64(burstGap) {
		return zmtp.Async, now
	}
	return zmtp.Now, now
}

// end is called after a send. Of a direct one the write counts, which may take as
// long as a gap; queueing takes less than a look at the clock.
func (p *pace) end(f zmtp.Flush, now int64) {
	if f == zmtp.Now {
		now = int64(time.Since(paceStart))
	}
	p.last.Store(now)
}
