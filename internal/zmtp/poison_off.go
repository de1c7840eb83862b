//go:build !race

package zmtp

// poison is for tests that run under the race detector.
func poison([]byte) {}
