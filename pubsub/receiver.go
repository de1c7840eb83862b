package pubsub

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/method"
	"github.com/zrpc-go/zrpc/internal/socket"
)

// Subscriber receives every event of the publishers that it is connected to.
type Subscriber struct {
	endpoints
	receiver
}

// NewSubscriber returns a subscriber without endpoints, which wants all events.
// nil options are the defaults.
func NewSubscriber(opt *Options) *Subscriber {
	o := opt.normalize()
	sub := socket.NewSub(o.socket())
	s := &Subscriber{endpoints: endpoints{sub.Socket}}
	s.receiver.init(o.Logger, sub.Recv)
	if err := sub.Subscribe(""); err != nil {
		panic(err) // the first subscription of a new socket
	}
	return s
}

// Puller receives its share of the events of the pushers that it is connected to.
type Puller struct {
	endpoints
	receiver
}

// NewPuller returns a puller without endpoints. nil options are the defaults.
func NewPuller(opt *Options) *Puller {
	o := opt.normalize()
	pull := socket.NewPull(o.socket())
	p := &Puller{endpoints: endpoints{pull.Socket}}
	p.receiver.init(o.Logger, pull.Recv)
	return p
}

// Event is one received event, which is the receiver's to keep.
type Event struct {
	Name string
	Args event.Raw // the encoded argument array
	raw  event.Event
}

// Decode decodes the arguments, as far as there are pointers for them. Missing
// arguments are an error.
func (e *Event) Decode(ptrs ...any) error {
	args, err := event.AppendElems(nil, e.Args)
	if err != nil {
		return fmt.Errorf("pubsub: event %s: %w", e.Name, err)
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

// Header returns what the sender's middleware put into the event's header.
func (e *Event) Header(key string) (event.Raw, bool) {
	raw, ok := e.raw.Lookup(key)
	return event.Raw(raw), ok
}

// receiver takes events from a socket, for handlers or an iterator.
type receiver struct {
	log  *slog.Logger
	recv func(ctx context.Context) ([][]byte, error)
	bad  atomic.Uint64

	mu       sync.RWMutex // guards handlers
	handlers map[string]*method.Method
}

func (r *receiver) init(log *slog.Logger, recv func(context.Context) ([][]byte, error)) {
	r.log, r.recv, r.handlers = log, recv, map[string]*method.Method{}
}

// Handle has Serve call fn for events of this name. fn takes the event's
// arguments, with the rules of zrpc's Server.Handle; what it returns beside an
// error is ignored.
func (r *receiver) Handle(name string, fn any) error {
	m, err := method.New(name, fn, nil)
	if err != nil {
		return fmt.Errorf("pubsub: %w", err)
	}
	if m.Shape != method.Unary {
		return fmt.Errorf("pubsub: %s: an event has no streams", name)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.handlers[name] != nil {
		return fmt.Errorf("pubsub: %s: a handler of this name is registered already", name)
	}
	r.handlers[name] = m
	return nil
}

// Events yields what arrives until ctx ends, which is the last pair's error.
// What cannot be read as an event is counted and passed over. Serve and Events
// may run side by side; each event goes to one of them.
func (r *receiver) Events(ctx context.Context) iter.Seq2[*Event, error] {
	return func(yield func(*Event, error) bool) {
		for {
			frames, err := r.recv(ctx)
			if err != nil {
				yield(nil, err)
				return
			}
			e := new(Event)
			if err := event.Parse(frames[len(frames)-1], &e.raw); err != nil {
				r.bad.Add(1)
				r.log.Warn("event passed over", "reason", err)
				continue
			}
			e.Name, e.Args = string(e.raw.Name), e.raw.Args
			if !yield(e, nil) {
				return
			}
		}
	}
}

// Malformed returns how many messages could not be read as events.
func (r *receiver) Malformed() uint64 { return r.bad.Load() }

// Serve calls the handlers of what arrives, one after the other, until ctx ends
// (nil is returned) or the socket is closed. An event without a handler, with the
// wrong arguments, or whose handler fails or panics is logged and passed over.
func (r *receiver) Serve(ctx context.Context) error {
	for e, err := range r.Events(ctx) {
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, socket.ErrClosed) {
				return nil
			}
			return err
		}
		r.mu.RLock()
		m := r.handlers[e.Name]
		r.mu.RUnlock()
		if m == nil {
			r.log.Warn("event without a handler", "event", e.Name)
			continue
		}
		if err := run(ctx, m, e); err != nil {
			r.log.Warn("event handler failed", "event", e.Name, "error", err)
		}
	}
	return nil
}

// run calls a handler and makes its panic an error.
func run(ctx context.Context, m *method.Method, e *Event) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	_, err = m.Call(ctx, e.Args, nil, nil)
	return err
}
