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
// one refuses it, or leaves it unread, because it stops. A unary call goes there by
// itself; such a call has begun for its caller when the refusal comes. But until a
// server's handler reads, it grants nothing, so the caller has sent no more than one
// event: that is kept, and sent again.
//
//	open ──refused──▶ moved ──refused──▶ moved … or the refusal is the answer
//	 └─ granted more, or answered ──▶ settled: the call runs
type mover struct {
	// set at creation
	core *clientCore
	wire stream.Request // with arguments of its own

	begun   bool        // the first event was sent; the sending goroutine only
	settled atomic.Bool // the call runs, and stays where it is

	cancel atomic.Pointer[context.CancelFunc] // ends the attempt to move

	mu    sync.Mutex // held while the call moves and while its first event is sent
	tries int
	first *outgoing
}

// turnedAway reports whether a call that ended with err did not run, and may do so
// elsewhere.
func turnedAway(err error) bool {
	return err != nil && (verdictOf(err) == stopping || errors.Is(err, stream.ErrUnsent))
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

// newMover returns that of a call that wire opens, whose arguments lie in a buffer
// that the next call uses.
func newMover(c *clientCore, wire *stream.Request) *mover {
	m := &mover{core: c, wire: *wire}
	m.wire.Args = slices.Clone(m.wire.Args)
	return m
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
			if !r.refused(at, err) {
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
		if !r.refused(at, err) {
			return err
		}
	}
}

// refused takes the error of sending, and reports whether the call has moved.
func (r *Response) refused(at *conversation, err error) bool {
	if errors.Is(err, io.EOF) {
		_, err = at.ch.First(r.ctx) // it has been answered
	}
	return turnedAway(err) && r.moved(at, err)
}

// moved reports whether a call that was turned away at a place has another one now.
func (r *Response) moved(at *conversation, refusal error) bool {
	m := r.mover
	if m == nil {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if r.at.Load() != at {
		return true // the other direction was quicker, and may have settled it there
	}
	if m.settled.Load() {
		return false
	}
	ctx, cancel := context.WithCancel(r.ctx)
	defer cancel()
	m.cancel.Store(&cancel) // before it is looked whether the call was closed
	from, err := at.link, refusal
	for {
		from.observe(err)
		m.tries++
		if ctx.Err() != nil || r.closed.Load() || !m.core.links.elsewhere(from, err, m.tries) {
			return false
		}
		l, none := m.core.links.pick(ctx, m.core.patience())
		if none != nil {
			return false
		}
		if err = r.moveLocked(ctx, l); err == nil {
			return true
		}
		from = l
	}
}

// moveLocked opens the call at another place.
func (r *Response) moveLocked(ctx context.Context, l *link) error {
	m := r.mover
	m.wire.Timeout = left(ctx)
	ch, err := l.mux.Open(ctx, &m.wire, r.req.opt.Credit)
	if err != nil {
		return err
	}
	if m.first != nil {
		// io.EOF: it is answered again, which whoever sends or reads next finds out.
		if err := m.first.send(ctx, ch); err != nil && !errors.Is(err, io.EOF) {
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
