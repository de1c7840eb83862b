package stream

import (
	"sync"
	"time"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/budget"
	"github.com/zrpc-go/zrpc/internal/msgid"
)

// mux is what both ends of a connection share: ClientMux opens channels on it,
// ServerMux accepts them.
type mux struct {
	// set at creation
	conn    Conn
	opt     Options
	ids     msgid.Maker
	account *budget.Account // what held draws on; nil where it has no bound: the peer opens no channels here

	mu      sync.Mutex   // guards the fields below and the state of every channel
	held    int          // bytes that open calls hold, if that has a bound
	lease   budget.Lease // what held has drawn on the account
	tick    uint32       // ticks seen; starts at 1 so that 0 can mean "never"
	ticking bool         // the ticker knows us
	err     error        // why the connection ended
}

func (m *mux) init(conn Conn, opt *Options) {
	if opt != nil {
		m.opt = *opt
	}
	m.opt.normalize()
	m.conn = conn
	m.tick = 1
	m.ids.Init()
}

// holdLocked counts n bytes that open calls are to hold, or reports that the memory
// of all connections is used up.
func (m *mux) holdLocked(n int) error {
	if err := m.lease.Grow(m.account, m.held+n); err != nil {
		return err
	}
	m.held += n
	return nil
}

// unholdLocked takes them out again.
func (m *mux) unholdLocked(n int) {
	m.held -= n
	m.lease.Ease(m.account, m.held)
}

// watchLocked has the ticker look after self's channels.
func (m *mux) watchLocked(self tickable) {
	if !m.ticking {
		m.ticking = true
		m.opt.Ticker.add(self)
	}
}

// appendEvent writes an event on a channel, up to and including its name; the
// args follow. responseTo is the channel's id as its peer encoded it.
func (m *mux) appendEvent(b, responseTo []byte, name string) []byte {
	return m.appendEventWith(b, responseTo, name, nil, 0)
}

// appendEventWith is appendEvent with further header pairs, n of them.
func (m *mux) appendEventWith(b, responseTo []byte, name string, extra []byte, n int) []byte {
	var id msgid.Encoded
	m.ids.Put(&id, m.ids.Next(msgid.NoSlot))
	h := event.Head{ID: id.Text(), ResponseTo: responseTo, Name: name, Extra: extra, NExtra: n}
	return event.AppendHead(b, &h)
}

// scratch is a reusable encoding buffer.
type scratch struct {
	b []byte

	// what pack makes a head of, here and not on a stream's stack
	id   msgid.Encoded
	head event.Head
}

var scratchPool = sync.Pool{New: func() any { return &scratch{b: make([]byte, 0, usualEvent)} }}

func (s *scratch) free() {
	switch c := cap(s.b); {
	case c <= keepScratch:
		s.b = s.b[:0]
		scratchPool.Put(s)
	case c >= HandOver && c <= keepLarge:
		s.b = s.b[:0]
		largePool.Put(s)
	}
}

// largePool holds buffers of results that are written from where they are, so
// that a method that answers a megabyte each time does not allocate one.
var largePool = sync.Pool{New: func() any { return new(scratch) }}

// beatLocked sends a heartbeat on ch. A queue that is full has no room for one,
// nor would a peer that does not read see it; then it is tried again at the next
// tick.
func (m *mux) beatLocked(ch *channel) {
	s := scratchPool.Get().(*scratch)
	s.b = m.appendEvent(s.b, ch.id, event.NameBeat)
	s.b = append(s.b, 0x91, 0) // [0]
	m.trace(true, s.b)
	if !m.conn.TrySend(ch.envelope, s.b, Async) {
		ch.pulse.next = m.tick + 1
	}
	s.free()
}

// trace shows an event to whoever asked to see them all.
func (m *mux) trace(sent bool, body []byte) {
	if m.opt.Trace != nil {
		m.opt.Trace(sent, body)
	}
}

// heardLocked notes a heartbeat of the peer on ch, and answers it if the peer
// is the faster one.
func (m *mux) heardLocked(ch *channel, now time.Time) {
	if ch.pulse.onHeartbeat(m.tick, now.UnixNano(), m.opt.Heartbeat) && m.opt.Heartbeat > 0 {
		m.beatLocked(ch)
	}
}
