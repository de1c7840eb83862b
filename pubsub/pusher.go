package pubsub

import (
	"context"

	"github.com/zrpc-go/zrpc/internal/socket"
)

// Pusher sends each event to one of the pullers, in turn. Its methods may be
// called concurrently.
type Pusher struct {
	endpoints

	// set at creation
	all *Emitter // without a header
}

// NewPusher returns a pusher without endpoints. nil options are the defaults.
func NewPusher(opt *Options) *Pusher {
	o := opt.normalize()
	push := socket.NewPush(o.socket())
	return &Pusher{endpoints{push.Socket}, &Emitter{out: newOutlet(push.Send, &o)}}
}

// Emit sends an event to a puller that has room, and waits for one until ctx
// ends; see [Emitter.Emit].
func (p *Pusher) Emit(ctx context.Context, name string, args ...any) error {
	return p.all.Emit(ctx, name, args...)
}

// WithHeader is [Emitter.WithHeader].
func (p *Pusher) WithHeader(key string, value any) *Emitter { return p.all.WithHeader(key, value) }

// Stats returns the present counts. A Pusher drops nothing itself.
func (p *Pusher) Stats() Stats { return senderStats(p.sock, p.all.out) }

// Close lets queued events go out for Options.Linger and ends all connections.
func (p *Pusher) Close() error { return p.sock.Close() }
