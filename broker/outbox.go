package broker

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/zmtp"
)

// outbox is how the goroutine that reads one connection writes to others: what
// it passes on is corked, and flushed before it blocks, so that a burst of
// events costs one system call for each connection and not for each event. It
// belongs to that goroutine, but for came.
type outbox struct {
	b       *Broker
	now     time.Duration // the broker's clock when the last input came
	came    atomic.Bool   // some came since the last tick, which takes it back
	dirty   []*zmtp.Conn
	scratch []byte
}

// touch notes that something is corked for to.
func (o *outbox) touch(to *zmtp.Conn) {
	if n := len(o.dirty); n > 0 && o.dirty[n-1] == to || slices.Contains(o.dirty, to) {
		return
	}
	o.dirty = append(o.dirty, to)
}

// flush writes what is corked.
func (o *outbox) flush() {
	for _, c := range o.dirty {
		_ = c.Flush() // its own reader finds out about errors
	}
	clear(o.dirty)
	o.dirty = o.dirty[:0]
	if cap(o.scratch) > keepScratch {
		o.scratch = nil
	}
}

// send queues a small event.
func (o *outbox) send(to *zmtp.Conn, envelope, body []byte) bool {
	if !o.b.budget.allows(to, len(body)) || !to.TrySend(envelope, body, zmtp.Later) {
		return false
	}
	o.touch(to)
	return true
}

// pass passes a received event on, with the part at replaced. It reports
// whether there was room. The event's buffer is taken over from m if it is
// large, and written to if the replacement has the length of what it replaces.
func (o *outbox) pass(to *zmtp.Conn, envelope []byte, m *zmtp.Message, h *head, at span, with []byte) bool {
	body := m.Body
	if !o.b.budget.allows(to, len(body)) {
		return false
	}
	large := m.Owned && len(body) >= copyMax
	ok := false
	switch {
	case at.to-at.from == len(with):
		copy(body[at.from:at.to], with)
		if large {
			ok = o.handOver(to, envelope, nil, body, m)
		} else {
			ok = to.TrySend(envelope, body, zmtp.Later)
		}
	case large:
		o.scratch = h.appendEdited(o.scratch[:0], body, edit{at, with})
		ok = o.handOver(to, envelope, o.scratch, body[h.args:], m)
	default:
		o.scratch = h.appendEdited(o.scratch[:0], body, edit{at, with})
		o.scratch = append(o.scratch, body[h.args:]...)
		ok = to.TrySend(envelope, o.scratch, zmtp.Later)
	}
	if ok {
		o.touch(to)
	}
	return ok
}

// plainPair is the header pair by which a client learns that it reads the stream
// of a worker without zrpc's extensions.
var plainPair = append(event.AppendString(nil, event.KeyPlain), 0xc3)

// markPlain makes room for plainPair in an event, behind the value at. It returns
// what to put there, and changes nothing if the header is of an odd form.
func markPlain(m *zmtp.Message, with []byte) []byte {
	const pairsAt = 1 // the byte after that of an array of three
	b := m.Body
	if b[0] != 0x93 || b[pairsAt]&0xf0 != 0x80 || b[pairsAt] == 0x8f {
		return with // no peer writes that
	}
	b[pairsAt]++
	return append(append(make([]byte, 0, len(with)+len(plainPair)), with...), plainPair...)
}

// handOver sends tail from m's own buffer, which is m's no longer.
func (o *outbox) handOver(to *zmtp.Conn, envelope, head, tail []byte, m *zmtp.Message) bool {
	m.Owned = false
	buf := m.Buffer
	return to.SendOwned(noWait, envelope, head, tail, func() { zmtp.Recycle(buf) }, zmtp.Later) == nil
}
