package stream

import (
	"sync"
	"time"
)

// stuckTime is how long a handler may hold its connection's reader: a handler
// that is in the same call at two looks, this far apart, loses it.
const stuckTime = 10 * time.Millisecond

// Watchdog looks at the connections that run handlers on their reading goroutine
// and gives the reading to another goroutine where a handler does not return.
// So a method that was quick and now blocks delays its connection by some 10 ms,
// once. It runs only while there is something to look at.
type Watchdog struct {
	mu    sync.Mutex // guards the fields below
	muxes []*ServerMux
	timer *time.Timer
	armed bool
}

// NewWatchdog returns a watchdog for the connections of one server.
func NewWatchdog() *Watchdog { return new(Watchdog) }

func (w *Watchdog) add(m *ServerMux) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.muxes = append(w.muxes, m)
	if w.armed {
		return
	}
	w.armed = true
	if w.timer == nil {
		w.timer = time.AfterFunc(stuckTime, w.look)
	} else {
		w.timer.Reset(stuckTime)
	}
}

func (w *Watchdog) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	kept := w.muxes[:0]
	for _, m := range w.muxes {
		if m.looked() {
			kept = append(kept, m)
		}
	}
	clear(w.muxes[len(kept):])
	w.muxes = kept
	w.armed = len(kept) > 0
	if w.armed {
		w.timer.Reset(stuckTime)
	}
}
