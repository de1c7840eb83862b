package stream

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/msgid"
)

// delimiter is the empty frame between zerorpc's envelope and the event, as a
// DEALER sends it.
var delimiter = []byte{1, 0}

// ClientMux opens channels on one connection and hands each answer to the
// goroutine that waits for it. All its methods may be called concurrently.
type ClientMux struct {
	mux
	lead leadership

	// mu guards these
	slots   []*Channel // open channels by the slot in their message id
	free    []uint32   // unused slots
	pending int        // used slots
	senders int        // of them, those whose callers stream to the server
	dropped uint64     // events that belong to no open channel
	unsaid  unsaid

	// spare holds *Channel for unary calls. It is not shared with other muxes,
	// because a channel of one synctest bubble may not be used in another.
	spare sync.Pool
}

// NewClientMux returns a mux for conn, which must have completed its handshake.
// Calls end only after Start.
func NewClientMux(conn Conn, opt *Options) *ClientMux {
	m := new(ClientMux)
	m.init(conn, opt)
	m.lead.m = m
	return m
}

// Pending returns how many channels are open.
func (m *ClientMux) Pending() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.pending
}

// Dropped returns how many events came for channels that were not open.
func (m *ClientMux) Dropped() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.dropped
}

// Close ends the connection and every channel on it with err.
func (m *ClientMux) Close(err error) {
	if err == nil {
		err = ErrClosed
	}
	m.fail(err)
}

// fail ends everything for err; the first reason stays.
func (m *ClientMux) fail(err error) {
	m.mu.Lock()
	if m.err == nil {
		m.err = err
	}
	for _, ch := range m.slots {
		if ch != nil {
			m.endLocked(ch, m.err)
		}
	}
	m.lead.stopLocked()
	m.mu.Unlock()
	m.conn.Close(err)
}

// registerLocked gives ch a slot and its id.
func (m *ClientMux) registerLocked(ch *Channel) error {
	if m.err != nil {
		return fmt.Errorf("%w: %w", ErrUnsent, m.err)
	}
	var slot uint32
	if n := len(m.free); n > 0 {
		slot = m.free[n-1]
		m.free = m.free[:n-1]
	} else {
		if len(m.slots) >= maxClientChannels {
			return fmt.Errorf("%w (%d)", ErrTooManyChannels, len(m.slots))
		}
		slot = uint32(len(m.slots))
		m.slots = append(m.slots, nil)
	}
	m.slots[slot] = ch
	m.pending++
	if ch.sends {
		// Its caller is busy sending, and is to learn at once of an answer that
		// makes that pointless: somebody has to read.
		m.senders++
		if m.lead.reader == nobody {
			m.lead.wakeLocked()
		}
	}
	ch.number = m.ids.Next(slot)
	ch.idBuf = m.ids.Encode(ch.number)
	ch.m, ch.envelope, ch.id = &m.mux, delimiter, ch.idBuf[:]
	ch.pulse = pulse{passive: m.opt.Passive}
	ch.unary.of = ch
	if f := ch.flow; f != nil {
		f.recv.of, f.send.of = ch, ch
	}
	m.lead.peak = max(m.lead.peak, m.pending)
	m.watchLocked(m)
	return nil
}

// dropLocked gives ch's slot back: no event reaches it any more. It reports
// whether ch had one.
func (m *ClientMux) dropLocked(ch *Channel) bool {
	slot := ch.number & msgid.NoSlot
	if slot >= uint64(len(m.slots)) || m.slots[slot] != ch {
		return false
	}
	m.slots[slot] = nil
	m.free = append(m.free, uint32(slot))
	m.pending--
	if ch.sends {
		m.senders--
	}
	return true
}

// endLocked ends ch before its time.
func (m *ClientMux) endLocked(ch *Channel, err error) {
	m.dropLocked(ch)
	ch.abortLocked(err)
	ch.unary.signalLocked()
	if w := m.lead.leader; w != nil && w.fired {
		m.lead.interruptLocked()
	}
}

// deliverLocked hands one message to its channel.
func (m *ClientMux) deliverLocked(msg *Message) {
	if msg.Command {
		return
	}
	var e event.Event
	unreadable := event.Parse(msg.Body, &e)
	if e.ResponseTo == nil || unreadable != nil && e.Args != nil {
		if unreadable == nil && string(e.Name) == event.NameBye && m.conn.Extended() {
			m.leftLocked()
		}
		m.dropped++
		return
	}
	m.trace(false, msg.Body)
	n, ok := m.ids.Number(e.ResponseTo)
	slot := n & msgid.NoSlot
	if !ok || slot >= uint64(len(m.slots)) || m.slots[slot] == nil || m.slots[slot].number != n {
		m.dropped++ // answered after its caller gave up
		return
	}
	ch := m.slots[slot]
	if unreadable != nil {
		// The head says whose answer it is, the rest is more than we take: nested
		// too deep, say. Its caller need not wait for another one.
		m.giveUpLocked(ch)
		m.endLocked(ch, fmt.Errorf("%w in answer: %w", ErrProtocol, unreadable))
		return
	}
	if e.Version < 3 {
		ch.v2 = true
	}
	if ch.header != nil {
		ch.header.take(&e)
	}
	switch k := event.RoleOf(e.Name); k {
	case event.RoleBeat:
		m.heardLocked(&ch.channel, time.Now())
		if ch.v2 {
			ch.grantLocked(e.Args)
		}
	case event.RoleMore:
		ch.grantLocked(e.Args)
	default:
		if ch.flow != nil {
			m.deliverFlowLocked(ch, k, &e)
		} else {
			m.deliverUnaryLocked(ch, k, &e, msg)
		}
	}
}

