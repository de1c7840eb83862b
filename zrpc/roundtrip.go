package zrpc

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/stream"
)

// request describes a call to interceptors.
func (c *Client) request(ctx context.Context, shape Shape, method string, args []byte) *Request {
	v := callerOf(ctx)
	req := &Request{
		Method: method, Shape: shape, Args: args, opt: c.opt,
		Metadata: maps.Clone(v.outgoing(&c.opt)), Idempotent: c.opt.Idempotent,
		listens: v.header != nil || c.core.handler != nil,
	}
	v.header.follow(req)
	if req.Idempotent {
		req.Key = uuid.NewString()
	}
	return req
}

// intercepted sends a request through the interceptors, if there are any.
func (c *clientCore) intercepted(ctx context.Context, req *Request) (any, error) {
	h := c.handler
	if h == nil {
		h = c.handle
	}
	result, err := h(ctx, req)
	if _, streams := result.(*Response); !streams || err != nil {
		req.end(err) // a stream ends later
	}
	return result, err
}

// handle is the innermost handler.
func (c *clientCore) handle(ctx context.Context, req *Request) (any, error) {
	if req.Shape != Unary {
		return c.open(ctx, req)
	}
	var reply stream.Reply
	wire := &stream.Request{Method: req.Method, Args: req.Args, Answer: req.answer()}
	wire.Extra, wire.NExtra = req.extra()
	req.opt.Idempotent = req.Idempotent // an interceptor may know better
	if err := c.unary(ctx, &req.opt, wire, &reply); err != nil {
		return nil, err
	}
	defer reply.Release()
	return slices.Clone(event.Raw(reply.Result)), nil
}

// extra encodes what goes into the request's header beside the protocol's own.
func (r *Request) extra() (b []byte, n int) {
	b, n = appendMetadata(nil, r.Metadata)
	for _, p := range r.header {
		b = append(event.AppendString(b, p.key), p.raw...)
		n++
	}
	if r.Idempotent && r.Key != "" {
		b = event.AppendString(event.AppendString(b, keyIdempotent), r.Key)
		n++
	}
	return b, n
}

// answer is where the header of the answer goes; nil: nobody could ask for it.
func (r *Request) answer() *stream.AnswerHeader {
	if !r.listens {
		return nil
	}
	return &r.received
}

// unary makes a call with one result.
func (c *clientCore) unary(ctx context.Context, opt *CallOptions, wire *stream.Request, reply *stream.Reply) error {
	return c.do(ctx, opt, wire, func(ctx context.Context, l *link) (err error) {
		wire.Timeout = left(ctx)
		if *reply, err = l.mux.Call(ctx, wire); err == nil {
			l.heard()
		}
		return err
	})
}

// open makes a call that has a stream.
func (c *clientCore) open(ctx context.Context, req *Request) (*Response, error) {
	wire := &stream.Request{Method: req.Method, Args: req.Args, Answer: req.answer(), Sends: req.Shape != ServerStream}
	wire.Extra, wire.NExtra = req.extra()
	r := &Response{ctx: ctx, req: req}
	req.opt.Idempotent = req.Idempotent // an interceptor may know better
	whole := ctx                        // the timeout is for the beginning alone
	err := c.do(ctx, &req.opt, wire, func(ctx context.Context, l *link) error {
		wire.Timeout = left(whole)
		ch, err := l.mux.Open(ctx, wire, req.opt.Credit)
		if err != nil {
			return err
		}
		if req.Shape == ServerStream { // else the server may wait for the caller
			if r.streaming, err = ch.First(ctx); err != nil {
				ch.Close()
				return err
			}
			l.heard()
		}
		r.opened = conversation{ch, l}
		return nil
	})
	if err != nil {
		return nil, err
	}
	r.at.Store(&r.opened)
	if wire.Sends {
		r.mover = newMover(c, wire)
	}
	if whole.Done() != nil {
		// Also when nobody reads or sends just then.
		stop := context.AfterFunc(whole, func() {
			r.shut()
			req.fail(whole.Err())
		})
		req.OnEnd(func(error) { stop() })
	}
	return r, nil
}

// left is how long ctx has to go; 0 if it has no deadline.
func left(ctx context.Context) time.Duration {
	until, ok := ctx.Deadline()
	if !ok {
		return 0
	}
	return max(1, time.Until(until)) // over, and about to be noticed: not "no bound"
}

// try makes one attempt at a call by f on a connection. If that turns out to have
// ended before the request left, or its server to be stopping, the call goes to
// another one.
func (c *clientCore) try(ctx context.Context, timeout time.Duration, wire *stream.Request, f func(ctx context.Context, l *link) error) error {
	call := ctx
	if timeout > 0 {
		var cancel context.CancelFunc
		call, cancel = context.WithTimeoutCause(ctx, timeout, &TimeoutError{wire.Method, timeout})
		defer cancel()
	}
	for tries := 1; ; tries++ {
		l, err := c.links.pick(call, c.patience())
		if err == nil {
			if err = f(call, l); err == nil {
				return nil
			}
			l.observe(err)
			if call.Err() == nil && c.links.elsewhere(l, err, tries) {
				continue
			}
		}
		endpoint := ""
		if l != nil {
			endpoint = l.endpoint
		}
		return callError(ctx, call, err, wire.Method, endpoint)
	}
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
