package zrpc

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/zrpc-go/zrpc/event"
)

// Attempt makes the call once more at the client: next runs with a request of
// its own, equal to r, for interceptors that call next several times. What
// interceptors further in add to it (header pairs, metadata, OnEnd, OnItem) stays
// with the attempt, which to them is a whole call, and does not add up.
//
// A stream that has begun is the answer to r: its items and its end are r's from
// then on, so at most one attempt at a stream may succeed. Several attempts may
// run at once. They share the arguments, which may be replaced and not written to;
// one that is to outlast the call needs a copy of them.
func (r *Request) Attempt(ctx context.Context, next Handler) (any, error) {
	a := &Request{
		Method: r.Method, Shape: r.Shape, Args: r.Args,
		Metadata: maps.Clone(r.Metadata), Peer: r.Peer,
		Idempotent: r.Idempotent, Key: r.Key,
		opt: r.opt, header: slices.Clone(r.header), listens: r.listens, call: r.call,
	}
	var begun atomic.Bool // a stream
	a.OnError(func(err error) error {
		if begun.Load() {
			return r.replaced(err)
		}
		return err
	})
	a.OnEnd(func(err error) {
		if begun.Load() {
			r.end(err)
		}
	})
	result, err := next(ctx, a)
	if ctx.Err() == nil { // else it was given up, perhaps for another that was answered
		r.answeredBy(a, err)
	}
	if _, streams := result.(*Response); !streams || err != nil {
		a.end(err)
		return result, err
	}
	begun.Store(true)
	a.OnItem(func(sent bool, item event.Raw) { r.item(sent, item) })
	return result, nil
}

// answeredBy makes the header of a's answer that of r's, if a was answered.
func (r *Request) answeredBy(a *Request, err error) {
	var remote *RemoteError
	if err != nil && !errors.As(err, &remote) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.attempt = a
}
