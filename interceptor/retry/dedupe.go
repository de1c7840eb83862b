package retry

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/zrpc"
)

// reusedKey is the name of the error for a key that came with other arguments.
const reusedKey = "IdempotencyKeyReused"

// maxKey bounds an idempotency key in bytes; zrpc's own are UUIDs of 36.
const maxKey = 128

// Dedupe returns an interceptor for servers that runs an idempotent call with one
// result once, however many attempts at it arrive: those that come while the
// first runs wait for it, later ones get its answer from memory, for as long as
// DedupeOptions allow. It belongs inside of authentication and of limits.
//
// An attempt whose caller gave up leaves no answer, and another one then runs the
// call; so does a call that was refused unseen, or whose handler panicked. The arguments must be the same
// for the same key, or the call is refused: a key alone must not reveal an answer.
// Streams are not remembered.
func Dedupe(opt *DedupeOptions) zrpc.Interceptor {
	var o DedupeOptions
	if opt != nil {
		o = *opt
	}
	a := newAnswers(o.normalize())
	return func(next zrpc.Handler) zrpc.Handler {
		return func(ctx context.Context, req *zrpc.Request) (any, error) {
			if !req.Idempotent || req.Key == "" || len(req.Key) > maxKey || req.Shape != zrpc.Unary {
				return next(ctx, req)
			}
			key := callKey{method: req.Method, key: req.Key}
			if o.Scope != nil {
				key.scope = o.Scope(ctx, req)
			}
			return a.answer(ctx, key, sha256.Sum256(req.Args), func() (any, error) { return next(ctx, req) })
		}
	}
}

// answer returns the answer to a call from memory, or runs it.
func (a *answers) answer(ctx context.Context, key callKey, args [sha256.Size]byte, run func() (any, error)) (any, error) {
	for {
		e, first := a.enter(key, args)
		switch {
		case e == nil: // no room to wait in
			return run()
		case first:
			return a.lead(ctx, e, run)
		case e.args != args:
			return nil, &zrpc.RemoteError{Name: reusedKey, Message: "the key came before with other arguments; make a new one for each call"}
		}
		select {
		case <-e.done:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		if e.answered {
			return slices.Clone(e.result), e.err
		}
	}
}

// lead runs the call of e and remembers its answer, if it is one for all.
func (a *answers) lead(ctx context.Context, e *entry, run func() (any, error)) (result any, err error) {
	answered := false
	defer func() { a.leave(e, answered) }() // also when it panics
	result, err = run()
	var panicked *zrpc.PanicError // which says nothing about the next attempt
	if ctx.Err() != nil || zrpc.Unsent(err) || errors.As(err, &panicked) {
		return result, err
	}
	if err == nil {
		raw, ok := result.(event.Raw)
		if !ok {
			if raw, err = event.AppendValue(nil, result); err != nil {
				return nil, err
			}
		}
		e.result, result = raw, raw
	}
	e.err, answered = err, true
	return result, err
}
