package stream

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/msgid"
)

// Service is what the connections of one server have in common.
type Service struct {
	// Lookup returns the method of a name, or an error for the caller when
	// there is none. It runs on the reading goroutine and must not block.
	Lookup func(name []byte) (*Method, error)
	// Describe turns a handler's error into what the caller is answered.
	Describe func(err error) *RemoteError

	Pool     *Pool
	Watchdog *Watchdog

	PeerCalls int // open calls of one connection; 0: DefaultPeerCalls, negative: no bound
	Calls     int // open calls of all; 0: DefaultCalls, negative: no bound

	Dropped atomic.Uint64 // events that were malformed or belonged to no call

	starts starts
}

// PanicError is a handler's panic.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// ErrExited says that a handler ended its goroutine instead of returning.
var ErrExited = errors.New("the handler ended its goroutine")

// ErrBusy says that a request was refused because a bound is reached.
var ErrBusy = errors.New("server is busy")

// ServerMux accepts channels on one connection: it reads events, runs the
// methods they call and routes what belongs to calls in progress.
//
// One goroutine at a time is the reader. It runs proven-cheap methods itself
// (inline.go) and starts goroutines for all others.
type ServerMux struct {
	mux
	svc   *Service
	queue callQueue // the pool's mu guards it
	gate  gate

	leaving atomic.Bool // Leave was called

	// mu guards these
	open   callList           // open calls but the inline one
	calls  msgid.Table[*Call] // the same by id
	recent msgid.Recent       // calls that ended lately
	onEnd  func(err error)    // told once, when the connection has ended
	told   bool               // the peer knows that we leave, or is gone
	left   chan struct{}      // closed then; nil: nobody waits for it
	mute   bool               // a call ran whose caller, silent for long, got no answer

	live      atomic.Int32 // calls on goroutines
	heldUp    atomic.Bool  // the reader waits for room to send
	wasHeldUp atomic.Bool  // or did so since the last tick
	inline
}

// NewServerMux returns a mux that serves svc on conn, which must have completed
// its handshake.
func NewServerMux(conn Conn, svc *Service, opt *Options) *ServerMux {
	m := &ServerMux{svc: svc}
	m.init(conn, opt)
	m.account = conn.Account()
	return m
}

// Start begins to serve the connection and returns. When the connection ends,
// onEnd is told why, once, by the goroutine that ended it; it must not block. The
// contexts of calls in progress have ended then.
//
// Nobody waits for the end, because the reading goroutine cannot be its caller's
// (a handler may keep it, or end it) and a second one for each idle connection
// would cost as much as the first.
func (m *ServerMux) Start(onEnd func(err error)) {
	m.mu.Lock()
	err := m.err
	if err == nil {
		m.onEnd = onEnd
	}
	m.mu.Unlock()
	if err != nil {
		onEnd(err)
		return
	}
	go m.read(0)
}

// Close ends the connection and the context of every call on it.
func (m *ServerMux) Close(err error) {
	if err == nil {
		err = ErrClosed
	}
	m.fail(err)
}

func (m *ServerMux) fail(err error) {
	m.mu.Lock()
	if m.err == nil {
		m.err = err
	}
	reason := lost(m.err)
	err, onEnd := m.err, m.onEnd
	m.onEnd = nil
	m.leftLocked()
	m.open.eachLocked(func(c *Call) { c.loseLocked(reason) })
	waiting := m.gate.emptyLocked()
	m.mu.Unlock()
	m.conn.Close(err)
	m.discardAll(waiting[0])
	m.discardAll(waiting[1])
	m.discardAll(m.svc.Pool.forget(m))
	if onEnd != nil {
		onEnd(err)
	}
}

// discardAll is discard for calls that are chained by queued.
func (m *ServerMux) discardAll(c *Call) {
	for c != nil {
		next := c.queued
		c.queued = nil
		m.discard(c)
		c = next
	}
}

// discard ends a call that was admitted and has not begun to run.
func (m *ServerMux) discard(c *Call) {
	if c.entered {
		m.mu.Lock()
		m.gate.lanes[c.lane].window.End(c.answers)
		m.mu.Unlock()
	}
	m.begun(c)
	m.unregister(c)
	m.live.Add(-1)
	c.disown()
	m.svc.Pool.ended()
}

// read is the reading loop of the goroutine that owns the reader in epoch. It
// returns when the connection ends or when the reader was taken away.
func (m *ServerMux) read(epoch uint64) {
	r := newReaderState(epoch)
	for {
		msg, ok, err := m.conn.Next()
		if err == nil && !ok {
			// A peer that left perhaps left requests that are still to be
			// read, so a failed write is none of our business.
			m.conn.Flush()
			r.rest()
			if err = m.conn.Fill(); err == nil {
				continue
			}
		}
		if err != nil {
			if m.leaving.Load() && errors.Is(err, ErrInterrupted) {
				m.leave()
				return
			}
			m.fail(err)
			return
		}
		mine := m.dispatch(&msg, r)
		if msg.Owned {
			m.conn.Recycle(msg.Buffer)
		}
		if !mine {
			return
		}
	}
}

