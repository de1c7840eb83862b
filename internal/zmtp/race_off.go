//go:build !race

package zmtp

const reclaims = true

// poison is for tests that run under the race detector.
func poison([]byte) {}
