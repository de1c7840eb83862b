package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/msgid"
)

// channel is what either end keeps for one conversation. Its fields are guarded
// by the mux's mu, except where they say otherwise.
type channel struct {
	// set at creation
	m        *mux
	envelope []byte // encoded frames that go before each event
	id       []byte // the channel's id as encoded: the response_to of each event

	pulse pulse
	flow  *flow // nil while the channel is unary
	err   error // why the channel ended before its time
	// v2: the peer speaks protocol 2 or less, where a heartbeat carries credit
	// and credit is sent as a heartbeat.
	v2 bool

	dead atomic.Bool // err or flow.over is set; read without the lock
}

// flow is the streaming half of a channel: items in both directions with the
// credit that bounds them.
type flow struct {
	size int // set at creation: the largest that the window may become, in items

	// the mux's mu guards these
	in      inbox
	held    int   // bytes of it that count towards mux.held
	largest int   // bytes of the largest item received
	inErr   error // what the peer ended its items with
	recv    waiter
	credit  int64 // items the peer lets us send
	send    waiter
	end     bool // the peer has sent its last item
	over    bool // the peer has answered: it wants no more items
	plain   bool // the items come from a peer without zrpc's extensions; see event.KeyPlain

	win  window // the receiving goroutine only
	left int64  // the sending goroutine only: credit it has taken and not used
}

// newFlow returns the state of a channel with streams. A window of 0 is the
// default, which grows if the peer is zrpc.
func newFlow(m *mux, window int) *flow {
	size, grows := min(window, maxWindow), false
	if window <= 0 {
		size = m.opt.Window
		grows = !m.opt.fixed && m.conn.Extended()
	}
	f := &flow{size: size, win: newWindow(size, grows), credit: 1}
	if grows {
		f.size = max(size, maxGrown)
	}
	return f
}

// putLocked queues one received item.
func (ch *channel) putLocked(item []byte) error {
	f := ch.flow
	f.largest = max(f.largest, len(item))
	if overrun(f.size, f.in.nq+1, len(f.in.q)+len(item), f.largest) {
		return ErrOverflow
	}
	if m := ch.m; m.account != nil {
		n := len(item) + itemHead
		if m.held+n > max(maxPeerBytes, 2*f.largest) {
			return fmt.Errorf("%w: the open calls of this connection take %d bytes", ErrOverflow, m.held)
		}
		if err := m.holdLocked(n); err != nil {
			return fmt.Errorf("%w: %w", ErrOverflow, err)
		}
		f.held += n
	}
	f.in.putLocked(item)
	f.recv.signalLocked()
	return nil
}

// swapLocked gives the consumer the items that were received. What it had
// before it no longer holds.
func (ch *channel) swapLocked() bool {
	f := ch.flow
	taken := len(f.in.base)
	if !f.in.swapLocked() {
		return false
	}
	if ch.m.account != nil {
		ch.m.unholdLocked(taken)
		f.held -= taken
	}
	f.win.largest = f.largest
	f.win.grows = f.win.grows && !f.plain
	return true
}

// releaseLocked ends the channel for good: nobody is to take items any more.
func (ch *channel) releaseLocked(err error) {
	f := ch.flow
	ch.m.unholdLocked(f.held)
	f.held, f.in.q, f.in.nq = 0, nil, 0
	ch.abortLocked(err)
}

// finishLocked notes that the peer has sent its last item.
func (ch *channel) finishLocked(err error) {
	ch.flow.end, ch.flow.inErr = true, err
	ch.flow.recv.signalLocked()
}

// abortLocked ends the channel for err: whoever waits on it learns so.
func (ch *channel) abortLocked(err error) {
	if ch.err == nil {
		ch.err = err
		ch.dead.Store(true)
	}
	if f := ch.flow; f != nil {
		f.recv.signalLocked()
		f.send.signalLocked()
	}
}

// stopSendingLocked makes the next send fail: the answer is in, so the peer
// reads no more items.
func (ch *channel) stopSendingLocked() {
	ch.flow.over = true
	ch.dead.Store(true)
	ch.flow.send.signalLocked()
}

// grantLocked takes the args of a credit event: [n]. As zerorpc does, anything
// that can be read as a number counts, and what cannot is ignored.
func (ch *channel) grantLocked(args []byte) {
	if ch.flow == nil {
		return
	}
	n, i, err := event.ArrayLen(args)
	if err != nil || n == 0 {
		return
	}
	j, err := event.Skip(args, i)
	if err != nil {
		return
	}
	grant, ok := creditNumber(args[i:j])
	if !ok {
		return
	}
	ch.flow.credit = addCredit(ch.flow.credit, grant)
	if ch.flow.credit > 0 {
		ch.flow.send.signalLocked()
	}
}

// parker puts the calling goroutine to sleep until its waiter is signalled or
// ctx ends. It is entered with the mux locked and leaves it unlocked.
type parker interface {
	parkLocked(ctx context.Context, w *waiter) error
}

