package zrpc

import (
	"context"
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
	if err := checkExtra(wire); err != nil {
		return err
	}
	t := c.tries(ctx, opt, wire.Method)
	for t.next() {
		wire.Timeout = left(t.ctx)
		if *reply, t.err = t.link.mux.Call(t.ctx, wire); t.err == nil {
			t.link.heard()
		}
	}
	return t.err
}

// open makes a call that has a stream.
func (c *clientCore) open(ctx context.Context, req *Request) (*Response, error) {
	wire := &stream.Request{Method: req.Method, Args: req.Args, Answer: req.answer(), Sends: req.Shape != ServerStream}
	wire.Extra, wire.NExtra = req.extra()
	if err := checkExtra(wire); err != nil {
		return nil, err
	}
	r := &Response{ctx: ctx, req: req}
	req.opt.Idempotent = req.Idempotent // an interceptor may know better
	t := c.tries(ctx, &req.opt, req.Method)
	for t.next() {
		t.err = r.begin(t.ctx, t.link, wire)
	}
	if t.err != nil {
		return nil, t.err
	}
	r.at.Store(&r.opened)
	if wire.Sends {
		r.mover = newMover(c, wire)
	}
	if ctx.Done() != nil {
		// Also when nobody reads or sends just then.
		stop := context.AfterFunc(ctx, func() {
			r.shut()
			req.fail(ctx.Err())
		})
		req.OnEnd(func(error) { stop() })
	}
	return r, nil
}

// begin makes the call on a connection. ctx bounds the beginning alone; the
// handler's bound is the call's.
func (r *Response) begin(ctx context.Context, l *link, wire *stream.Request) error {
	wire.Timeout = left(r.ctx)
	ch, err := l.mux.Open(ctx, wire, r.req.opt.Credit)
	if err != nil {
		return err
	}
	if r.req.Shape == ServerStream { // else the server may wait for the caller
		if r.streaming, err = ch.First(ctx); err != nil {
			ch.Close()
			return err
		}
		l.heard()
	}
	r.opened = conversation{ch, l}
	return nil
}

// left is how long ctx has to go; 0 if it has no deadline.
func left(ctx context.Context) time.Duration {
	until, ok := ctx.Deadline()
	if !ok {
		return 0
	}
	return max(1, time.Until(until)) // over, and about to be noticed: not "no bound"
}
