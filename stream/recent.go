package stream

import "hash/maphash"

// recentCalls is how many ended calls a connection remembers.
const recentCalls = 32

// recentIDs remembers the ids of the calls that ended last, because credit and
// heartbeats for them may still be on their way and are no sign of trouble. It
// keeps hashes: a collision only leaves an odd event unanswered.
type recentIDs struct {
	sums []uint64 // grows to recentCalls, as most connections end few calls but inline
	next uint8    // the oldest of them, once there are so many
}

var recentSeed = maphash.MakeSeed()

func (r *recentIDs) addLocked(id []byte) {
	sum := maphash.Bytes(recentSeed, id)
	if len(r.sums) < recentCalls {
		r.sums = append(r.sums, sum)
		return
	}
	r.sums[r.next] = sum
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
