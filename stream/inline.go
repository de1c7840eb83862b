package stream

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/zrpc-go/zrpc/event"
)

// inline is how the reading goroutine runs a cheap method itself and yet never
// keeps its connection waiting: before it runs one it says so in state, and the
// watchdog, when it finds the same state twice, takes the reader away.
//
// state is epoch<<32 | turn<<1 | running. The epoch is the number of times the
// reader was taken; only the goroutine of the present epoch reads. Whoever
// swaps the running state away decides: the handler's goroutine when the handler
// returned, or the watchdog.
type inline struct {
	state   atomic.Uint64
	watched atomic.Bool // the watchdog looks at this connection
	current *Call       // what runs; the reader's, and the watchdog's once it took the reader
	spare   *Call       // to be used again, for a method that borrows; the reader's
	seen    uint64      // state at the watchdog's last look; the watchdog only
}

const (
	running   = 1
	turnMask  = 1<<32 - 1
	epochBits = 32
)

// readerState belongs to the goroutine that reads, and stays with it when the
// reader is taken away.
type readerState struct {
	epoch uint64
	turn  uint64
	out   *scratch // for answers; nil until one is made, and while the reader waits
}

func newReaderState(epoch uint64) *readerState { return &readerState{epoch: epoch << epochBits} }

// rest gives up, for others to use, what a connection that waits does not need.
func (r *readerState) rest() {
	if r.out != nil {
		r.out.free()
		r.out = nil
	}
}

// runInline runs c on the reading goroutine and reports whether that still is
// the reader afterwards.
func (m *ServerMux) runInline(c *Call, msg *Message, e *event.Event, r *readerState) (mine bool) {
	c.envelope, c.id, c.Header, c.Args = msg.Envelope, e.ID, e.Header, e.Args
	if msg.Owned {
		c.big, msg.Owned = msg.Buffer, false
	}
	if r.out != nil && c.method.large.Load() && cap(r.out.b) < HandOver {
		r.rest()
	}
	if r.out == nil {
		r.out = c.method.scratch()
	}
	r.turn++
	c.run = r.epoch | r.turn<<1&turnMask | running
	m.current = c
	m.state.Store(c.run)
	m.watch()
	var started time.Time
	timed := c.method.cheap.sample()
	if timed {
		started = time.Now()
	}
	err, exited := m.runUnary(c, r.out)
	if timed {
		c.method.cheap.sampled(time.Since(started))
	}
	if exited {
		return false // runUnary has passed everything on
	}
	return m.endInline(c, r, err)
}

// endInline answers c. If the watchdog has taken the reader meanwhile, c has
// become a call like any other.
func (m *ServerMux) endInline(c *Call, r *readerState, err error) (mine bool) {
	if !m.state.CompareAndSwap(c.run, c.run&^running) {
		c.method.cheap.demote()
		m.end(c, r.out, err)
		return false
	}
	m.current = nil
	r.out = m.reply(c, r.out, err, Later)
	c.recycle()
	if c.bytes > 0 {
		m.unhold(c)
	}
	if c.method.Borrows && c.reuse() {
		m.spare = c
	} else {
		c.cancel(context.Canceled)
	}
	m.svc.Pool.ended()
	return true
}

// newCall returns the Call of a request.
func (m *ServerMux) newCall(method *Method, inline bool, e *event.Event) *Call {
	var c *Call
	switch {
	case !method.Borrows:
	case inline:
		c, m.spare = m.spare, nil
	default:
		c, _ = callPool.Get().(*Call)
	}
	if c == nil {
		c = new(Call)
	}
	c.sm, c.m, c.method, c.lane, c.answers = m, &m.mux, method, 0, 0
	c.Version, c.until = e.Version, deadlineOf(e)
	return c
}

// watch has the watchdog look at the connection, for the sake of what was noted
// before. That one looks in the other order, so one of us sees the other.
func (m *ServerMux) watch() {
	if !m.watched.Load() && m.watched.CompareAndSwap(false, true) {
		m.svc.Watchdog.add(m)
	}
}

// looked is the watchdog's look. It reports whether to look again.
func (m *ServerMux) looked() (again bool) {
	waits := m.lookedGate()
	st := m.state.Load()
	if st&running != 0 {
		if st == m.seen {
			m.takeReader(st)
			st = m.state.Load()
		}
		m.seen = st
		return true
	}
	if st != m.seen {
		m.seen = st
		return true
	}
	if waits {
		return true
	}
	m.watched.Store(false)
	if m.state.Load() == st && m.gate.parked.Load() == 0 {
		return false
	}
	return m.watched.CompareAndSwap(false, true)
}

// takeReader gives the reader to a new goroutine, if st still holds.
func (m *ServerMux) takeReader(st uint64) {
	epoch := st>>epochBits + 1
	// Under the lock, so that a handler that returns just now finds its call
	// registered when it ends it.
	m.mu.Lock()
	if !m.state.CompareAndSwap(st, epoch<<epochBits) {
		m.mu.Unlock()
		return
	}
	m.conn.Detach()
	m.live.Add(1)
	m.svc.Pool.joined()
	m.registerLocked(m.current)
	m.mu.Unlock()
	go func() {
		m.conn.Flush() // what the stuck handler's goroutine had not flushed yet
		m.read(epoch)
	}()
}
