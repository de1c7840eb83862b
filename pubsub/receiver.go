package pubsub

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"sync/atomic"

	"github.com/zrpc-go/zrpc/internal/socket"
)

// receiver is the receiving half of a socket: an iterator over its events, or
// handlers for them.
type receiver struct {
	handlers

	// set at creation
	sock        *socket.Socket
	take        func(ctx context.Context) (socket.Received, error)
	log         *slog.Logger
	onError     func(*Event, error) // may be nil
	concurrency int
	around      Handler // the interceptors and handle; nil: there are none

	received, malformed, unhandled, failed atomic.Uint64
	malformedLog, unhandledLog, failedLog  throttle
}

func newReceiver(sock *socket.Socket, take func(context.Context) (socket.Received, error), o *Options) *receiver {
	r := &receiver{sock: sock, take: take, log: o.Logger, onError: o.OnError, concurrency: o.Concurrency}
	if len(o.Interceptors) > 0 {
		r.around = chain(o.Interceptors, r.handle)
	}
	return r
}

// Events yields what arrives until ctx ends or the socket is closed: the last
// pair has ctx's error or ErrClosed. What was received before Close is yielded
// before that. What is no event is counted and passed over. Several loops, and
// Serve, may run side by side; each event goes to one of them. Interceptors are
// for Serve: an iterator has no handler that they could be around.
func (r *receiver) Events(ctx context.Context) iter.Seq2[*Event, error] {
	return func(yield func(*Event, error) bool) {
		t := intake{r: r}
		for {
			if err := t.next(ctx, true); err != nil {
				yield(nil, err)
				return
			}
			if !yield(t.event(), nil) {
				return
			}
		}
	}
}

// complain logs what became of an event, now and then, and tells OnError.
func (r *receiver) complain(t *throttle, e *Event, err error) {
	if held, ok := t.pass(); ok {
		attrs := []any{"reason", err}
		if e != nil {
			attrs = append(attrs, "event", e.Name)
		}
		if p, ok := errors.AsType[*PanicError](err); ok {
			attrs = append(attrs, "stack", string(p.Stack))
		}
		if held > 0 {
			attrs = append(attrs, "more", held)
		}
		r.log.Warn("event passed over", attrs...)
	}
	if r.onError != nil {
		r.onError(e, err)
	}
}

// Stats returns the present counts.
func (r *receiver) Stats() Stats {
	s := r.sock.Stats()
	return Stats{
		Peers:    s.Peers,
		Received: r.received.Load(),
		Dropped: Drops{
			Gone:      s.DroppedGone,
			Unwanted:  s.DroppedUnwanted,
			Malformed: r.malformed.Load(),
			Unhandled: r.unhandled.Load(),
			Failed:    r.failed.Load(),
		},
	}
}

// Close ends all connections. It does not wait for handlers: Serve and Events
// go on with what was received before, and end then.
func (r *receiver) Close() error { return r.sock.Close() }
