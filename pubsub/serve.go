package pubsub

import (
	"context"
	"errors"
	"runtime/debug"
	"sync"

	"github.com/zrpc-go/zrpc/internal/method"
)

// Serve calls the handlers of what arrives until ctx ends or the socket is
// closed, and returns nil then, after the last handler has returned. Their
// context is made from ctx. Interceptors are around the part behind parse.
//
//	recv ── parse ── handler(name) ── decode, call     Options.Concurrency of these
//
// An event that cannot be handled, because no handler has its name, its arguments
// do not fit, or the handler fails or panics, is counted, logged, and handed to
// Options.OnError; Serve goes on.
func (r *receiver) Serve(ctx context.Context) error {
	// Each worker takes events for itself: nothing waits between the socket,
	// whose queues have bounds, and a handler.
	var others sync.WaitGroup
	for range r.concurrency - 1 {
		others.Go(func() { r.work(ctx) })
	}
	r.work(ctx)
	others.Wait()
	return nil
}

// work handles events one after the other. An error of next is the end that
// Serve was told to make.
func (r *receiver) work(ctx context.Context) {
	for {
		e, err := r.next(ctx)
		if err != nil {
			return
		}
		if r.around != nil {
			r.deliver(ctx, e)
			continue
		}
		m := r.handler(e.Name)
		if m == nil {
			r.unhandled.Add(1)
			r.complain(&r.unhandledLog, e, ErrNoHandler)
			continue
		}
		if err := run(ctx, m, e); err != nil {
			r.failed.Add(1)
			r.complain(&r.failedLog, e, err)
		}
	}
}

// run calls a handler and makes its panic an error.
func run(ctx context.Context, m *method.Method, e *Event) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	_, err = m.Call(context.WithValue(ctx, eventKey{}, e), e.Args, nil, nil)
	if _, ok := errors.AsType[*method.ResultError](err); ok {
		return nil // it ran; a result that cannot be encoded would go nowhere
	}
	return err
}
