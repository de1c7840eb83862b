package socket

import (
	"context"

	"github.com/go-zeromq/zmq4"
)

// Router is a ROUTER socket (RFC 28): it receives from its REQ, DEALER and
// ROUTER peers in turn, and sends to the peer that a message names. Send and
// Recv may be called concurrently, with themselves and each other.
type Router struct {
	*Socket
	in     *fairQueue
	pace   pace
	budget budget
}

// NewRouter makes a Router. Options.Type and Serve are set by it.
func NewRouter(o Options) *Router {
	r := &Router{}
	o.Type, o.Serve = zmq4.Router, func(p *Peer) { r.in.read(p, true, nil) }
	r.Socket = New(o)
	r.in, r.budget.s = newFairQueue(r.Socket), r.Socket
	return r
}

// Recv returns the next message, which is the caller's. Its first frame is the
// routing id of the peer that sent it. Errors as Dealer.Recv.
func (r *Router) Recv(ctx context.Context) ([][]byte, error) { return r.in.recv(ctx) }

// Send sends frames[1:] to the peer whose routing id is frames[0]. It never
// waits for the peer. What cannot be sent, because there is no such peer or
// its queue is full, is dropped and counted; with Options.Mandatory the caller
// is told by ErrUnroutable or ErrFull as well. The frames are copied.
func (r *Router) Send(ctx context.Context, frames ...[]byte) error {
	if len(frames) < 2 {
		return ErrNoFrames
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if r.ctx.Err() != nil {
		return ErrClosed
	}
	p := r.Peer(frames[0])
	if p == nil {
		return r.dropped(ErrUnroutable)
	}
	o := outgoingMessage(frames[1:])
	defer o.release()
	flush, now := r.pace.begin()
	r.budget.spend(o.size())
	sent := r.budget.allows(p) && p.TrySend(o.envelope, o.body, flush)
	r.pace.end(flush, now)
	switch {
	case sent:
		return nil
	case p.Err() != nil:
		return r.dropped(ErrUnroutable)
	}
	return r.dropped(ErrFull)
}

// dropped counts a message that was not sent, and says whether to say so.
func (r *Router) dropped(err error) error {
	if err == ErrFull {
		r.count.droppedFull.Add(1)
	} else {
		r.count.droppedUnroutable.Add(1)
	}
	if r.o.Mandatory {
		return err
	}
	return nil
}
