package stream

import (
	"sync/atomic"

	"github.com/zrpc-go/zrpc/internal/fair"
)

// gate lets calls of one connection wait while answers enough to keep it busy are
// being made or wait for its peer. So a peer that asks for much and reads nothing
// has a few handlers run for it, and not all that it asked for: their work is in
// nobody's way, and their results fill no memory. The calls wait as they do for
// their turn in a Pool: heartbeats go on, and events reach them.
//
// What a call answers is known when it has ended, so the gate goes by what its
// method answered lately. Calls that answer little hardly count, and handlers that
// are slow hold no others up for long: while answers do not wait for the peer, the
// window doubles at each look of the watchdog.
//
// A call on the reading goroutine needs no gate: that waits for room itself. One
// with streams counts until its first item is sent: later ones wait one at a time.
//
// Calls that answer little have a lane of their own, and wait for none that answer
// much.
type gate struct {
	lanes [2]lane // by what the calls answer; the mux's mu guards them

	parked atomic.Int32 // calls that wait
	inTurn atomic.Bool  // it is one of starts.turns, whose lock is for changing that
}

// maxUnsent is how many bytes of answers may wait for the peer, or be about to be
// written, while further calls begin, however far the window was opened by calls that
// were slow: more than keep any connection busy.
const maxUnsent = 16 << 20

// The lanes.
const (
	little = iota
	much   // from HandOver on
)

// lane is the calls of one kind.
type lane struct {
	window  fair.Window
	unsent  int  // what answers take that are being sent, or wait for room
	reads   bool // an answer was sent since the last look
	waiting callQueue

	unbegun atomic.Int32 // calls that were let through and have not come to run
}

// enterLocked counts c as one that may begin, or reports that it has to wait, and
// keeps it then.
func (m *ServerMux) enterLocked(c *Call) (waits bool) {
	if m.err != nil {
		return false
	}
	c.lane = little
	if c.method.size.Expect() >= HandOver {
		c.lane = much
	}
	l := &m.gate.lanes[c.lane]
	if l.waiting.first == nil && m.mayBeginLocked(c) {
		return false
	}
	l.waiting.push(c)
	m.gate.parked.Add(1)
	return true
}

// mayBeginLocked says whether a call may begin now, and counts it if so.
func (m *ServerMux) mayBeginLocked(c *Call) bool {
	w := &m.gate.lanes[c.lane].window
	c.answers = c.method.size.Expect() // which may be another than when it came
	if !w.Fits(c.answers, 0) || m.gate.lanes[c.lane].unsent > maxUnsent {
		return false
	}
	if c.answers >= bulky && !m.svc.Pool.bounded() {
		if !m.svc.starts.take(m) {
			return false
		}
		c.bulky = true
	}
	w.Begin(c.answers)
	c.entered = true
	m.gate.lanes[c.lane].unbegun.Add(1)
	if c.flow != nil {
		c.opening.Store(true)
	}
	return true
}

// begun notes that a call has come to run, or will not.
func (m *ServerMux) begun(c *Call) {
	if !c.entered {
		return
	}
	c.entered = false
	m.gate.lanes[c.lane].unbegun.Add(-1)
	if c.bulky {
		c.bulky = false
		m.svc.starts.begun()
	}
}

// answerLocked notes that c is about to answer n bytes.
func (g *gate) answerLocked(c *Call, n int) {
	l := &g.lanes[c.lane]
	if n > c.answers {
		l.window.Begin(n - c.answers)
		c.answers = n
	}
	l.unsent += c.answers
}

// answeredLocked notes that the answer of c was sent or dropped, and returns the calls
// that may begin now, chained by queued.
func (m *ServerMux) answeredLocked(c *Call) *Call {
	l := &m.gate.lanes[c.lane]
	l.unsent -= c.answers
	l.reads = true
	l.window.End(c.answers)
	return m.nextLocked(l)
}

// sendsFirst notes that c is about to send its first item, of n bytes, and sentFirst
// lets others begin when the peer had room for it.
func (m *ServerMux) sendsFirst(c *Call, n int) {
	c.method.size.Note(n)
	m.mu.Lock()
	m.gate.answerLocked(c, n)
	m.mu.Unlock()
}

func (m *ServerMux) sentFirst(c *Call) {
	m.mu.Lock()
	next := m.answeredLocked(c)
	m.mu.Unlock()
	m.startAll(next)
}

// sentNone lets others begin in place of a stream that has ended without an item,
// with a result of n bytes.
func (m *ServerMux) sentNone(c *Call, n int) {
	if c.Err() == nil {
		c.method.size.Note(n)
	}
	m.mu.Lock()
	l := &m.gate.lanes[c.lane]
	l.window.End(c.answers)
	next := m.nextLocked(l)
	m.mu.Unlock()
	m.startAll(next)
}

// nextLocked takes out the calls of a lane that may begin.
func (m *ServerMux) nextLocked(l *lane) *Call {
	var next callQueue
	for c := l.waiting.first; c != nil && m.mayBeginLocked(c); c = l.waiting.first {
		l.waiting.pop()
		m.gate.parked.Add(-1)
		next.push(c)
	}
	return next.first
}

// emptyLocked takes all waiting calls out, at the connection's end.
func (g *gate) emptyLocked() (waiting [2]*Call) {
	for i := range g.lanes {
		l := &g.lanes[i]
		waiting[i] = l.waiting.first
		l.waiting = callQueue{}
	}
	g.parked.Store(0)
	return waiting
}

// startAll starts calls, chained by queued, on goroutines, now or when the pool
// gives them their turn. In place of those that ended while they waited others may
// begin.
func (m *ServerMux) startAll(c *Call) {
	for c != nil {
		next, lane := c.queued, c.lane
		c.queued = nil
		if !m.svc.Pool.start(c) {
			m.discard(c)
			if next == nil {
				m.mu.Lock()
				next = m.nextLocked(&m.gate.lanes[lane])
				m.mu.Unlock()
			}
		}
		c = next
	}
}

// lookedGate is the watchdog's look at calls that wait. It reports whether to look
// again.
func (m *ServerMux) lookedGate() (again bool) {
	g := &m.gate
	if g.parked.Load() == 0 {
		return false
	}
	var next [2]*Call
	m.mu.Lock()
	for i := range g.lanes {
		l := &g.lanes[i]
		if l.waiting.first == nil {
			continue
		}
		// What fits waits for its turn, and what was let through in this lane for a
		// CPU: a larger window would help neither.
		starved := l.unbegun.Load() > 0 || l.window.Fits(l.waiting.first.method.size.Expect(), 0)
		l.window.Look(l.unsent, l.reads, starved)
		l.reads = false
		next[i] = m.nextLocked(l)
		again = again || l.waiting.first != nil
	}
	m.mu.Unlock()
	m.startAll(next[little])
	m.startAll(next[much])
	return again
}
