package broker

import (
	"fmt"
	"time"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/msgid"
	"github.com/zrpc-go/zrpc/internal/zmtp"
)

// call opens a channel for the request in m and sends it to a worker, or lets
// it wait for one.
func (c *client) call(m *zmtp.Message, h *head, r *route) {
	b := c.b
	ch := channelPool.Get().(*channel)
	ch.client, ch.version, ch.began, ch.idempotent = c, h.version, c.out.now, !h.idem.none()
	ch.id = append(ch.idBuf[:0], h.id.of(m.Body)...)
	ch.envelope = delimiter
	if string(m.Envelope) != string(delimiter) {
		ch.envelope = append([]byte(nil), m.Envelope...)
	}
	if !h.deadline.none() {
		if ms, err := event.Int(h.deadline.of(m.Body)); err == nil && ms >= 0 {
			ch.deadline = ch.began + time.Duration(min(ms, 1<<40))*time.Millisecond
		}
	}
	// Before the lock: an allocation may have to help the collector.
	size := h.args + len(msgid.Encoded{})
	if !m.Owned || len(m.Body)-h.args < copyMax {
		size = len(m.Body) + len(msgid.Encoded{})
	}
	if cap(ch.buf) < size {
		ch.buf = make([]byte, 0, size)
	}

	b.mu.Lock()
	if f := b.admitLocked(c); f != nil {
		b.mu.Unlock()
		c.refuse(m, h, *f)
		return
	}
	if r == nil {
		var f *failure
		if r, f = b.pool.resolve(h, m.Body, b); f != nil {
			b.mu.Unlock()
			c.refuse(m, h, *f)
			return
		}
	}
	pass, f := b.mayPassLocked(c, r, len(m.Body))
	if f != nil {
		b.mu.Unlock()
		c.refuse(m, h, *f)
		return
	}
	var w *worker
	if pass {
		w = b.pickLocked(r)
	}
	if pass && w == nil {
		if f := b.mayWaitLocked(r, len(m.Body)); f != nil {
			b.mu.Unlock()
			c.refuse(m, h, *f)
			return
		}
	}
	ch.route = r
	if !ch.idempotent && b.o.Idempotent != nil {
		ch.idempotent = b.o.Idempotent(r.method)
	}
	b.openLocked(ch)
	own := b.ids.Encode(ch.number)
	if string(h.text) == r.method {
		ch.build(ch.buf[:0], m, h, edit{h.id, own[:]})
	} else {
		ch.build(ch.buf[:0], m, h, edit{h.id, own[:]}, edit{h.name, event.AppendString(nil, r.method)})
	}
	b.count.calls.Add(1)
	if pass {
		ch.passedLocked()
	}
	if w == nil {
		if pass {
			b.enqueueLocked(ch)
		} else {
			b.holdLocked(ch)
		}
		b.mu.Unlock()
		return
	}
	b.runLocked(ch, w)
	n, req := ch.number, ch.req
	if req.owner != nil {
		req.owner.refs.Add(1) // ours, until it is sent
	}
	b.trimKeptLocked(ch)
	b.mu.Unlock()

	// Not under the lock: a large request is written at once. Nobody overtakes
	// it, for the later events of the channel come by this same goroutine.
	sent := b.budget.allows(w.peer.Conn, req.size()) && req.send(w.peer.Conn, zmtp.Later)
	if req.owner != nil {
		req.owner.release()
	}
	if sent {
		c.out.touch(w.peer.Conn)
		return
	}
	b.unsent(n, w)
}

// admitLocked says why c may not open another channel, nil if it may.
func (b *Broker) admitLocked(c *client) *failure {
	switch {
	case b.stopping.Load():
		b.refusedAt = b.clock()
		return &failure{errStopping, stoppingText}
	case c.open >= b.o.MaxClientChannels:
		return &failure{errBusy, fmt.Sprintf("%d calls are open on this connection, as many as the broker allows", c.open)}
	case b.table.open >= b.o.MaxChannels:
		return &failure{errBusy, fmt.Sprintf("%d calls are open, as many as the broker allows", b.table.open)}
	}
	return nil
}

// runLocked makes w the worker of ch. The request is still to be sent.
func (b *Broker) runLocked(ch *channel, w *worker) {
	ch.state, ch.worker = running, w
	ch.heard, ch.refused = false, false
	ch.attempts++
	w.running++
	w.calls++
	if ch.route.stats != nil {
		ch.route.stats.calls++
	}
	b.keptSize += ch.req.size()
}

// trimKeptLocked lets go of a request that is too much to keep.
func (b *Broker) trimKeptLocked(ch *channel) {
	if ch.req.size() > keepOne || b.keptSize > keepBytes {
		b.dropRequestLocked(ch)
	}
}

// sendLocked sends the kept request of ch to w, with what the caller's own
// stream has sent since. The connection's own goroutine writes it.
func (b *Broker) sendLocked(ch *channel, w *worker) bool {
	b.runLocked(ch, w)
	ok := ch.req.send(w.peer.Conn, zmtp.Async)
	for _, e := range ch.early {
		ok = ok && w.peer.TrySend(delimiter, e, zmtp.Async)
	}
	b.trimKeptLocked(ch)
	return ok
}

// unsent handles a request that w's connection did not take.
func (b *Broker) unsent(n uint64, w *worker) {
	b.mu.Lock()
	defer b.mu.Unlock()
	ch := b.table.get(n)
	if ch == nil || ch.state != running || ch.worker != w {
		return // w is gone, and ch was seen to with it
	}
	b.count.fullWorker.Add(1)
	b.moveLocked(ch, failure{errBusy, fullText})
}

// moveLocked gives a running call, which has not run or may run twice, to
// another worker; if that cannot be, it fails with f.
func (b *Broker) moveLocked(ch *channel, f failure) {
	old := ch.worker
	for ch.req.kept() && ch.attempts < maxAttempts && !ch.orphan && !b.stopping.Load() {
		b.leaveLocked(ch)
		b.keptSize -= ch.req.size()
		ch.state = queued
		b.count.moved.Add(1)
		w := b.pickOtherLocked(ch.route, old)
		if w == nil {
			b.requeueLocked(ch)
			return
		}
		if b.sendLocked(ch, w) {
			return
		}
		old = w
	}
	b.failLocked(ch, f)
}

// failLocked ends a client's call with an error, and lets others have its place.
func (b *Broker) failLocked(ch *channel, f failure) {
	told := !ch.orphan
	if w := ch.worker; w != nil && ch.state == running {
		w.failed++
	}
	if s := ch.route.stats; s != nil {
		s.failed++
	}
	b.closeLocked(ch)
	if told {
		b.count.refused(f.name)
		body := b.appendError(nil, ch.id, ch.version, f)
		ch.client.peer.TrySend(ch.envelope, body, zmtp.Async)
	}
}

// overflow ends the channel, of number n, of an event that found a full queue.
func (b *Broker) overflow(n uint64, count *counter, text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	count.Add(1)
	ch := b.table.get(n)
	if ch == nil {
		return // that was its last event
	}
	if ch.state == running {
		b.tellCancelLocked(ch)
	}
	b.failLocked(ch, failure{errLost, text + "; the call was given up, whether it ended is unknown"})
	b.dispatchLocked()
}
