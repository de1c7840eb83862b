package broker

import "hash/maphash"

// recent remembers the channels of a client that ended last: credit and
// heartbeats for them may still be on their way and are no sign of trouble. It
// keeps hashes; a collision only leaves an odd event unanswered.
type recent struct {
	sums *[recentCalls]uint64 // nil until the first
	next uint8
}

// recentCalls: with more calls than that ending between two heartbeats of a
// caller, a late event is answered with an error that the caller ignores.
const recentCalls = 32

var recentSeed = maphash.MakeSeed()

func (r *recent) add(id []byte) {
	if r.sums == nil {
		r.sums = new([recentCalls]uint64)
	}
	r.sums[r.next] = maphash.Bytes(recentSeed, id)
	r.next = (r.next + 1) % recentCalls
}

func (r *recent) has(id []byte) bool {
	if r.sums == nil {
		return false
	}
	sum := maphash.Bytes(recentSeed, id)
	for _, s := range r.sums {
		if s == sum {
			return true
		}
	}
	return false
}
