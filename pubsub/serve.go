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
//	take ── parse ── handler(name) ── decode, call     Options.Concurrency of these
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
	t := intake{r: r}
	var out []byte // what handlers return, which nobody reads
	for t.next(ctx, false) == nil {
		if r.around != nil {
			r.deliver(ctx, t.event())
			t.release()
			continue
		}
		m := r.handler(t.raw.Name)
		if m == nil {
			r.unhandled.Add(1)
			r.complain(&r.unhandledLog, t.event(), ErrNoHandler)
			continue
		}
		hctx, e := ctx, (*Event)(nil)
		if m.Context { // else nobody can ask for the event
			e = t.event()
			hctx = &handling{ctx, e}
		}
		var err error
		if out, err = run(hctx, m, t.raw.Args, out); err != nil {
			if e == nil {
				e = t.event()
			}
			r.failed.Add(1)
			r.complain(&r.failedLog, e, err)
		}
		t.release()
	}
}

// handling is the context of one event's handler.
type handling struct {
	context.Context
	e *Event
}

// Value implements context.Context.
func (h *handling) Value(key any) any {
	if key == (eventKey{}) {
		return h.e
	}
	return h.Context.Value(key)
}

// maxOut is the largest result buffer worth keeping.
const maxOut = 64 << 10

// run calls a handler and makes its panic an error. out is reused.
func run(ctx context.Context, m *method.Method, args, out []byte) (kept []byte, err error) {
	defer func() {
		if v := recover(); v != nil {
			kept, err = nil, &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	kept, err = m.Call(ctx, args, nil, out[:0])
	if cap(kept) > maxOut {
		kept = nil
	}
	if err != nil {
		if _, ok := errors.AsType[*method.ResultError](err); ok {
			err = nil // it ran; a result that cannot be encoded would go nowhere
		}
	}
	return kept, err
}
