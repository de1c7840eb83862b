package broker

import "github.com/zrpc-go/zrpc/internal/msgid"

// table is the open channels, by the slot in the broker's id of each. The
// broker's mu guards it.
type table struct {
	slots []*channel
	free  []uint32
	open  int // all channels
	calls int // those of clients
}

// get returns the open channel of a number.
func (t *table) get(n uint64) *channel {
	slot := n & msgid.NoSlot
	if slot >= uint64(len(t.slots)) {
		return nil
	}
	if ch := t.slots[slot]; ch != nil && ch.number == n {
		return ch
	}
	return nil
}

// all calls f for each open channel; f may close it.
func (t *table) all(f func(*channel) bool) {
	for _, ch := range t.slots {
		if ch != nil && !f(ch) {
			return
		}
	}
}

// openLocked gives ch a slot and a number.
func (b *Broker) openLocked(ch *channel) {
	t := &b.table
	var slot uint32
	if n := len(t.free); n > 0 {
		slot = t.free[n-1]
		t.free = t.free[:n-1]
	} else {
		slot = uint32(len(t.slots))
		t.slots = append(t.slots, nil)
	}
	t.slots[slot] = ch
	t.open++
	ch.number = b.ids.Next(slot)
	ch.pulse.last = b.tick
	if c := ch.client; c != nil {
		t.calls++
		c.open++
		c.channels.Put(ch.id, ch)
	}
}

// closeLocked takes ch out of everything but the queue, which drops it later.
// It is the only way out of the table.
func (b *Broker) closeLocked(ch *channel) {
	t := &b.table
	slot := ch.slot()
	if t.slots[slot] != ch {
		return
	}
	t.slots[slot] = nil
	t.free = append(t.free, uint32(slot))
	t.open--
	b.leaveLocked(ch)
	b.dropRequestLocked(ch)
	ch.state = ended
	if c := ch.client; c != nil {
		ch.leftLocked()
		c.open--
		c.channels.Remove(ch.id, ch)
		c.recent.Add(ch.id)
		if t.calls--; t.calls == 0 {
			b.idleLocked()
		}
	}
}

// leaveLocked ends what ch counts for in its state.
func (b *Broker) leaveLocked(ch *channel) {
	switch {
	case ch.state == running && ch.worker != nil && ch.client != nil:
		ch.worker.running--
	case ch.held:
		b.unheldLocked(ch)
	case ch.state == queued && ch.client != nil:
		b.unqueuedLocked(ch)
	}
}

// dropRequestLocked forgets the request of ch, which cannot be sent again then.
func (b *Broker) dropRequestLocked(ch *channel) {
	if ch.req.kept() {
		if ch.state == running {
			b.keptSize -= ch.req.size()
		}
		ch.req.drop()
		ch.early = nil
	}
}
