package stream

import (
	"sync"
	"sync/atomic"
)

// starts spreads out the calls of a server that answer much: no more of them are
// started than the CPUs come to, those of different connections in turn. A
// goroutine that becomes ready waits behind all that are; a thousand that each make
// a megabyte are a second in which the readers of all other connections wait. It
// does not count a call that has begun, so it bounds no concurrency.
type starts struct {
	unbegun atomic.Int32 // counted calls that have not come to run

	mu    sync.Mutex
	turns []*ServerMux // those whose next call waits for this, the next first
	n     atomic.Int32 // len(turns)
}

const (
	// bulky is the expected answer, in bytes, from which on a call counts: making
	// and writing it takes longer than what a goroutine costs.
	bulky = 64 << 10

	// maxUnbegun is how many may have been started and not begun: a few for each of
	// the usual CPUs, and some 10 ms of a single one's time at a megabyte each.
	maxUnbegun = 8
)

// take counts a call that is to be started now, or has m wait for its turn, in
// which turn calls nextLocked. The watchdog's look does as well, so that a turn
// that comes in between is not missed for long.
func (s *starts) take(m *ServerMux) bool {
	if s.unbegun.Add(1) <= maxUnbegun {
		return true
	}
	s.unbegun.Add(-1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.gate.inTurn.CompareAndSwap(false, true) {
		s.turns = append(s.turns, m)
		s.n.Store(int32(len(s.turns)))
	}
	return false
}

// begun notes that a counted call has come to run, or will not.
func (s *starts) begun() {
	s.unbegun.Add(-1)
	for s.n.Load() > 0 && s.unbegun.Load() < maxUnbegun { // else the next that begins goes on here
		if m := s.pop(); m != nil && m.turn() {
			return
		}
	}
}

func (s *starts) pop() *ServerMux {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.turns) == 0 {
		return nil
	}
	m := s.turns[0]
	copy(s.turns, s.turns[1:])
	s.turns[len(s.turns)-1] = nil
	s.turns = s.turns[:len(s.turns)-1]
	s.n.Store(int32(len(s.turns)))
	m.gate.inTurn.Store(false)
	return m
}

// turn starts what waits at the gate of m, as far as that is possible. It reports
// whether there was anything.
func (m *ServerMux) turn() bool {
	m.mu.Lock()
	next := m.nextLocked(&m.gate.lanes[much]) // what answers little does not come here
	m.mu.Unlock()
	m.startAll(next)
	return next != nil
}
