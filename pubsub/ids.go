package pubsub

import (
	"crypto/rand"
	"encoding/base64"
	"sync/atomic"
)

const (
	idLen    = 32 // ASCII characters, as zerorpc-python's
	idRandom = 16 // of them are random and the same for all events of a sender
)

// ids makes the message ids of one sender: 96 random bits and a number. Nobody
// answers an event, but logs and tracing on the other side tell events apart by
// them. Safe for concurrent use.
type ids struct {
	// set at creation
	head [idRandom]byte

	seq atomic.Uint64
}

func newIDs() *ids {
	var random [12]byte
	_, _ = rand.Read(random[:]) // never fails: it ends the program instead
	g := &ids{}
	base64.RawURLEncoding.Encode(g.head[:], random[:])
	return g
}

const hexDigits = "0123456789abcdef"

// next writes a fresh id to id.
func (g *ids) next(id *[idLen]byte) {
	copy(id[:], g.head[:])
	n := g.seq.Add(1)
	for i := idLen - 1; i >= idRandom; i-- {
		id[i] = hexDigits[n&15]
		n >>= 4
	}
}
