package fair

import "sync/atomic"

// Size is what the answers of one method are expected to take, in bytes. It rises
// at once and falls slowly, because one that is larger than expected harms others.
// The zero value has seen none. Its methods may be called concurrently.
type Size struct {
	n atomic.Int64 // 0: none was seen
}

const (
	// unknown is expected of a method that has not answered yet: four of its calls
	// begin at once.
	unknown = Least / 4

	// settles is by which part of the difference smaller answers lower the expectation.
	settles = 8
)

// Expect returns what the next answer will take.
func (s *Size) Expect() int {
	if n := s.n.Load(); n > 0 {
		return int(n)
	}
	return unknown
}

// Note learns from an answer of n bytes. An update may be lost to a concurrent one.
func (s *Size) Note(n int) {
	n = max(n, 1)
	switch was := int(s.n.Load()); {
	case n > was:
		s.n.Store(int64(n))
	case n < was/2: // what is about the same is not worth a write that other CPUs see
		s.n.Store(int64(was - (was-n)/settles))
	}
}
