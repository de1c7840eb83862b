package zmtp

import (
	"context"
	"errors"
	"fmt"

	"github.com/zrpc-go/zrpc/internal/budget"
)

// Send queues a message and sees to its writing as f says. envelope is zero or
// more encoded frames (AppendFrame with more, or a received Message.Envelope),
// body the content of the last frame; both are copied. If the queue is at its
// high-water mark, it waits until there is room, ctx ends or the connection is
// closed; a nil ctx never ends. Messages of one goroutine keep their order. A
// nil error says that the message is queued, not that the peer has it; an error
// is ctx's, what Close was given, or what went wrong with a write, which this
// connection does not recover from.
func (c *Conn) Send(ctx context.Context, envelope, body []byte, f Flush) error {
	w := &c.wr
	w.mu.Lock()
	if err := w.admitLocked(ctx, len(envelope)+len(body)); err != nil {
		w.mu.Unlock()
		return c.refused(err)
	}
	w.openLocked() // here, with less of the stack in use than there
	w.queueLocked(envelope, body)
	return w.commitLocked(f)
}

// TrySend is Send that never waits: false if the queue is full, by itself or
// because Config.Budget is used up, or the connection closed.
func (c *Conn) TrySend(envelope, body []byte, f Flush) bool {
	w := &c.wr
	w.mu.Lock()
	if w.stateLocked() != nil || w.fullLocked() || w.drawLocked(len(envelope)+len(body)) != nil {
		w.mu.Unlock()
		return false
	}
	w.queueLocked(envelope, body)
	w.commitLocked(f)
	return true
}

// SendOwned is Send for a body of two parts, of which tail is written from
// where it is. head is copied. release, which may be nil, is called exactly
// once, from any goroutine, as soon as tail is not used any more, whatever
// became of it; an error of SendOwned makes no difference. Until then tail must
// not change. release must not call Close.
func (c *Conn) SendOwned(ctx context.Context, envelope, head, tail []byte, release func(), f Flush) error {
	w := &c.wr
	w.mu.Lock()
	if err := w.admitLocked(ctx, len(envelope)+len(head)+len(tail)); err != nil {
		w.mu.Unlock()
		if release != nil {
			release()
		}
		return c.refused(err)
	}
	return w.sendOwnedLocked(envelope, head, tail, release, f)
}

// TrySendOwned is SendOwned that never waits, as TrySend.
func (c *Conn) TrySendOwned(envelope, head, tail []byte, release func(), f Flush) bool {
	w := &c.wr
	w.mu.Lock()
	if w.stateLocked() != nil || w.fullLocked() || w.drawLocked(len(envelope)+len(head)+len(tail)) != nil {
		w.mu.Unlock()
		if release != nil {
			release()
		}
		return false
	}
	w.sendOwnedLocked(envelope, head, tail, release, f)
	return true
}

// sendOwnedLocked is entered locked, with room in the queue, and leaves unlocked.
func (w *writer) sendOwnedLocked(envelope, head, tail []byte, release func(), f Flush) error {
	b := append(w.openLocked(), envelope...)
	b = appendHeader(b, 0, len(head)+len(tail))
	b = append(b, head...)
	at := copied(len(tail))
	w.addLocked(append(b, tail[:at]...))
	small := at == len(tail)
	if !small {
		w.pendLocked(segment{b: tail[at:], release: release})
		w.nbytes += len(tail) - at
	}
	err := w.commitLocked(f)
	if small && release != nil {
		release()
	}
	return err
}

// SendCommand queues a command and writes it, as Now. It does not count
// against the high-water mark: commands are few and the application's own.
func (c *Conn) SendCommand(name string, body []byte) error {
	if len(name) == 0 || len(name) > shortMax {
		return errors.New("zmtp: a command's name has 1 to 255 bytes")
	}
	w := &c.wr
	w.mu.Lock()
	if err := w.stateLocked(); err != nil {
		w.mu.Unlock()
		return err
	}
	b := appendCommand(w.openLocked(), name, body)
	w.nbytes += len(b) - len(w.buf)
	w.buf = b
	return w.commitLocked(Now)
}

// WaitRoom waits until the queue is below its high-water mark, ctx ends or the
// connection is closed. Somebody else may take the room first.
func (c *Conn) WaitRoom(ctx context.Context) error {
	w := &c.wr
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.admitLocked(ctx, 0)
}