// next takes the next item, asking the peer for more when it is time to. The
// item is valid until the next call. io.EOF is the regular end.
func (ch *channel) next(ctx context.Context, p parker) ([]byte, error) {
	f := ch.flow
	if grant := f.win.ask(); grant > 0 {
		if err := ch.sendGrant(ctx, grant); err != nil {
			f.win.reserved -= grant // the next call asks again
			return nil, err
		}
	}
	for {
		if item, ok := f.in.take(); ok {
			f.win.take()
			return item, nil
		}
		ch.m.mu.Lock()
		switch {
		case ch.swapLocked():
			ch.m.mu.Unlock()
			continue
		case f.end:
			err := f.inErr
			ch.m.mu.Unlock()
			if err == nil {
				err = io.EOF
			}
			return nil, err
		case ch.err != nil:
			err := ch.err
			ch.m.mu.Unlock()
			return nil, err
		}
		f.win.starved = true
		if err := p.parkLocked(ctx, &f.recv); err != nil {
			return nil, err
		}
	}
}

// sendGrant lets the peer send n more items, unless it has nothing more to send.
// Only the end of ctx is an error: that of the connection shows behind the items
// that have come.
func (ch *channel) sendGrant(ctx context.Context, n int) error {
	ch.m.mu.Lock()
	over := ch.flow.end || ch.err != nil
	name := event.NameMore
	if ch.v2 {
		name = event.NameBeat
	}
	ch.m.mu.Unlock()
	if over {
		return nil
	}
	s := scratchPool.Get().(*scratch)
	defer s.free()
	s.b = ch.m.appendEvent(s.b, ch.id, name)
	s.b = event.AppendInt(event.AppendArrayHeader(s.b, 1), int64(n))
	ch.m.trace(true, s.b)
	err := ch.m.conn.Send(ctx, ch.envelope, s.b, Now)
	if cause := ctx.Err(); cause != nil && errors.Is(err, cause) {
		return err
	}
	return nil
}

// takeCredit uses up one credit, waiting for it if need be. One goroutine at a
// time may send on a channel.
func (ch *channel) takeCredit(ctx context.Context, p parker) error {
	f := ch.flow
	if f.left > 0 && !ch.dead.Load() {
		f.left--
		return nil
	}
	for {
		ch.m.mu.Lock()
		if ch.err != nil {
			err := ch.err
			ch.m.mu.Unlock()
			return err
		}
		if f.over {
			ch.m.mu.Unlock()
			return io.EOF
		}
		if f.credit > 0 {
			f.left = f.credit - 1
			f.credit = 0
			ch.m.mu.Unlock()
			return nil
		}
		if err := p.parkLocked(ctx, &f.send); err != nil {
			return err
		}
	}
}

// sendEvent sends an event that costs a credit.
func (ch *channel) sendEvent(ctx context.Context, p parker, name string, args []byte, f Flush) error {
	if err := ch.takeCredit(ctx, p); err != nil {
		return err
	}
	return ch.sendCredited(ctx, name, args, f)
}

// sendEventWith is sendEvent with further header pairs, n of them.
func (ch *channel) sendEventWith(ctx context.Context, p parker, name string, extra []byte, n int, args []byte, f Flush) error {
	if err := ch.takeCredit(ctx, p); err != nil {
		return err
	}
	return ch.sendCreditedWith(ctx, name, extra, n, args, f)
}

// sendCredited sends an event once its credit is there.
func (ch *channel) sendCredited(ctx context.Context, name string, args []byte, f Flush) error {
	s := ch.pack(name, args)
	err := ch.m.conn.Send(ctx, ch.envelope, s.b, f)
	s.free()
	return err
}

// sendCreditedWith is sendCredited with further header pairs, n of them.
func (ch *channel) sendCreditedWith(ctx context.Context, name string, extra []byte, n int, args []byte, f Flush) error {
	s := scratchPool.Get().(*scratch)
	defer s.free()
	s.b = ch.m.appendEventWith(s.b, ch.id, name, extra, n)
	s.b = append(s.b, args...)
	ch.m.trace(true, s.b)
	return ch.m.conn.Send(ctx, ch.envelope, s.b, f)
}

// pack makes an event. A function of its own, as sending is one: neither then stands
// on the other's part of the stack, and a stream's stays the least there is.
//
//go:noinline
func (ch *channel) pack(name string, args []byte) *scratch {
	m := ch.m
	s := scratchPool.Get().(*scratch)
	m.ids.Put(&s.id, m.ids.Next(msgid.NoSlot))
	s.head.ID, s.head.ResponseTo, s.head.Name = s.id.Text(), ch.id, name
	s.b = append(event.AppendHead(s.b, &s.head), args...)
	s.head.ResponseTo = nil // the channel's
	m.trace(true, s.b)
	return s
}

// creditNumber reads a grant as Python's int() would. What is larger than any grant
// may count as the largest.
func creditNumber(raw []byte) (int64, bool) {
	switch event.Kind(raw) {
	case "int":
		if n, err := event.Int(raw); err == nil {
			return n, true
		}
		return maxCredit, true // beyond int64
	case "float":
		f, err := event.Float(raw)
		if err != nil || f-f != 0 { // no number, or infinite
			return 0, false
		}
		return int64(max(-maxCredit, min(f, maxCredit))), true
	case "bool":
		var b bool
		if event.Decode(raw, &b) == nil && b {
			return 1, true
		}
		return 0, true
	case "str", "bin":
		return parseCredit(raw)
	}
	return 0, false
}
