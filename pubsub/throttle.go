package pubsub

import (
	"sync"
	"time"
)

// throttle lets one in reportEvery through and counts the others. The zero value
// is ready; it may be used concurrently.
type throttle struct {
	mu sync.Mutex

	// mu guards the fields below.
	next time.Time // when the next may pass
	held uint64    // how many did not since the last that did
}

// pass reports whether this one may pass, and how many were held back before it.
func (t *throttle) pass() (held uint64, ok bool) {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Before(t.next) {
		t.held++
		return 0, false
	}
	held, t.held = t.held, 0
	t.next = now.Add(reportEvery)
	return held, true
}
