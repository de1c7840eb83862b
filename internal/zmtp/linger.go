package zmtp

import "fmt"

// drain refuses further messages, sees to it that what is queued is being
// written, and returns a channel that is closed once it is.
func (w *writer) drain() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closing = true
	if w.idle == nil {
		w.idle = make(chan struct{})
	}
	idle := w.idle
	w.wakeLocked() // senders in wait learn that they are too late
	switch {
	case w.err != nil || w.nbytes == 0:
		close(idle)
		w.idle = nil
	case !w.busy:
		w.busy = true
		w.startFlusherLocked()
	}
	return idle
}

// stalled describes a peer that accepted nothing for the whole WriteStall.
func (w *writer) stalled() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return fmt.Errorf("%w: no byte accepted for %v, %d messages (%d bytes) were waiting",
		ErrStalled, w.stall, w.nmsgs+w.curMsgs, w.nbytes)
}
