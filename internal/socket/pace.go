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
	last atomic.Int64 // end of the latest send, in nanoseconds since paceStart; 0: none
}

// paceStart makes time a number that can be kept in an atomic.
var paceStart = time.Now()

// begin is called before a send and says how to flush it.
func (p *pace) begin() zmtp.Flush {
	if last := p.last.Load(); last != 0 && int64(time.Since(paceStart))-last < int64(burstGap) {
		return zmtp.Async
	}
	return zmtp.Now
}

// end is called after a send.
func (p *pace) end() { p.last.Store(int64(time.Since(paceStart))) }
