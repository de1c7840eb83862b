package pubsub

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/socket"
)

// Publisher sends each event to all subscribers. Its methods may be called
// concurrently.
type Publisher struct {
	endpoints
	emitter
}

// NewPublisher returns a publisher without endpoints. nil options are the
// defaults.
func NewPublisher(opt *Options) *Publisher {
	o := opt.normalize()
	pub := socket.NewPub(o.socket())
	return &Publisher{endpoints{pub.Socket}, emitter{pub.Send}}
}

// Pusher sends each event to one of the pullers, in turn. Its methods may be
// called concurrently.
type Pusher struct {
	endpoints
	emitter
}

// NewPusher returns a pusher without endpoints. nil options are the defaults.
func NewPusher(opt *Options) *Pusher {
	o := opt.normalize()
	push := socket.NewPush(o.socket())
	return &Pusher{endpoints{push.Socket}, emitter{push.Send}}
}

// emitter writes events to a socket: one frame each, with no delimiter before it.
type emitter struct {
	send func(ctx context.Context, frames ...[]byte) error
}

// Emit sends an event. A Publisher does not wait, a Pusher waits until a puller
// has room or ctx ends. A nil error says that the event was queued, or, for a
// Publisher, that nobody wanted it.
func (e emitter) Emit(ctx context.Context, name string, args ...any) error {
	id := []byte(uuid.New().String())
	h := event.Head{ID: id, Name: name}
	b := event.AppendHead(make([]byte, 0, 128), &h)
	b = event.AppendArrayHeader(b, len(args))
	for i, arg := range args {
		var err error
		if b, err = event.AppendValue(b, arg); err != nil {
			return fmt.Errorf("pubsub: emitting %s: argument %d: %w", name, i+1, err)
		}
	}
	if err := e.send(ctx, b); err != nil {
		return fmt.Errorf("pubsub: emitting %s: %w", name, err)
	}
	return nil
}
