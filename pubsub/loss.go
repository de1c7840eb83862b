package pubsub

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zrpc-go/zrpc/internal/socket"
)

// Loss tells of events that a Publisher dropped because subscribers did not take
// them in time.
type Loss struct {
	// Dropped is how many were dropped since the report before; each subscriber
	// that missed an event counts. Total is the same since the beginning.
	Dropped, Total uint64

	// Slow are the addresses of subscribers, at most maxSlow, whose queues were
	// half full or more when the report was made. It is empty if all have caught
	// up since.
	Slow []string
}

// maxSlow bounds Loss.Slow: whom to look at first, not a list of thousands.
const maxSlow = 16

// lossWatch reports a publisher's drops: at once when they begin, then once in
// reportEvery until there were none for so long. It costs a goroutine meanwhile.
type lossWatch struct {
	// set at creation
	pub   *socket.Pub
	hwm   int
	bytes int
	tell  func(Loss) // may be nil
	log   *slog.Logger
	done  chan struct{} // closed by close
	work  sync.WaitGroup

	seen atomic.Uint64 // drops that were reported

	mu sync.Mutex

	// mu guards the fields below.
	running bool // a goroutine reports
	closed  bool
}

func newLossWatch(pub *socket.Pub, o *Options) *lossWatch {
	return &lossWatch{
		pub:   pub,
		hwm:   o.HWM,
		bytes: o.QueueBytes,
		tell:  o.OnLoss,
		log:   o.Logger,
		done:  make(chan struct{}),
	}
}

// look is called after each send. It never waits for a report.
func (w *lossWatch) look() {
	if w.pub.Dropped() == w.seen.Load() {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.running && !w.closed {
		w.running = true
		w.work.Go(w.run)
	}
}

// run reports until nothing was dropped for a while.
func (w *lossWatch) run() {
	for {
		w.report()
		select {
		case <-time.After(reportEvery):
		case <-w.done:
			return // close makes the last report
		}
		w.mu.Lock()
		// Under mu, so that a look after this one starts another run.
		if w.pub.Dropped() == w.seen.Load() {
			w.running = false
			w.mu.Unlock()
			return
		}
		w.mu.Unlock()
	}
}

// report tells what was dropped since the last time. One goroutine at a time.
func (w *lossWatch) report() {
	total := w.pub.Dropped()
	l := Loss{Dropped: total - w.seen.Load(), Total: total, Slow: w.slow()}
	w.seen.Store(total)
	w.log.Warn("events dropped: subscribers do not keep up",
		"dropped", l.Dropped, "total", l.Total, "slow", l.Slow)
	if w.tell != nil {
		w.tell(l)
	}
}

// slow lists the subscribers that are behind now.
func (w *lossWatch) slow() (addrs []string) {
	for _, p := range w.pub.Peers() {
		n, bytes := p.Queued()
		// By halves, so that no product overflows.
		if n < w.hwm-w.hwm/2 && bytes < w.bytes-w.bytes/2 {
			continue
		}
		if addrs = append(addrs, p.RemoteAddr().String()); len(addrs) == maxSlow {
			break
		}
	}
	return addrs
}

// close ends the reports, with a last one for what was not told yet.
func (w *lossWatch) close() {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		w.work.Wait()
		return
	}
	w.closed = true
	close(w.done)
	w.mu.Unlock()
	w.work.Wait()
	if w.pub.Dropped() != w.seen.Load() {
		w.report()
	}
}
