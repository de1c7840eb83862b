// Package msgid makes zerorpc message ids whose answers are found without a map,
// and finds things by the ids that peers have made.
package msgid

import (
	"encoding/base64"
	"sync/atomic"

	"github.com/google/uuid"
)

const (
	length   = 32 // ASCII characters, as zerorpc-python's
	prefix   = 16 // of them are the maker's own, random
	SlotBits = 24
	// NoSlot is the slot of ids that open no channel.
	NoSlot = 1<<SlotBits - 1
)

// Encoded is an id as msgpack bin.
type Encoded [2 + length]byte

// Text returns the id without msgpack's head.
func (id *Encoded) Text() []byte { return id[2:] }

// Maker makes the message ids of one end: 90 random bits, of a uuid, and a 64-bit
// number, in characters that survive peers which turn ids into strings (zerorpc-node reads
// binary ids as UTF-8, where raw bytes would collide). The number's low bits are
// the slot of the channel that the id opens, so an answer finds its channel
// without a map, and the id of an earlier process, or a guessed one, finds none.
// Init comes first; then any number of goroutines may use it.
type Maker struct {
	head [2 + prefix]byte // the encoding's first bytes: bin, length, prefix
	seq  atomic.Uint64
}

// Init chooses the random part.
func (g *Maker) Init() {
	g.head[0], g.head[1] = 0xc4, length
	u := uuid.New() // of version 4; its last four bytes are left out
	base64.RawURLEncoding.Encode(g.head[2:], u[:12])
}

// Next returns the number of a new id with slot.
func (g *Maker) Next(slot uint32) uint64 { return g.seq.Add(1)<<SlotBits | uint64(slot) }

const hexDigits = "0123456789abcdef"

// Encode returns the id with number n.
func (g *Maker) Encode(n uint64) (id Encoded) {
	g.Put(&id, n)
	return id
}

// Put is Encode into memory that the caller has.
func (g *Maker) Put(id *Encoded, n uint64) {
	copy(id[:], g.head[:])
	for i := len(id) - 1; i >= len(g.head); i-- {
		id[i] = hexDigits[n&15]
		n >>= 4
	}
}

// Number returns the number in an encoded id, if it is one of this maker's. A
// peer may have turned the bin into a str.
func (g *Maker) Number(id []byte) (n uint64, ok bool) {
	if len(id) != 2+length || id[0] != 0xc4 && id[0] != 0xd9 || string(id[1:len(g.head)]) != string(g.head[1:]) {
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
