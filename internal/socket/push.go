package socket

import (
	"context"

	"github.com/go-zeromq/zmq4"
)

// Push is a PUSH socket (RFC 30): it gives each message to one of its PULL
// peers in turn. Send may be called concurrently with itself.
type Push struct {
	*Socket
	out *balancer
}

// NewPush makes a Push. Options.Type and Serve are set by it.
func NewPush(o Options) *Push {
	p := &Push{}
	o.Type, o.Serve = zmq4.Push, p.serve
	p.Socket = New(o)
	p.out = newBalancer(p.Socket)
	return p
}

// serve drops what comes: a PULL peer has nothing to say.
func (p *Push) serve(peer *Peer) {
	p.out.join(peer)
	defer p.out.leave(peer)
	discard(peer)
}

// Send is as Dealer.Send.
func (p *Push) Send(ctx context.Context, frames ...[]byte) error { return p.out.send(ctx, frames) }
