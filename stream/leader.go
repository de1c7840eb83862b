package stream

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/zrpc-go/zrpc/internal/msgid"
)

// Waking a goroutine costs more than reading a socket, so the answer of a lone
// call is read by the goroutine that waits for it: the leader. When others wait
// too, or nobody does, a goroutine in the background reads instead and wakes them.
// While callers lead there is none, and an idle connection has a new one, which has
// delivered nothing yet: its stack is the smallest there is.
//
//	        a caller waits, nobody reads
//	nobody ─────────────────────────────▶ caller (the leader)
//	  ▲  ▲        answered, alone           │
//	  │  └──────────────────────────────────┤
//	  │ nothing pending, and one caller     │ answered, others wait
//	  │ at a time lately                    ▼
//	  └────────────────────────────── background
//	nobody ──── no call for a grace time ──▶ background
type reader uint8

const (
	background reader = iota // a goroutine in the background reads
	caller                   // the leader reads
	nobody                   // the next caller that waits will
)

// grace is how long nobody reads after the last call: long enough for the next
// of a sequence of calls, short enough for what comes unasked (a heartbeat, the
// end of the connection).
const grace = 10 * time.Millisecond

// slowTurns is how many turns are taken for slow ones after one that was.
const slowTurns = 64

// leadership decides who reads the connection. The mux's mu guards it.
type leadership struct {
	m           *ClientMux
	reader      reader
	leader      *waiter // who, when a caller reads
	interrupted bool    // the leader's read was interrupted
	peak        int     // most channels open at once since the background last looked
	woken       int     // callers that the present batch has woken
	onEnd       func(err error)
	leads       uint64 // times a caller has led
	leadsAt     uint64 // leads when the idle timer was set
	idle        *time.Timer
	armed       bool // the idle timer runs
	slow        int  // turns in which a leader is to stop it
	stopped     atomic.Bool
}

// wakeLocked has the connection read in the background from now on, where it is not.
func (l *leadership) wakeLocked() {
	if l.reader != background {
		l.reader, l.peak = background, 0
		go l.m.readOn()
	}
}

// restLocked leaves the connection unread until the next caller waits, or the
// grace time is over.
func (l *leadership) restLocked() {
	l.reader = nobody
	if l.armed {
		return
	}
	l.armed, l.leadsAt = true, l.leads
	if l.idle == nil {
		l.idle = time.AfterFunc(grace, l.onIdle)
	} else {
		l.idle.Reset(grace)
	}
}

// hushLocked stops the idle timer for the turn of a leader whose answer is likely to
// take longer: its goroutine would start, find the leader, and end, for each call. With
// quick answers it runs on through many turns, and costs none of them anything.
func (l *leadership) hushLocked() {
	if l.slow == 0 {
		return
	}
	l.slow--
	if l.armed && l.idle.Stop() {
		l.armed = false
	}
}

// onIdle reads the connection when no caller led for a grace time: the timer's
// goroutine becomes the one in the background.
func (l *leadership) onIdle() {
	if l.overdue() {
		l.m.readOn()
	}
}

// overdue reports whether the connection goes to the one who asks, and else sets the
// timer again, if it is to run.
func (l *leadership) overdue() bool {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	if l.stopped.Load() || l.reader != nobody {
		l.armed = false // the end of a leader's turn sets the timer again
		if l.reader == caller && l.leads == l.leadsAt {
			l.slow = slowTurns
		}
		return false
	}
	if l.leads == l.leadsAt {
		l.armed = false
		l.idle = nil // an idle connection keeps no timer
		l.reader, l.peak = background, 0
		return true
	}
	l.leadsAt = l.leads
	l.idle.Reset(grace)
	return false
}

// stopLocked ends the reading, whoever does it.
func (l *leadership) stopLocked() {
	l.stopped.Store(true)
	if l.idle != nil {
		l.idle.Stop()
	}
	if l.reader == nobody {
		l.wakeLocked()
	}
}

// interruptLocked gets the leader out of its read.
func (l *leadership) interruptLocked() {
	if !l.interrupted {
		l.interrupted = true
		l.m.conn.Interrupt()
	}
}

// parkLocked waits until w is signalled or ctx ends, reading the connection
// meanwhile if nobody else does. It leaves the mux unlocked.
func (m *ClientMux) parkLocked(ctx context.Context, w *waiter) error {
	if m.lead.reader == nobody && m.err == nil {
		return m.lead.read(ctx, w)
	}
	w.parkLocked()
	m.mu.Unlock()
	done := ctx.Done()
	if done == nil {
		<-w.ch
		return nil
	}
	select {
	case <-w.ch:
		return nil
	case <-done:
	}
	m.mu.Lock()
	signalled := w.unparkLocked()
	m.mu.Unlock()
	if signalled {
		return nil
	}
	return ctx.Err()
}

