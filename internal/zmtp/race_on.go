//go:build race

package zmtp

// reclaims is off: the race detector does not know that a collection lies between
// one user of a buffer and the next.
const reclaims = false

// poison overwrites memory that was given back, so that a test of whoever still uses
// it sees it, and the race detector too.
func poison(b []byte) {
	b[0] = 0xdb
	for n := 1; n < len(b); n *= 2 {
		copy(b[n:], b[:n])
	}
}
