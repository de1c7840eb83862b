package stream

import "encoding/binary"

// inbox holds the items of a channel that were received and not yet taken, all
// in one buffer: a length and the encoded item, again and again. The reader
// fills one buffer while the consumer empties the other.
type inbox struct {
	// the mux's mu guards these
	q  []byte
	nq int

	// the consumer only
	base []byte // the buffer that cur is a part of
	cur  []byte // what is left to take
}

const (
	keepInbox = 64 << 10 // a larger buffer is not kept for refilling
	itemHead  = 4        // bytes of the length before each item
)

// putLocked copies one item in.
func (b *inbox) putLocked(item []byte) {
	b.q = binary.LittleEndian.AppendUint32(b.q, uint32(len(item)))
	b.q = append(b.q, item...)
	b.nq++
}

// swapLocked gives the consumer what the reader gathered.
func (b *inbox) swapLocked() bool {
	if b.nq == 0 {
		return false
	}
	old := b.base
	if cap(old) > keepInbox {
		old = nil
	}
	b.base, b.cur, b.q = b.q, b.q, old[:0]
	b.nq = 0
	return true
}

// take returns the next item of what swapLocked gave, valid until the next
// swapLocked.
func (b *inbox) take() (item []byte, ok bool) {
	if len(b.cur) == 0 {
		return nil, false
	}
	n := int(binary.LittleEndian.Uint32(b.cur))
	item = b.cur[itemHead : itemHead+n : itemHead+n]
	b.cur = b.cur[itemHead+n:]
	return item, true
}
