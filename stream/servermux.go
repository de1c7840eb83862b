package stream

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/zrpc-go/zrpc/event"
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

	PeerCalls int // open calls of one connection; 0: DefaultPeerCalls
	Calls     int // open calls of all; 0: DefaultCalls

	Dropped atomic.Uint64 // events that were malformed or belonged to no call
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
	ended chan struct{} // closed when the connection has ended
	queue callQueue     // the pool's mu guards it

	// mu guards these
	calls  idTable[*Call] // open calls but the inline one
	bytes  int            // of their requests
	recent recentIDs      // calls that ended lately

	live atomic.Int32 // calls on goroutines
	inline
}

// NewServerMux returns a mux that serves svc on conn, which must have completed
// its handshake.
func NewServerMux(conn Conn, svc *Service, opt *Options) *ServerMux {
	m := &ServerMux{svc: svc, ended: make(chan struct{})}
	m.init(conn, opt)
	return m
}

// Run serves the connection until it ends, and returns why. The contexts of
// calls in progress have ended then.
//
// The reading goroutine is not the caller's: a handler may keep it, or end it.
func (m *ServerMux) Run() error {
	go m.read(0)
	<-m.ended
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.err
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
		close(m.ended)
	}
	lost := fmt.Errorf("%w: %w", ErrLostRemote, m.err)
	m.calls.all(func(c *Call) bool {
		c.loseLocked(lost)
		return true
	})
	m.mu.Unlock()
	m.conn.Close(err)
}

// read is the reading loop of the goroutine that owns the reader in epoch. It
// returns when the connection ends or when the reader was taken away.
func (m *ServerMux) read(epoch uint64) {
	r := newReaderState(epoch)
	for {
		msg, ok, err := m.conn.Next()
		if err == nil && !ok {
			if err = m.conn.Flush(); err == nil {
				err = m.conn.Fill()
			}
			if err == nil {
				continue
			}
		}
		if err != nil {
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
		if errors.Is(err, event.ErrName) && e.ID != nil && e.ResponseTo == nil {
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
	if k := kindOf(e.Name); e.ID == nil || k == kindBeat || k == kindMore {
		m.svc.Dropped.Add(1) // nobody to answer, or of no channel
		return true
	}
	method, err := m.svc.Lookup(e.Name)
	if err != nil {
		m.refuse(msg, &e, err)
		return true
	}
	c := &Call{sm: m, method: method, Version: e.Version}
	c.m = &m.mux
	if method.Unary != nil && method.cheap.proven.Load() && !m.svc.Pool.bounded() {
		return m.runInline(c, msg, &e, r)
	}
	if err := m.admit(c, msg, &e); err != nil {
		m.refuse(msg, &e, err)
		return true
	}
	m.svc.Pool.start(c)
	return true
}

// admit makes c an open call, if the bounds allow it.
func (m *ServerMux) admit(c *Call, msg *Message, e *event.Event) error {
	size := len(msg.Envelope) + len(msg.Body)
	peer, all := m.svc.PeerCalls, m.svc.Calls
	if peer == 0 {
		peer = DefaultPeerCalls
	}
	if all == 0 {
		all = DefaultCalls
	}
	m.mu.Lock()
	bytes := m.bytes
	m.mu.Unlock()
	// Counted by calls and not by ids, which a peer may use twice.
	switch open := int(m.live.Load()); {
	case open >= peer:
		return fmt.Errorf("%w: %d calls are open on this connection", ErrBusy, open)
	case bytes > 0 && bytes+size > maxPeerBytes:
		return fmt.Errorf("%w: the open calls of this connection take %d bytes", ErrBusy, bytes)
	}
	if n := m.svc.Pool.began(); n > int64(all) {
		m.svc.Pool.ended()
		return fmt.Errorf("%w: %d calls are open", ErrBusy, n-1)
	}
	c.adopt(msg, e)
	if c.method.Stream != nil {
		c.flow = newFlow(m.opt.Window)
	}
	m.live.Add(1)
	m.mu.Lock()
	m.registerLocked(c)
	m.mu.Unlock()
	return nil
}

// registerLocked makes events find c.
func (m *ServerMux) registerLocked(c *Call) {
	c.pulse = pulse{passive: m.opt.Passive || c.Version < 2}
	c.v2 = c.Version < 3
	m.calls.put(c.id, c)
	m.bytes += c.bytes
	m.watchLocked(m)
	if m.err != nil {
		c.loseLocked(fmt.Errorf("%w: %w", ErrLostRemote, m.err))
	}
}

// unregister ends c.
func (m *ServerMux) unregister(c *Call) {
	m.mu.Lock()
	m.calls.remove(c.id, c)
	m.recent.addLocked(c.id)
	m.bytes -= c.bytes
	m.mu.Unlock()
}

// onChannel routes an event to the call it belongs to.
func (m *ServerMux) onChannel(msg *Message, e *event.Event) {
	k := kindOf(e.Name)
	m.mu.Lock()
	c := m.calls.get(e.ResponseTo)
	if c != nil {
		switch k {
		case kindBeat:
			m.heardLocked(&c.channel, time.Now())
			if c.v2 {
				c.grantLocked(e.Args)
			}
		case kindMore:
			c.grantLocked(e.Args)
		case kindStream, kindDone, kindErr:
			m.fromCallerLocked(c, k, e)
		default:
			m.svc.Dropped.Add(1)
		}
	}
	late := c == nil && m.recent.hasLocked(e.ResponseTo)
	m.mu.Unlock()
	if c != nil || late {
		return
	}
	m.svc.Dropped.Add(1)
	if k == kindBeat || k == kindMore {
		// The caller waits for an answer that this server, restarted perhaps,
		// will never give: it had better know now.
		m.answerError(msg.Envelope, e.ResponseTo, e.Version, &RemoteError{
			Name: "LostRemote", Message: "no such call is running here; the server may have been restarted",
		})
	}
}

// fromCallerLocked takes an event of the caller's own stream.
func (m *ServerMux) fromCallerLocked(c *Call, k kind, e *event.Event) {
	switch {
	case c.flow == nil || c.flow.end:
		m.svc.Dropped.Add(1)
	case k == kindDone:
		c.finishLocked(nil)
	case k == kindErr:
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
	m.calls.all(func(c *Call) bool {
		switch send, lost := c.pulse.onTick(m.tick, now.UnixNano()); {
		case lost:
			c.loseLocked(fmt.Errorf("%w: no heartbeat for %v", ErrLostRemote, m.silence(&c.pulse)))
			m.calls.remove(c.id, c)
		case send:
			m.beatLocked(&c.channel)
		}
		return true
	})
	if m.calls.len() == 0 {
		m.ticking = false
		m.conn.Trim()
		return false
	}
	return true
}
