package zrpc

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/stream"
)

// conversation is where a call with a stream runs.
type conversation struct {
	ch   *stream.Channel
	link *link
}

// mover takes a call with a stream of the caller's to another server when the first
// one refuses it because it stops, as a unary call goes there by itself. Such a
// call has begun for its caller when the refusal comes. But until a server's handler
// reads, it grants nothing, so the caller has sent no more than one event: that is
// kept, and sent again.
//
//	open ──refused──▶ moved ──refused──▶ moved … or the refusal is the answer
//	 └─ granted more, or answered ──▶ settled: the call runs
type mover struct {
	// set at creation
	core *clientCore
	wire *stream.Request // with arguments of its own

	begun   bool        // the first event was sent; the sending goroutine only
	settled atomic.Bool // the call runs, and stays where it is

	mu    sync.Mutex // held while the call moves and while its first event is sent
	tries int
	first *outgoing
}

// outgoing is an event of the caller's stream.
type outgoing struct {
	role event.Role // RoleStream, RoleDone or RoleErr
	item []byte     // of RoleStream
	err  *RemoteError
}

func (o *outgoing) send(ctx context.Context, ch *stream.Channel) error {
	switch o.role {
	case event.RoleDone:
		return ch.CloseSend(ctx)
	case event.RoleErr:
		return ch.FailSend(ctx, o.err)
	}
	return ch.Send(ctx, o.item)
}

// newMover returns that of a call that wire opens. The arguments of wire may lie in
// a buffer that the next call uses, unless they are large.
func newMover(c *clientCore, wire *stream.Request) *mover {
	if len(wire.Args) < stream.HandOver {
		wire.Args = slices.Clone(wire.Args)
	}
	return &mover{core: c, wire: wire}
}

// sendOut sends an event of the caller's stream, wherever the call goes. io.EOF says
// that it has been answered.
func (r *Response) sendOut(o outgoing) error {
	m := r.mover
	if m.begun {
		for {
			at := r.at.Load()
			err := o.send(r.ctx, at.ch)
			if err == nil {
				m.settled.Store(true) // a credit beyond the first
			}
			if !errors.Is(err, io.EOF) || !r.moved(at) {
				return err
			}
		}
	}
	first := o // which is kept, and so is on the heap
	for {
		m.mu.Lock()
		at := r.at.Load()
		err := first.send(r.ctx, at.ch)
		if err == nil {
			m.begun, m.first = true, &first
		}
		m.mu.Unlock()
		if !errors.Is(err, io.EOF) || !r.moved(at) {
			return err
		}
	}
}

// moved reports whether a call that was answered at a place has another one now,
// because that answer was the refusal of a server that stops.
func (r *Response) moved(at *conversation) bool {
	m := r.mover
	if m == nil || m.settled.Load() {
		return false
	}
	_, refusal := at.ch.First(r.ctx)
	if verdictOf(refusal) != stopping {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if r.at.Load() != at {
		return true // the other direction was quicker
	}
	from, err := at.link, refusal
	for {
		from.observe(err)
		m.tries++
		if r.ctx.Err() != nil || r.closed.Load() || !m.core.links.elsewhere(from, err, m.tries) {
			return false
		}
		l, none := m.core.links.pick(r.ctx, m.core.patience())
		if none != nil {
			return false
		}
		if err = r.moveLocked(l); err == nil {
			return true
		}
		from = l
	}
}

// moveLocked opens the call at another place.
func (r *Response) moveLocked(l *link) error {
	m := r.mover
	m.wire.Timeout = left(r.ctx)
	ch, err := l.mux.Open(r.ctx, m.wire, r.req.opt.Credit)
	if err != nil {
		return err
	}
	if m.first != nil {
		// io.EOF: it is answered again, which whoever sends or reads next finds out.
		if err := m.first.send(r.ctx, ch); err != nil && !errors.Is(err, io.EOF) {
			ch.Close()
			return err
		}
	}
	r.at.Store(&conversation{ch, l})
	if r.closed.Load() { // meanwhile
		ch.Close()
	}
	return nil
}
