//go:build race

package zmtp

// poison overwrites memory that was given back, so that a test of whoever still uses
// it sees it, and the race detector too.
func poison(b []byte) {
	b[0] = 0xdb
	for n := 1; n < len(b); n *= 2 {
		copy(b[n:], b[:n])
	}
}
