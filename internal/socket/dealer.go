package socket

import (
	"context"

	"github.com/go-zeromq/zmq4"
)

// Dealer is a DEALER socket (RFC 28): it talks to REP, ROUTER and DEALER
// peers, sends to them in turn and receives from them in turn. Send and Recv
// may be called concurrently, with themselves and each other.
type Dealer struct {
	*Socket
	in  *fairQueue
	out *balancer
}

// NewDealer makes a Dealer. Options.Type and Serve are set by it.
func NewDealer(o Options) *Dealer {
	d := &Dealer{}
	o.Type, o.Serve = zmq4.Dealer, d.serve
	d.Socket = New(o)
	d.in, d.out = newFairQueue(d.Socket), newBalancer(d.Socket)
	return d
}

func (d *Dealer) serve(p *Peer) {
	d.out.join(p)
	defer d.out.leave(p)
	d.in.read(p, false, nil)
}

// Send gives a message of one or more frames to the next peer that has room.
// It waits while there is none, or no peer at all, until ctx ends. What is
// queued for a peer is lost with its connection. The frames are copied. Errors: those of ctx, ErrClosed, ErrNoFrames.
func (d *Dealer) Send(ctx context.Context, frames ...[]byte) error { return d.out.send(ctx, frames) }

// Recv returns the next message, which is the caller's. Errors: those of ctx,
// and ErrClosed once the socket is closed and nothing is left.
func (d *Dealer) Recv(ctx context.Context) ([][]byte, error) { return d.in.recv(ctx) }
