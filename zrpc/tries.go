package zrpc

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/zrpc-go/zrpc/internal/attempts"
)

// tries makes one call, on as many connections and in as many attempts as it takes:
//
//	t := c.tries(ctx, &opt, method)
//	for t.next() {
//		t.err = … // on t.link, bounded by t.ctx
//	}
//	return t.err
//
// A connection that has ended before the request left, or whose server is stopping,
// is followed by another one; an attempt that failed by another one if the options
// say so. It is a loop and not a function that calls another one back because a
// caller that is woken by its answer returns through every frame between the two,
// none of which the processor foresees.
type tries struct {
	core   *clientCore
	whole  context.Context // the caller's
	opt    *CallOptions
	method string
	again  *attempts.Call // nil: there is one attempt only

	ctx    context.Context // of the present attempt: whole, with perhaps a timeout of ours
	cancel func()          // ends it; nil: it is whole
	link   *link
	made   int   // connections that the attempt was made on
	err    error // how it ended there
}

func (c *clientCore) tries(ctx context.Context, opt *CallOptions, method string) tries {
	return tries{core: c, whole: ctx, ctx: ctx, opt: opt, method: method}
}

// next takes the outcome of what was tried and reports whether there is more to
// try. When there is not, err is the call's, made for people.
func (t *tries) next() bool {
	if t.made == 0 {
		t.begin()
	} else {
		if t.err == nil {
			t.over()
			return false
		}
		t.link.observe(t.err)
		if t.ctx.Err() != nil || !t.core.links.elsewhere(t.link, t.err, t.made) {
			if !t.retry(t.link.endpoint) {
				return false
			}
		}
	}
	for {
		t.made++
		if t.link, t.err = t.core.links.pick(t.ctx, t.core.patience()); t.err == nil {
			return true
		}
		if !t.retry("") {
			return false
		}
	}
}

// begin begins an attempt.
func (t *tries) begin() {
	t.made = 0
	if d := t.opt.Timeout; d > 0 {
		t.ctx, t.cancel = context.WithTimeoutCause(t.whole, d, &TimeoutError{t.method, d})
	}
	if t.opt.Retry.Attempts > 1 && t.again == nil {
		t.again = t.opt.Retry.of(t.method, t.core.budget)
	}
}

// over ends an attempt, and reports whether another one is to be made.
func (t *tries) over() bool {
	if t.cancel != nil {
		t.cancel()
	}
	return t.again != nil && t.again.Again(t.whole, t.err, t.err != nil && Repeatable(t.err, t.opt.Idempotent))
}

// retry ends an attempt that failed, and begins another one if there is one.
func (t *tries) retry(endpoint string) bool {
	t.err = callError(t.whole, t.ctx, t.err, t.method, endpoint)
	if !t.over() {
		return false
	}
	t.begin()
	return true
}

// callError makes err, of a call bounded by call, which is ctx with perhaps a
// timeout of ours, one for people.
func callError(ctx, call context.Context, err error, method, endpoint string) error {
	if overtaken(call, err) {
		<-call.Done() // its timer is due
		err = call.Err()
	}
	timeout, ok := context.Cause(call).(*TimeoutError)
	if !ok || ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
		return asCallError(err, method, endpoint)
	}
	if errors.Is(err, ErrUnavailable) {
		return fmt.Errorf("%w: %w", timeout, err)
	}
	return timeout
}

// overtaken reports whether err is what a server says of a call that its deadline
// has ended, to credit that came too late, when we have not noticed the deadline
// ourselves yet.
func overtaken(call context.Context, err error) bool {
	var remote *RemoteError
	until, ok := call.Deadline()
	return ok && !time.Now().Before(until) && errors.As(err, &remote) && remote.Name == "LostRemote"
}
