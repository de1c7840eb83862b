package stream

import "hash/maphash"

// recentCalls is how many ended calls a connection remembers.
const recentCalls = 32

// recentIDs remembers the ids of the calls that ended last, because credit and
// heartbeats for them may still be on their way and are no sign of trouble. It
// keeps hashes: a collision only leaves an odd event unanswered.
type recentIDs struct {
	sums [recentCalls]uint64
	next uint8
}

var recentSeed = maphash.MakeSeed()

func (r *recentIDs) addLocked(id []byte) {
	r.sums[r.next] = maphash.Bytes(recentSeed, id)
	r.next = (r.next + 1) % recentCalls
}

func (r *recentIDs) hasLocked(id []byte) bool {
	sum := maphash.Bytes(recentSeed, id)
	for _, s := range r.sums {
		if s == sum {
			return true
		}
	}
	return false
}