// WaitQueued waits until no more than n bytes are queued, or nothing can be sent any
// more.
func (c *Conn) WaitQueued(n int) error {
	w := &c.wr
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.stateLocked() == nil && w.nbytes > n {
		if w.space == nil {
			w.space = make(chan struct{})
		}
		space := w.space
		w.mu.Unlock()
		<-space
		w.mu.Lock()
	}
	return w.stateLocked()
}

// refused closes the connection if err says that Config.Budget is used up: its
// peer has too much to read already, and waits for what was to be sent.
func (c *Conn) refused(err error) error {
	if errors.Is(err, budget.ErrExceeded) {
		c.broken("too much to send to", err)
	}
	return err
}

// Full reports whether TrySend would find no room now.
func (c *Conn) Full() bool {
	w := &c.wr
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stateLocked() != nil || w.fullLocked()
}

// Queued returns what is queued and not yet written, commands only in bytes.
func (c *Conn) Queued() (messages, bytes int) {
	w := &c.wr
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.nmsgs + w.curMsgs, w.nbytes
}

// Written returns how many bytes of what was queued have been written so far, those
// that were dropped at a failure included.
func (c *Conn) Written() uint64 {
	w := &c.wr
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.written
}

// stateLocked returns why nothing can be sent, nil if it can.
func (w *writer) stateLocked() error {
	if w.err == nil && w.closing {
		return ErrClosed
	}
	return w.err
}

// drawLocked draws on the account what n more bytes need.
func (w *writer) drawLocked(n int) error {
	return w.lease.Grow(&w.conn.account, w.nbytes+w.waiting+n)
}

// admitLocked waits for room for n bytes; it unlocks while it waits.
func (w *writer) admitLocked(ctx context.Context, n int) error {
	if w.stateLocked() == nil {
		if err := w.drawLocked(n); err != nil {
			return fmt.Errorf("%w: %w", ErrUnsent, err)
		}
		if !w.fullLocked() {
			return nil
		}
	}
	w.waiting += n
	err := w.roomLocked(ctx)
	w.waiting -= n
	if err != nil {
		w.easeLocked()
	}
	return err
}

// roomLocked waits until the queue is below its high-water mark.
func (w *writer) roomLocked(ctx context.Context) error {
	for {
		if err := w.stateLocked(); err != nil {
			return fmt.Errorf("%w: %w", ErrUnsent, err)
		}
		if !w.fullLocked() {
			return nil
		}
		if !w.busy {
			// What fills the queue was sent with Later: nobody writes it but us.
			w.busy = true
			w.flushLocked()
			w.mu.Lock()
			continue
		}
		if w.space == nil {
			w.space = make(chan struct{})
		}
		space := w.space
		w.mu.Unlock()
		err := await(ctx, space)
		w.mu.Lock()
		if err != nil {
			return err
		}
	}
}

// await waits for ch to be closed or ctx, which may be nil, to end.
func await(ctx context.Context, ch <-chan struct{}) error {
	if ctx == nil {
		<-ch
		return nil
	}
	select {
	case <-ch:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// queueLocked queues a copy of a message.
func (w *writer) queueLocked(envelope, body []byte) {
	b := append(w.openLocked(), envelope...)
	b = appendHeader(b, 0, len(body))
	at := copied(len(body))
	w.addLocked(append(b, body[:at]...))
	if at == len(body) {
		return
	}
	w.queueRestLocked(body[at:])
}

// queueRestLocked queues a copy of the end of a message in a buffer of its own:
// growing buf to its size would copy what is there.
func (w *writer) queueRestLocked(rest []byte) {
	own := append(getBuffer(len(rest)), rest...)
	w.pendLocked(segment{b: own, whole: own})
	w.nbytes += len(own)
}

// copied is how much of a body of n bytes goes into the buffer with its header.
// Never none: a write of a few bytes wakes the peer, which then reads on another
// CPU while the rest is written, and that more than doubles what both pay.
func copied(n int) int {
	if n <= copyMax {
		return n
	}
	return copyFirst
}

// addLocked takes buf back, extended by the start or the whole of a message.
func (w *writer) addLocked(b []byte) {
	w.nbytes += len(b) - len(w.buf)
	w.nmsgs++
	w.buf = b
}