// read makes the caller the leader. It is entered locked and leaves unlocked.
func (l *leadership) read(ctx context.Context, w *waiter) error {
	m := l.m
	l.reader, l.leader = caller, w
	l.hushLocked()
	w.state, w.fired = leading, false
	m.mu.Unlock()

	var stop func() bool
	if ctx.Done() != nil {
		stop = context.AfterFunc(ctx, func() {
			m.mu.Lock()
			if l.leader == w {
				l.interruptLocked()
			}
			m.mu.Unlock()
		})
	}
	var err error
	for {
		err = m.conn.Fill()
		m.mu.Lock()
		if err == nil {
			err = m.batchLocked()
		}
		if errors.Is(err, ErrInterrupted) {
			err = nil
			if ctx.Err() != nil {
				break
			}
			l.resumeLocked()
		}
		if err != nil || w.fired {
			break
		}
		m.mu.Unlock()
	}
	fired := w.fired
	w.state, w.fired = notWaiting, false
	l.handOnLocked(w.of, err != nil)
	m.mu.Unlock()
	if stop != nil {
		stop()
	}
	if err != nil {
		m.fail(lost(err))
		return nil // the channel says so itself
	}
	if !fired {
		return ctx.Err()
	}
	return nil
}

// resumeLocked lets the connection be read again after an interruption.
func (l *leadership) resumeLocked() {
	if l.interrupted {
		l.interrupted = false
		l.m.conn.Resume()
	}
}

// handOnLocked ends the turn of the leader, who waited for own.
func (l *leadership) handOnLocked(own *Channel, broken bool) {
	l.leader = nil
	l.leads++
	l.resumeLocked()
	others := l.m.pending
	if l.m.slots[own.number&msgid.NoSlot] == own && !own.awaitedLocked() {
		others--
	}
	if broken || others > 0 || l.m.senders > 0 || l.stopped.Load() {
		l.wakeLocked()
	} else {
		l.restLocked()
	}
}

// batchLocked delivers every message that is complete in memory.
func (m *ClientMux) batchLocked() error {
	m.lead.woken = 0
	for {
		msg, ok, err := m.conn.Next()
		if err != nil || !ok {
			return err
		}
		m.deliverLocked(&msg)
		if msg.Owned { // nobody took the buffer over
			m.conn.Recycle(msg.Buffer)
		}
	}
}

// Start begins to read the connection and returns. When the connection has ended,
// and every channel on it, onEnd is told why, once, by the goroutine that read last;
// it must not block.
func (m *ClientMux) Start(onEnd func(err error)) {
	m.lead.onEnd = onEnd
	// What came behind the peer's handshake has been read already, and nothing need
	// follow it. If it was no good, the first Fill says so.
	m.mu.Lock()
	m.batchLocked()
	m.mu.Unlock()
	go m.readOn()
}

// readOn reads the connection until it is to rest, or ends. It has next to nothing on
// its stack, and what it calls to wait for input fits into the least stack with it:
// see TestIdleMemory.
func (m *ClientMux) readOn() {
	for {
		err := m.conn.Fill()
		goOn, woken, err := m.deliver(err)
		if woken > 1 {
			// They were in the midst of calls together, so they are likely to make
			// their next ones: one write for all. A failed one shows at the next read.
			m.conn.Gather(woken)
		}
		if err != nil {
			m.fail(err)
			m.lead.onEnd(err)
			return
		}
		if !goOn {
			return
		}
	}
}

// deliver hands on what was read, unless err says that the connection has ended. It
// reports whether to read on, how many callers it woke, and why the connection has
// ended if it has.
func (m *ClientMux) deliver(err error) (goOn bool, woken int, end error) {
	l := &m.lead
	m.mu.Lock()
	defer m.mu.Unlock()
	if err == nil {
		err = m.batchLocked()
	}
	if m.err != nil {
		err = m.err
	}
	if err != nil {
		if !errors.Is(err, ErrClosed) && !errors.Is(err, ErrLostRemote) && err != errLeft {
			err = lost(err)
		}
		return false, 0, err
	}
	if m.pending == 0 {
		if l.peak <= 1 {
			l.restLocked()
			return false, l.woken, nil
		}
		l.peak = 0
	}
	return true, l.woken, nil
}
