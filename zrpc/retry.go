package zrpc

import (
	"errors"
	"time"

	"github.com/zrpc-go/zrpc/internal/attempts"
)

// Retry says that calls which failed are made again:
//
//	patient := client.With(zrpc.CallOptions{Retry: zrpc.Retry{Attempts: 4}})
//
// A call is made again if Repeatable says so: it certainly did not run, or it may
// run twice (CallOptions.Idempotent) and nobody knows whether it did. What the
// handler answered, an error too, is the answer. CallOptions.Timeout bounds each
// attempt, the context all together. Of a call with a stream the opening alone is
// tried again.
//
// The waits in between are random, so that the callers of a server that fell over
// do not come back all at once, and a budget ends retries altogether while most
// calls fail. Interceptors see one call. Those that are to see each attempt stand
// inside of package interceptor/retry, which does the same as an interceptor.
//
// A zero field leaves what the client had.
type Retry struct {
	// Attempts bounds the attempts at a call, the first one included. Default 1:
	// no retries, as with negative numbers.
	Attempts int

	// Base is the bound of the wait before the first retry, which doubles with
	// each further one up to Max. Defaults 50 ms and 2 s.
	Base, Max time.Duration

	// Budget bounds retries by the share of calls that fail; several clients of
	// one service may share one. Default: one for the client and those derived from
	// it.
	Budget *RetryBudget

	// OnRetry is told of each retry before the wait for it: the attempt that
	// failed, counted from 1, why, and how long the wait is.
	OnRetry func(method string, attempt int, err error, wait time.Duration)
}

// RetryBudget is a bucket of tokens that bounds retries: each failed attempt takes
// a token out, each call that succeeds puts a part of one in, and there are
// retries only while it is more than half full. A server in trouble so gets no more
// than its usual load and a tenth. It may be used concurrently.
type RetryBudget = attempts.Budget

// NewRetryBudget returns a full bucket of so many tokens, to which a call that
// succeeds adds ratio. Zero or negative means the defaults, 10 and 0.1.
func NewRetryBudget(tokens, ratio float64) *RetryBudget { return attempts.NewBudget(tokens, ratio) }

// Repeatable reports whether a call that failed with err may be made again without
// running twice against its caller's will: it did not run (Unsent), or it is
// idempotent and nobody knows, because the connection or the server was lost or a
// CallOptions.Timeout ran out.
func Repeatable(err error, idempotent bool) bool {
	if Unsent(err) {
		return true
	}
	var timeout *TimeoutError
	return idempotent && (errors.Is(err, ErrLostRemote) || errors.As(err, &timeout))
}

// over returns r with the fields that are set in p.
func (r Retry) over(p Retry) Retry {
	if p.Attempts != 0 {
		r.Attempts = p.Attempts
	}
	if p.Base != 0 {
		r.Base = p.Base
	}
	if p.Max != 0 {
		r.Max = p.Max
	}
	if p.Budget != nil {
		r.Budget = p.Budget
	}
	if p.OnRetry != nil {
		r.OnRetry = p.OnRetry
	}
	return r
}

// of returns the state of one call of a method.
func (r *Retry) of(method string, budget *RetryBudget) *attempts.Call {
	c := &attempts.Call{Policy: attempts.Policy{Attempts: r.Attempts, Base: r.Base, Max: r.Max}, Budget: budget}
	if r.Budget != nil {
		c.Budget = r.Budget
	}
	if told := r.OnRetry; told != nil {
		c.Told = func(attempt int, err error, wait time.Duration) { told(method, attempt, err, wait) }
	}
	return c
}
