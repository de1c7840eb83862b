package pubsub

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/zrpc-go/zrpc/event"
)

// Handler emits an event, or handles one. At a sender it returns what Emit does,
// at a receiver what the handler of the event's name returned: an error that
// matches [ErrNoHandler] if there is none, a [*PanicError] if it panicked.
type Handler func(ctx context.Context, e *Event) error

// Interceptor wraps a handler, as those of package zrpc do: what it does before
// next is called happens before the event is sent or handled, what it does
// afterwards when that is over. It may call next again or not at all, derive the
// handler's context, and change the event's Topic, Name and Args and the error.
// Interceptors are applied once, when a sender or receiver is made; the first of
// a list is the outermost. They run where Emit or the handler does, so as often
// at a time.
//
// A sender's interceptor has the context of Emit, and Event.SetHeader; a
// receiver's has that of Serve, and Event.Header. They need nothing of the other
// end: Python's middleware reads and sets the same header keys.
type Interceptor func(next Handler) Handler

// chain applies interceptors to h.
func chain(interceptors []Interceptor, h Handler) Handler {
	for _, i := range slices.Backward(interceptors) {
		h = i(h)
	}
	return h
}

// intercepted emits an event through the interceptors. Arguments that cannot be
// encoded are refused before: there would be nothing to show.
func (e *Emitter) intercepted(ctx context.Context, name string, args []any) error {
	raw := event.AppendArrayHeader(nil, len(args))
	for i, arg := range args {
		var err error
		if raw, err = event.AppendValue(raw, arg); err != nil {
			return fmt.Errorf("argument %d: %w", i+1, err)
		}
	}
	ev := &Event{Topic: string(e.topic), Name: name, Args: raw}
	ev.goesBy(e)
	return e.out.around(ctx, ev)
}

// emitEvent is the innermost handler of a sender.
func emitEvent(ctx context.Context, e *Event) error {
	if e.by == nil {
		return errors.New("an interceptor passed on an event of another's; change the one it was given")
	}
	elems, err := event.AppendElems(nil, e.Args)
	if err != nil {
		return fmt.Errorf("an interceptor left arguments that are no array: %w", err)
	}
	args := make([]any, len(elems))
	for i, elem := range elems {
		args[i] = event.Raw(elem)
	}
	by := *e.by
	if by.topic = nil; e.Topic != "" {
		by.topic = []byte(e.Topic)
	}
	return by.emit(ctx, e.Name, args)
}

// goesBy makes e an event that is going to be sent by an emitter.
func (e *Event) goesBy(by *Emitter) {
	e.by = by
	e.header = append(event.AppendMapHeader(nil, by.nheader), by.headers...)
}

// SetHeader sets, in a sender's interceptor, a key in the event's header, where
// a receiver's Event.Header and Python's middleware find it. A value that cannot
// be encoded, a key of the protocol's own, and an event that was received are
// errors.
func (e *Event) SetHeader(key string, value any) error {
	if e.by == nil {
		return fmt.Errorf("pubsub: header %q: only a sender's interceptor can set it, this event was received", key)
	}
	by := e.by.WithHeader(key, value)
	if by.err != nil {
		return fmt.Errorf("pubsub: %w", by.err)
	}
	e.goesBy(by)
	return nil
}

// handle is the innermost handler of a receiver.
func (r *receiver) handle(ctx context.Context, e *Event) error {
	m := r.handler([]byte(e.Name))
	if m == nil {
		return ErrNoHandler
	}
	_, err := run(&handling{ctx, e}, m, e.Args, nil)
	return err
}

// deliver has an event go through the interceptors, and counts what came of it.
func (r *receiver) deliver(ctx context.Context, e *Event) {
	switch err := r.guarded(ctx, e); {
	case err == nil:
	case errors.Is(err, ErrNoHandler):
		r.unhandled.Add(1)
		r.complain(&r.unhandledLog, e, err)
	default:
		r.failed.Add(1)
		r.complain(&r.failedLog, e, err)
	}
}

// guarded makes a panic of the interceptors' own an error; a handler's comes as
// one.
func (r *receiver) guarded(ctx context.Context, e *Event) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	return r.around(ctx, e)
}
