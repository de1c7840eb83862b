package zmtp

import (
	"errors"
	"runtime"
	"time"
)

// Flush says who writes a message that has been queued.
type Flush int

const (
	// Now: the caller writes, unless somebody else is at it. It makes attempts
	// that never wait; what the kernel refuses is left to the flusher.
	Now Flush = iota
	// Yield is Now after letting other goroutines run, so that their messages
	// share the system call. For several calls in flight.
	Yield
	// Later leaves it to the next Flush or Now, to 16 messages or 64 KiB pending.
	Later
	// Async leaves it to the flusher goroutine, or to whoever finds 256 messages or
	// 64 KiB pending because that has not been given a CPU yet.
	Async
)

// commitLocked is entered locked, after a message was queued, and leaves
// unlocked. It takes the right to write if that is f's turn and it is free.
func (w *writer) commitLocked(f Flush) error {
	switch {
	case w.yielding && (w.nmsgs >= w.patience || w.nbytes >= w.cork):
		w.seizeLocked() // the right to write passes to us
		return w.flushLocked()
	case w.busy, f == Later && w.nmsgs < corkMsgs && w.nbytes < corkMax:
		w.mu.Unlock()
		return nil
	}
	w.busy = true
	switch f {
	case Async:
		if w.fullLocked() {
			break // the next message would find no room
		}
		w.yielding, w.patience = true, min(asyncMsgs, (w.hwm+1)/2)
		w.startFlusherLocked()
		w.mu.Unlock()
		return nil
	case Yield:
		return w.yieldLocked(corkMsgs)
	}
	return w.flushLocked()
}

// seizeLocked ends the yielding of the right to write: it is the caller's. A
// flusher that was started and did not come to it finds it gone.
func (w *writer) seizeLocked() { w.yielding, w.handed = false, false }

// Flush writes what is queued, as Now, unless somebody is writing.
func (c *Conn) Flush() error {
	w := &c.wr
	if mine, err := w.claim(); !mine {
		return err
	}
	return w.flushLocked()
}

// Gather lets other goroutines run that are about to send, n of them, and then
// writes what they queued. While it waits its turn none of them writes, unless
// more is queued than n messages or 64 KiB.
func (c *Conn) Gather(n int) error {
	w := &c.wr
	if mine, err := w.claim(); !mine {
		return err
	}
	return w.yieldLocked(max(n, corkMsgs))
}

// claim takes the right to write, and leaves locked, or reports false because
// somebody has it or, with the reason, nothing can be sent.
func (w *writer) claim() (mine bool, err error) {
	w.mu.Lock()
	if w.busy || w.err != nil {
		err = w.err
		w.mu.Unlock()
		return false, err
	}
	w.busy = true
	return true, nil
}

// yieldLocked is entered locked with the right to write, which whoever finds
// patience messages queued takes over while other goroutines run. It leaves unlocked.
func (w *writer) yieldLocked(patience int) error {
	w.yielding, w.patience = true, patience
	w.mu.Unlock()
	runtime.Gosched()
	w.mu.Lock()
	if !w.yielding { // somebody found enough queued, and writes
		w.mu.Unlock()
		return nil
	}
	w.seizeLocked()
	return w.flushLocked()
}

// flushLocked is entered locked with the right to write, and leaves unlocked
// without it. It never waits for the peer.
func (w *writer) flushLocked() error {
	for round := 0; w.takeLocked(); round++ {
		if w.try == nil || round == maxRounds {
			w.startFlusherLocked()
			w.mu.Unlock()
			return nil
		}
		w.mu.Unlock()
		done, err := w.attempt()
		if err != nil {
			w.failed(err)
			done = true
		}
		if done {
			w.land()
		} else {
			w.keep()
		}
		w.mu.Lock()
		if done {
			w.landedLocked()
		} else if w.err == nil {
			w.startFlusherLocked()
			w.mu.Unlock()
			return nil
		}
	}
	return w.endLocked()
}

// failed ends the sending after a write error. The connection itself is closed
// by the reader once it finds the same: a peer that sent and left has perhaps
// left input that is still to be read. A stalled peer is cut off at once.
func (w *writer) failed(err error) {
	if errors.Is(err, ErrStalled) {
		w.conn.broken("write to", err)
		return
	}
	err = peerError(w.nc, "write to", err)
	w.mu.Lock()
	dropped := w.failLocked(err)
	w.mu.Unlock()
	releaseAll(dropped)
}

// endLocked gives the right to write back and unlocks. What is still in flight
// is lost: there was an error, or a Close.
func (w *writer) endLocked() error {
	if len(w.cur) > 0 {
		w.mu.Unlock()
		w.land()
		w.mu.Lock()
		w.landedLocked()
	}
	w.restLocked()
	err := w.err
	w.mu.Unlock()
	return err
}

// attempt writes what is in flight as far as the kernel takes it.
func (w *writer) attempt() (done bool, err error) {
	for ; w.curAt < len(w.cur); w.curAt++ {
		s := &w.cur[w.curAt]
		n, err := w.try.TryWrite(s.b)
		if err != nil {
			return false, err
		}
		if s.b = s.b[n:]; len(s.b) > 0 {
			return false, nil
		}
	}
	return true, nil
}

// startFlusherLocked hands the right to write to a flusher goroutine. Only with
// err nil: Close sets it and then waits for every flusher that was started.
func (w *writer) startFlusherLocked() {
	w.handed = true
	w.flusher.Add(1)
	go w.loop()
}

// flushLoop is the flusher: it writes until nothing is queued, and ends.
func (w *writer) flushLoop() {
	defer w.flusher.Done()
	w.mu.Lock()
	if !w.handed { // somebody had to write before we began, or another flusher has it
		w.mu.Unlock()
		return
	}
	w.seizeLocked()
	for w.takeLocked() {
		w.mu.Unlock()
		if err := w.writeAll(); err != nil {
			w.failed(err)
		}
		w.land()
		w.mu.Lock()
		w.landedLocked()
	}
	w.endLocked()
}

// writeAll writes what is in flight, waiting for the peer as long as it takes
// bytes at all.
func (w *writer) writeAll() error {
	if w.try != nil {
		if done, err := w.attempt(); done || err != nil {
			return err
		}
	}
	w.vec = w.vec[:0]
	for i := w.curAt; i < len(w.cur); i++ {
		w.vec = append(w.vec, w.cur[i].b)
	}
	all := w.vec
	defer func() {
		clear(all) // keep no tail alive
		if w.vec = all[:0]; cap(all) > keepSegments {
			w.vec = nil
		}
		w.nc.SetWriteDeadline(time.Time{})
	}()
	for quiet := 0; ; {
		w.nc.SetWriteDeadline(time.Now().Add(w.stall / stallSlices))
		n, err := w.vec.WriteTo(w.nc)
		if err == nil || !isTimeout(err) {
			return err
		}
		if n > 0 {
			quiet = 0
		} else if quiet++; quiet == stallSlices {
			return w.stalled()
		}
	}
}
