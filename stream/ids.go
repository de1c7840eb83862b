package stream

import (
	"encoding/base64"
	"sync/atomic"

	"github.com/google/uuid"
)

const (
	idLen    = 32 // ASCII characters, as zerorpc-python's; see newIDs
	prefix   = 16 // of them are the mux's own, random
	slotBits = 24
	noSlot   = 1<<slotBits - 1
)

// ids makes the message ids of one mux: 96 random bits and a 64-bit number, in
// characters that survive peers which turn ids into strings (zerorpc-node reads
// binary ids as UTF-8, where raw bytes would collide). The number of a channel's
// first event carries its slot, so an answer finds its channel without a map.
type ids struct {
	head [prefix]byte
	seq  atomic.Uint64
}

func (g *ids) init() {
	u := uuid.New()
	base64.RawURLEncoding.Encode(g.head[:], u[:12])
}

const hexDigits = "0123456789abcdef"

// append writes the id with number n.
func (g *ids) append(b []byte, n uint64) []byte {
	b = append(b, g.head[:]...)
	for shift := 60; shift >= 0; shift -= 4 {
		b = append(b, hexDigits[n>>shift&15])
	}
	return b
}

// appendNext writes a fresh id that belongs to no channel.
func (g *ids) appendNext(b []byte) []byte {
	return g.append(b, g.seq.Add(1)<<slotBits|noSlot)
}

// next returns a fresh number for a channel in slot.
func (g *ids) next(slot uint32) uint64 { return g.seq.Add(1)<<slotBits | uint64(slot) }

// number returns the number in id, if the id is one of ours.
func (g *ids) number(id []byte) (n uint64, ok bool) {
	if len(id) != idLen || string(id[:prefix]) != string(g.head[:]) {
		return 0, false
	}
	for _, c := range id[prefix:] {
		switch {
		case c >= '0' && c <= '9':
			n = n<<4 | uint64(c-'0')
		case c >= 'a' && c <= 'f':
			n = n<<4 | uint64(c-'a'+10)
		default:
			return 0, false
		}
	}
	return n, true
}

// idKey is a peer's message id, as encoded, in a form that a map can hold
// without an allocation. Python's ids take 34 bytes, Node's 38.
type idKey struct {
	n uint8
	b [39]byte
}

// idTable finds the calls of one peer by message id.
type idTable[T comparable] struct {
	short map[idKey]T
	long  map[string]T // ids that do not fit into an idKey
}

func shortKey(id []byte) (k idKey, ok bool) {
	if len(id) > len(k.b) {
		return k, false
	}
	k.n = uint8(len(id))
	copy(k.b[:], id)
	return k, true
}

func (t *idTable[T]) get(id []byte) T {
	if k, ok := shortKey(id); ok {
		return t.short[k]
	}
	return t.long[string(id)]
}

// put enters v; an earlier entry of the same id is replaced, as zerorpc does.
func (t *idTable[T]) put(id []byte, v T) {
	if k, ok := shortKey(id); ok {
		if t.short == nil {
			t.short = make(map[idKey]T)
		}
		t.short[k] = v
		return
	}
	if t.long == nil {
		t.long = make(map[string]T)
	}
	t.long[string(id)] = v
}

// remove deletes the entry of id if it is still v.
func (t *idTable[T]) remove(id []byte, v T) {
	if k, ok := shortKey(id); ok {
		if t.short[k] == v {
			delete(t.short, k)
		}
		return
	}
	if t.long[string(id)] == v {
		delete(t.long, string(id))
	}
}

func (t *idTable[T]) len() int { return len(t.short) + len(t.long) }
