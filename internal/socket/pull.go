package socket

import (
	"context"

	"github.com/go-zeromq/zmq4"
)

// Pull is a PULL socket (RFC 30): it receives from its PUSH peers in turn.
// Recv may be called concurrently with itself.
type Pull struct {
	*Socket
	in *fairQueue
}

// NewPull makes a Pull. Options.Type and Serve are set by it.
func NewPull(o Options) *Pull {
	p := &Pull{}
	o.Type, o.Serve = zmq4.Pull, func(peer *Peer) { p.in.read(peer, false, nil) }
	p.Socket = New(o)
	p.in = newFairQueue(p.Socket)
	return p
}

// Recv is as Dealer.Recv.
func (p *Pull) Recv(ctx context.Context) ([][]byte, error) { return p.in.recv(ctx) }

// Take is Recv of a message whose bytes are lent.
func (p *Pull) Take(ctx context.Context) (Received, error) { return p.in.take(ctx) }
