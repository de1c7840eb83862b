package broker

import (
	"encoding/base64"
	"sync/atomic"

	"github.com/google/uuid"
)

const (
	idLen    = 32 // ASCII characters, as zerorpc-python's: Node makes text of ids
	idPrefix = 16 // of them are the broker's own, random
	slotBits = 24
	noSlot   = 1<<slotBits - 1 // the slot of ids that open no channel
	maxSlots = noSlot - 1<<16  // the rest is for the broker's own calls
)

// ids makes the broker's message ids: 96 random bits, and a 64-bit number whose
// low bits are the slot of the channel. So a worker's answer finds its channel
// without a map, and an id of an earlier broker, or a guessed one, finds none.
type ids struct {
	head [2 + idPrefix]byte // the encoding's first bytes: bin, length, prefix
	seq  atomic.Uint64
}

func (g *ids) init() {
	g.head[0], g.head[1] = 0xc4, idLen
	u := uuid.New()
	base64.RawURLEncoding.Encode(g.head[2:], u[:12])
}

// next returns the number of a new id with slot.
func (g *ids) next(slot uint32) uint64 { return g.seq.Add(1)<<slotBits | uint64(slot) }

const hexDigits = "0123456789abcdef"

// encodedID is an id of ours as msgpack.
type encodedID [2 + idLen]byte

// encode returns the id of number n as msgpack bin.
func (g *ids) encode(n uint64) (id encodedID) {
	copy(id[:], g.head[:])
	for i := len(id) - 1; i >= len(g.head); i-- {
		id[i] = hexDigits[n&15]
		n >>= 4
	}
	return id
}

// number returns the number in an encoded id, if it is one of ours; a peer may
// have turned the bin into a str.
func (g *ids) number(id []byte) (n uint64, ok bool) {
	if len(id) != 2+idLen || id[0] != 0xc4 && id[0] != 0xd9 || string(id[1:len(g.head)]) != string(g.head[1:]) {
		return 0, false
	}
	for _, c := range id[len(g.head):] {
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

// clientKey is a client's message id, as encoded, in a form that a map can hold
// without an allocation. Python's ids take 34 bytes, Node's 38.
type clientKey struct {
	n uint8
	b [39]byte
}

// clientIDs finds the channels of one client by its own ids.
type clientIDs struct {
	short map[clientKey]*channel
	long  map[string]*channel // ids that do not fit into a key
}

func keyOf(id []byte) (k clientKey, ok bool) {
	if len(id) > len(k.b) {
		return k, false
	}
	k.n = uint8(len(id))
	copy(k.b[:], id)
	return k, true
}

func (t *clientIDs) get(id []byte) *channel {
	if k, ok := keyOf(id); ok {
		return t.short[k]
	}
	return t.long[string(id)]
}

// put enters ch; an earlier entry of the same id is replaced, as zerorpc does.
func (t *clientIDs) put(ch *channel) {
	if k, ok := keyOf(ch.id); ok {
		if t.short == nil {
			t.short = map[clientKey]*channel{}
		}
		t.short[k] = ch
		return
	}
	if t.long == nil {
		t.long = map[string]*channel{}
	}
	t.long[string(ch.id)] = ch
}

// remove deletes the entry of ch if it is still ch's.
func (t *clientIDs) remove(ch *channel) {
	if k, ok := keyOf(ch.id); ok {
		if t.short[k] == ch {
			delete(t.short, k)
		}
	} else if t.long[string(ch.id)] == ch {
		delete(t.long, string(ch.id))
	}
}
