package socket

import (
	"crypto/rand"
	"encoding/binary"
)

// routingIDs hands out automatic routing ids (RFC 28: a ROUTER "SHALL identify
// each double queue using a unique identity"): a zero byte, which no announced
// identity may start with (RFC 23), and a counter from a random start, so that
// a third party cannot guess them.
type routingIDs struct{ next uint32 }

func newRoutingIDs() routingIDs {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails: the runtime ends the process instead
	return routingIDs{binary.BigEndian.Uint32(b[:])}
}

// take returns an id that is not in peers. The counter wraps after 2^32
// connections, when the ids of some long-lived ones may still be taken.
func (r *routingIDs) take(peers *peerSet) []byte {
	for {
		id := binary.BigEndian.AppendUint32([]byte{0}, r.next)
		r.next++
		if peers.get(id) == nil {
			return id
		}
	}
}
