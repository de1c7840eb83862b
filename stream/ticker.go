package stream

import (
	"sync"
	"time"
)

// tickable is something with channels to look after.
type tickable interface {
	// onTick looks at every channel and reports whether there are any left to
	// look at next time.
	onTick(now time.Time) (more bool)
}

// Ticker drives the heartbeats of many muxes with one timer. It runs only while
// one of them has an open channel, so an idle connection costs no wake-ups.
type Ticker struct {
	every time.Duration // set at creation; 0: heartbeats are off

	mu     sync.Mutex // guards the fields below
	muxes  []tickable
	timer  *time.Timer
	armed  bool
	closed bool
}

// NewTicker returns a ticker for muxes with this heartbeat interval; negative
// means heartbeats are off and the ticker never runs.
func NewTicker(heartbeat time.Duration) *Ticker {
	if heartbeat == 0 {
		heartbeat = DefaultHeartbeat
	}
	return &Ticker{every: max(0, heartbeat) / ticksPerBeat}
}

// add has m looked after until its onTick reports false.
func (t *Ticker) add(m tickable) {
	if t.every == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return
	}
	t.muxes = append(t.muxes, m)
	if t.armed {
		return
	}
	t.armed = true
	if t.timer == nil {
		t.timer = time.AfterFunc(t.every, t.tick)
	} else {
		t.timer.Reset(t.every)
	}
}

func (t *Ticker) tick() {
	t.mu.Lock()
	muxes := t.muxes
	t.muxes = nil
	t.mu.Unlock()

	now := time.Now()
	kept := muxes[:0]
	for _, m := range muxes {
		if m.onTick(now) {
			kept = append(kept, m)
		}
	}
	clear(muxes[len(kept):])

	t.mu.Lock()
	defer t.mu.Unlock()
	t.muxes = append(kept, t.muxes...) // those that were added meanwhile come after
	t.armed = len(t.muxes) > 0 && !t.closed
	if t.armed {
		t.timer.Reset(t.every)
	} else {
		t.muxes, t.timer = nil, nil // an idle client keeps neither
	}
}

// Close stops the ticker for good.
func (t *Ticker) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	if t.timer != nil {
		t.timer.Stop()
	}
}
