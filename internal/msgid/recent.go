package msgid

import "hash/maphash"

// recentIDs is how many ids a Recent remembers.
const recentIDs = 32

// Recent remembers the ids of the channels of a connection that ended last, because
// credit and heartbeats for them may still be on their way and are no sign of
// trouble. It keeps hashes: a collision only leaves an odd event unanswered. The zero
// value remembers nothing. It is not safe for concurrent use.
type Recent struct {
	sums []uint64 // grows to recentIDs, as most connections end few channels
	next uint8    // the oldest of them, once there are so many
}

var recentSeed = maphash.MakeSeed()

// Add notes an encoded id, in place of the oldest.
func (r *Recent) Add(id []byte) {
	sum := maphash.Bytes(recentSeed, id)
	if len(r.sums) < recentIDs {
		r.sums = append(r.sums, sum)
		return
	}
	r.sums[r.next] = sum
	r.next = (r.next + 1) % recentIDs
}

// Has reports whether an id was among the last.
func (r *Recent) Has(id []byte) bool {
	if len(r.sums) == 0 {
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
