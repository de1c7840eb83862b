package zmtp

import "context"

// SendLent is Send for a body of two parts, of which tail is written from where it
// is, as far as the kernel takes it at once; what it does not take is copied. tail
// is used no more when SendLent returns, nor while it waits.
func (c *Conn) SendLent(ctx context.Context, envelope, head, tail []byte, f Flush) error {
	w := &c.wr
	at := copied(len(tail))
	w.mu.Lock()
	free := w.stateLocked() == nil && !w.fullLocked() && w.drawLocked(len(envelope)+len(head)+len(tail)) == nil
	now := (!w.busy || w.yielding) && w.try != nil && f != Async
	if !free || at < len(tail) && !now {
		w.mu.Unlock()
		own := append(getBuffer(len(tail)), tail...)
		return c.SendOwned(ctx, envelope, head, own, func() { Recycle(own) }, f)
	}
	b := append(w.openLocked(), envelope...)
	b = appendHeader(b, 0, len(head)+len(tail))
	b = append(b, head...)
	w.addLocked(append(b, tail[:at]...))
	if at == len(tail) {
		return w.commitLocked(f)
	}
	w.pendLocked(segment{b: tail[at:], lent: true})
	w.nbytes += len(tail) - at
	w.busy = true
	w.seizeLocked() // the right to write is ours, perhaps from one who yields
	return w.flushLocked()
}

// keep copies what is in flight and was only lent, before somebody else writes it.
func (w *writer) keep() {
	for i := w.curAt; i < len(w.cur); i++ {
		if s := &w.cur[i]; s.lent {
			own := append(getBuffer(len(s.b)), s.b...)
			*s = segment{b: own, whole: own}
		}
	}
}
