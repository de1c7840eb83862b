package pubsub

import (
	"context"
	"fmt"

	"github.com/zrpc-go/zrpc/event"
)

// Event is one event. A received one is the receiver's to keep; reading it from
// several goroutines is fine. One that a sender's interceptor sees belongs to its
// Emit, and must not be kept.
type Event struct {
	Topic string    // the frame before the event; "" if there was none
	Name  string    // what the sender called the event
	Args  event.Raw // the arguments as encoded, an array unless the sender is odd

	header []byte   // as encoded
	by     *Emitter // at a sender; nil: received
}

// Decode decodes the arguments, as far as there are pointers for them. Fewer
// arguments than pointers are an error.
func (e *Event) Decode(ptrs ...any) error {
	args, err := event.AppendElems(nil, e.Args)
	if err != nil {
		return fmt.Errorf("pubsub: arguments of event %s: %w", e.Name, err)
	}
	if len(args) < len(ptrs) {
		return fmt.Errorf("pubsub: event %s has %d arguments, want %d", e.Name, len(args), len(ptrs))
	}
	for i, ptr := range ptrs {
		if err := event.Decode(args[i], ptr); err != nil {
			return fmt.Errorf("pubsub: event %s: argument %d %w", e.Name, i+1, err)
		}
	}
	return nil
}

// Header returns what the event's header holds under key: what the sender's
// WithHeader, its interceptors or Python's middleware put there, or, if it was
// received, a key of the protocol's own.
func (e *Event) Header(key string) (value event.Raw, ok bool) {
	head := event.Event{Header: e.header}
	raw, ok := head.Lookup(key)
	return event.Raw(raw), ok
}

// eventKey is the context key of the event being handled.
type eventKey struct{}

// FromContext returns the event that a handler called by Serve is handling, for
// its topic and header. ctx must be the handler's, or made from it.
func FromContext(ctx context.Context) (e *Event, ok bool) {
	e, ok = ctx.Value(eventKey{}).(*Event)
	return e, ok
}