// dispatch handles one message and reports whether the caller still owns the
// reader.
func (m *ServerMux) dispatch(msg *Message, r *readerState) (mine bool) {
	if msg.Command {
		return true
	}
	var e event.Event
	if err := event.Parse(msg.Body, &e); err != nil {
		if (errors.Is(err, event.ErrName) || errors.Is(err, event.ErrTooDeep) || errors.Is(err, event.ErrTooManyNodes)) &&
			e.Header != nil && e.ID != nil && e.ResponseTo == nil {
			m.refuse(msg, &e, err) // all but the name is well
		} else {
			m.svc.Dropped.Add(1)
		}
		return true
	}
	m.trace(false, msg.Body)
	if e.ResponseTo != nil {
		m.onChannel(msg, &e)
		return true
	}
	if k := event.RoleOf(e.Name); e.ID == nil || k == event.RoleBeat || k == event.RoleMore {
		m.svc.Dropped.Add(1) // nobody to answer, or of no channel
		return true
	}
	// It counts as open before the service is asked, so that a service that
	// refuses requests from now on, and then waits for open calls, misses none.
	open := m.svc.Pool.began()
	method, err := m.svc.Lookup(e.Name)
	if err == nil {
		inline := method.Unary != nil && method.cheap.proven.Load() && !m.svc.Pool.bounded()
		c := m.newCall(method, inline, &e)
		if inline && msg.Owned { // a small one lies in the read buffer
			err = m.hold(c, msg)
		}
		if inline && err == nil {
			return m.runInline(c, msg, &e, r)
		}
		waits := false
		if err == nil {
			waits, err = m.admit(c, msg, &e, open)
		}
		if err == nil {
			if waits {
				m.watch()
			} else {
				m.startAll(c)
			}
			return true
		}
	}
	m.svc.Pool.ended()
	m.refuse(msg, &e, err)
	return true
}

// registerLocked makes events find c.
func (m *ServerMux) registerLocked(c *Call) {
	c.pulse = pulse{passive: m.opt.Passive || c.Version < 2}
	c.v2 = c.Version < 3
	m.open.addLocked(c)
	m.calls.Put(c.id, c)
	m.watchLocked(m)
	c.expireLocked()
	if m.err != nil {
		c.loseLocked(lost(m.err))
	}
}

// unregister ends c's channel.
func (m *ServerMux) unregister(c *Call) {
	m.mu.Lock()
	m.hideLocked(c)
	m.recent.Add(c.id)
	m.unholdLocked(c.bytes)
	if c.flow != nil {
		c.releaseLocked(context.Canceled)
	}
	m.mu.Unlock()
}

// hideLocked makes c one that neither events nor ticks find.
func (m *ServerMux) hideLocked(c *Call) {
	if c.timer != nil {
		c.timer.Stop()
	}
	m.open.removeLocked(c)
	m.calls.Remove(c.id, c)
}

// onChannel routes an event to the call it belongs to.
func (m *ServerMux) onChannel(msg *Message, e *event.Event) {
	k := event.RoleOf(e.Name)
	m.mu.Lock()
	c := m.calls.Get(e.ResponseTo)
	if c != nil {
		switch k {
		case event.RoleBeat:
			m.heardLocked(&c.channel, time.Now())
			if c.v2 {
				c.grantLocked(e.Args)
			}
		case event.RoleMore:
			c.grantLocked(e.Args)
		case event.RoleStream, event.RoleDone, event.RoleErr:
			m.fromCallerLocked(c, k, e)
		case event.RoleCancel:
			c.loseLocked(ErrCancelled)
			m.hideLocked(c)
		default:
			m.svc.Dropped.Add(1)
		}
	}
	late := c == nil && m.recent.Has(e.ResponseTo)
	m.mu.Unlock()
	if c != nil || late {
		return
	}
	m.svc.Dropped.Add(1)
	if k == event.RoleBeat || k == event.RoleMore {
		m.answerError(msg.Envelope, e.ResponseTo, e.Version, errUnknownCall, Later)
	}
}

// fromCallerLocked takes an event of the caller's own stream.
func (m *ServerMux) fromCallerLocked(c *Call, k event.Role, e *event.Event) {
	switch {
	case c.flow == nil || c.flow.end:
		m.svc.Dropped.Add(1)
	case k == event.RoleDone:
		c.finishLocked(nil)
	case k == event.RoleErr:
		c.finishLocked(remoteError(e.Args))
	default:
		if err := c.putLocked(e.Args); err != nil {
			c.loseLocked(err)
		}
	}
}

// onTick looks after every call's heartbeat.
func (m *ServerMux) onTick(now time.Time) (more bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tick++
	deaf := m.wasHeldUp.Swap(false) || m.heldUp.Load()
	m.open.eachLocked(func(c *Call) {
		if deaf {
			c.pulse.pause()
		}
		switch send, lost := c.pulse.onTick(m.tick, now.UnixNano()); {
		case lost:
			c.loseLocked(fmt.Errorf("%w: %w for %v", ErrLostRemote, ErrSilent, m.silence(&c.pulse)))
			m.hideLocked(c)
			m.mute = true
		case send:
			m.beatLocked(&c.channel)
		}
	})
	if m.open.first == nil {
		m.ticking = false
		return false
	}
	return true
}
