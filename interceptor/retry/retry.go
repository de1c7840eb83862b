// Package retry makes calls again that failed and may be made again, and lets a
// server recognise a call that comes twice.
//
// At the client:
//
//	zrpc.ClientOptions{Interceptors: []zrpc.Interceptor{retry.Client(nil)}}
//
// A call is made again when it certainly did not run (zrpc.Unsent), or when the
// caller said that it may run twice (CallOptions.Idempotent) and its outcome is
// unknown: the connection or the server was lost, or CallOptions.Timeout, which
// bounds each attempt, ran out. What the handler answered, an error too, is the
// answer. The context bounds all attempts together. Of a stream the opening alone
// is tried again, because items were seen after it.
//
// Attempts are spread in time: before the n-th retry a client waits a random
// time between 0 and Base·2ⁿ ("full jitter"), so that the callers of a server
// that fell over do not come back all at once. A Budget ends retries altogether
// while most calls fail: a server in trouble gets no more than its usual load and
// a tenth.
//
// At the server, Dedupe answers a second attempt at an idempotent call with the
// answer of the first, so that even a call with an effect may be declared
// idempotent.
package retry

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/zrpc-go/zrpc/zrpc"
)

// Options configures Client. nil and the zero value are the defaults.
type Options struct {
	// Attempts bounds the attempts at a call, the first one included.
	// Default 3; 1 or negative: no retries.
	Attempts int

	// Base is the bound of the wait before the first retry, which doubles with
	// each further one up to Max. Defaults 50 ms and 2 s.
	Base, Max time.Duration

	// Budget bounds retries by the share of calls that fail. Interceptors of
	// several clients of one service may share one. Default: NewBudget(0, 0).
	Budget *Budget

	// Retryable decides whether a call that failed with err may be made again.
	// Default: Safe.
	Retryable func(req *zrpc.Request, err error) bool

	// OnRetry is told of each retry before the wait for it: the attempt that
	// failed, counted from 1, why, and how long the wait is.
	OnRetry func(req *zrpc.Request, attempt int, err error, wait time.Duration)
}

const (
	defaultAttempts = 3
	defaultBase     = 50 * time.Millisecond // a restart takes about as long as all waits
	defaultMax      = 2 * time.Second
)

func (o Options) normalize() Options {
	if o.Attempts == 0 {
		o.Attempts = defaultAttempts
	}
	if o.Base <= 0 {
		o.Base = defaultBase
	}
	if o.Max <= 0 {
		o.Max = defaultMax
	}
	if o.Budget == nil {
		o.Budget = NewBudget(0, 0)
	}
	if o.Retryable == nil {
		o.Retryable = Safe
	}
	return o
}

// Safe reports whether a failed call may be made again without running twice
// against its caller's will: the default of Options.Retryable.
func Safe(req *zrpc.Request, err error) bool {
	if zrpc.Unsent(err) {
		return true
	}
	var timeout *zrpc.TimeoutError
	return req.Idempotent && (errors.Is(err, zrpc.ErrLostRemote) || errors.As(err, &timeout))
}

// Client returns an interceptor for clients that makes failed calls again. It
// belongs outside of those that watch single attempts, such as package breaker,
// and inside of those that watch the call as its caller sees it.
func Client(opt *Options) zrpc.Interceptor {
	var o Options
	if opt != nil {
		o = *opt
	}
	o = o.normalize()
	return func(next zrpc.Handler) zrpc.Handler {
		return func(ctx context.Context, req *zrpc.Request) (any, error) {
			for attempt := 1; ; attempt++ {
				result, err := req.Attempt(ctx, next)
				if err == nil {
					o.Budget.succeeded()
					return result, nil
				}
				// An answer of the handler is no sign of trouble.
				if !o.Retryable(req, err) {
					return nil, err
				}
				if !o.Budget.failed() || attempt >= o.Attempts || !o.pause(ctx, req, attempt, err) {
					return nil, err
				}
			}
		}
	}
}

// pause waits before the retry that follows an attempt. False says that ctx ends
// before, and the retry would be in vain.
func (o *Options) pause(ctx context.Context, req *zrpc.Request, attempt int, err error) bool {
	wait := rand.N(o.bound(attempt) + 1)
	if until, ok := ctx.Deadline(); ok && time.Until(until) <= wait {
		return false // the caller learns the reason instead of a timeout
	}
	if o.OnRetry != nil {
		o.OnRetry(req, attempt, err, wait)
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// bound is the longest wait after an attempt.
func (o *Options) bound(attempt int) time.Duration {
	d := min(o.Base, o.Max)
	for range attempt - 1 {
		if d > o.Max/2 { // before it overflows
			return o.Max
		}
		d *= 2
	}
	return d
}