// deliverUnaryLocked ends a unary call with its answer.
func (m *ClientMux) deliverUnaryLocked(ch *Channel, k event.Role, e *event.Event, msg *Message) {
	ch.answer = k
	if msg.Owned {
		ch.args, ch.big, msg.Owned = e.Args, msg.Buffer, false
	} else {
		ch.buf = append(ch.buf[:0], e.Args...)
		ch.args = ch.buf
	}
	if k == event.RoleStream {
		m.giveUpLocked(ch) // nobody asked for it
	} else {
		m.dropLocked(ch)
	}
	ch.unary.signalLocked()
	m.lead.woken++
}

// deliverFlowLocked adds to a stream.
func (m *ClientMux) deliverFlowLocked(ch *Channel, k event.Role, e *event.Event) {
	switch k {
	case event.RoleStream:
		if !ch.streaming {
			ch.streaming, ch.flow.plain = true, isPlain(e)
		}
		if err := ch.putLocked(e.Args); err != nil {
			m.giveUpLocked(ch)
			m.endLocked(ch, err)
		}
		return
	case event.RoleOK: // a plain result: a stream of one
		item, err := oneElement(e.Args)
		if err == nil {
			err = ch.putLocked(item)
		}
		ch.finishLocked(err)
	case event.RoleDone:
		ch.streaming = true
		ch.finishLocked(nil)
	case event.RoleErr:
		ch.finishLocked(remoteError(e.Args))
	default:
		ch.finishLocked(fmt.Errorf("%w: the peer answered %q", ErrProtocol, e.Name))
	}
	ch.stopSendingLocked()
	m.dropLocked(ch)
}

// oneElement returns the first element of an OK event's args, which are a value as
// a whole.
func oneElement(args []byte) ([]byte, error) {
	if len(args) > 1 && args[0] == 0x91 { // an array of one, the usual case
		return args[1:], nil
	}
	n, i, err := event.ArrayLen(args)
	if err == nil && n == 0 {
		err = ErrProtocol
	}
	if err != nil {
		return nil, fmt.Errorf("%w: an OK without a result", ErrProtocol)
	}
	j, err := event.Skip(args, i)
	if err != nil {
		return nil, err
	}
	return args[i:j:j], nil
}

// onTick looks after every channel's heartbeat.
func (m *ClientMux) onTick(now time.Time) (more bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tick++
	for _, ch := range m.slots {
		if ch == nil {
			continue
		}
		switch send, lost := ch.pulse.onTick(m.tick, now.UnixNano()); {
		case lost:
			m.endLocked(ch, fmt.Errorf("%w: %w for %v", ErrLostRemote, ErrSilent, m.silence(&ch.pulse)))
		case send:
			m.beatLocked(&ch.channel)
		}
	}
	if m.pending == 0 {
		m.ticking = false
		return false
	}
	return true
}

// silence is how long the peer behind p was silent, for people.
func (m *mux) silence(p *pulse) time.Duration {
	since := p.start
	if p.heard != 0 {
		since = p.heard
	}
	return (time.Duration(m.tick-since) * m.opt.Heartbeat / ticksPerBeat).Round(10 * time.Millisecond)
}

// Request is what opens a channel.
type Request struct {
	Method string
	Args   []byte       // the encoded argument array; not used any more when the call returns
	Lent   []byte       // the end of the array where that is not in Args; the same holds for it
	Tail   *event.Bytes // or the end in memory that is held until it was written
	Extra  []byte       // further header pairs, encoded
	NExtra int          // how many pairs

	// Timeout is how long the caller will wait; 0 stands for no bound. A zrpc
	// server is told, and ends the handler's context in time.
	Timeout time.Duration

	// Answer, when set, is filled with what the header of the answer holds.
	Answer *AnswerHeader

	// Sends says that the caller is going to stream to the server.
	Sends bool
}

// send puts the request of ch on the wire; others is how many calls were open
// beside it.
func (m *ClientMux) send(ctx context.Context, ch *Channel, req *Request, others int) error {
	h := event.Head{ID: ch.id[2:], Extra: req.Extra, NExtra: req.NExtra, Name: req.Method}
	if req.Timeout > 0 && m.conn.Extended() {
		h.Extra = appendTimeout(req.Extra, req.Timeout)
		h.NExtra++
	}
	// Not in the channel's own memory: that is the reader's as soon as ch has a slot, for
	// a server may guess the id and answer before it is asked.
	s := scratchPool.Get().(*scratch)
	defer s.free()
	s.b = event.AppendHead(s.b, &h)
	mode := Now
	if others > 0 {
		mode = Yield
	}
	args, lent, tail := req.Args, req.Lent, req.Tail.Share()
	if len(lent) == 0 && tail == nil && len(args) >= HandOver {
		args, lent = nil, args
	}
	s.b = append(s.b, args...)
	switch {
	case m.opt.Trace != nil: // which is shown it in one piece
	case tail != nil:
		return m.conn.SendOwned(ctx, delimiter, s.b, tail.Bytes(), tail.Release, mode)
	case len(lent) > 0:
		return m.conn.SendLent(ctx, delimiter, s.b, lent, mode)
	}
	s.b = append(append(s.b, lent...), tail.Bytes()...)
	tail.Release()
	m.trace(true, s.b)
	return m.conn.Send(ctx, delimiter, s.b, mode)
}
