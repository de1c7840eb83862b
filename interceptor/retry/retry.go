// Package retry makes calls again that failed and may be made again, and lets a
// server recognise a call that comes twice.
//
// Clients can do so without it, by zrpc.CallOptions.Retry. Client is for a place
// among interceptors of one's choosing: those inside of it see each attempt, such as
// a breaker that learns from all, or a token that is new for each. Have one of the
// two, or each attempt of the one becomes several of the other.
//
//	zrpc.ClientOptions{Interceptors: []zrpc.Interceptor{retry.Client(nil), breaker.Client(nil)}}
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
	"time"

	"github.com/zrpc-go/zrpc/internal/attempts"
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

// Budget bounds retries by the share of calls that fail: zrpc.RetryBudget.
type Budget = zrpc.RetryBudget

// NewBudget returns a full bucket of so many tokens, to which a call that succeeds
// adds ratio: zrpc.NewRetryBudget.
func NewBudget(tokens, ratio float64) *Budget { return zrpc.NewRetryBudget(tokens, ratio) }

const defaultAttempts = 3

func (o Options) normalize() Options {
	if o.Attempts == 0 {
		o.Attempts = defaultAttempts
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
// against its caller's will (zrpc.Repeatable): the default of Options.Retryable.
func Safe(req *zrpc.Request, err error) bool { return zrpc.Repeatable(err, req.Idempotent) }

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
			call := o.call(req)
			for {
				result, err := req.Attempt(ctx, next)
				if !call.Again(ctx, err, err != nil && o.Retryable(req, err)) {
					return result, err
				}
			}
		}
	}
}

// call returns the state of one call.
func (o *Options) call(req *zrpc.Request) *attempts.Call {
	c := &attempts.Call{Policy: attempts.Policy{Attempts: o.Attempts, Base: o.Base, Max: o.Max}, Budget: o.Budget}
	if o.OnRetry != nil {
		c.Told = func(attempt int, err error, wait time.Duration) { o.OnRetry(req, attempt, err, wait) }
	}
	return c
}
