package zrpc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/stream"
)

// Call calls a method that has one result and decodes it into a T. The context's
// deadline, and CallOptions.Timeout, bound the wait. Errors are described in the
// package documentation.
func Call[T any](ctx context.Context, c *Client, method string, args ...any) (T, error) {
	var result T
	err := c.call(ctx, method, args, &result)
	return result, err
}

// Stream calls a method and yields the items of its stream, each decoded into a
// T; a method with one result is a stream of one. The request goes out when the
// loop starts, an error is always the last pair, and leaving the loop closes the
// channel. Each loop over the returned iterator is a call of its own.
func Stream[T any](ctx context.Context, c *Client, method string, args ...any) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		r, err := c.begin(ctx, ServerStream, method, args)
		if err != nil {
			yield(none, err)
			return
		}
		defer r.Close()
		for {
			raw, err := r.next(ctx)
			if errors.Is(err, io.EOF) {
				return
			}
			var item T
			if err == nil {
				err = decodeResult(raw, &item, method)
			}
			if err != nil {
				yield(none, err)
				return
			}
			if !yield(item, nil) {
				return
			}
		}
	}
}

// call makes a unary call; the result is decoded into ptr.
func (c *Client) call(ctx context.Context, method string, args []any, ptr any) error {
	plain := c.core.handler == nil && !c.opt.Idempotent
	a, err := c.encodeArgs(method, args, plain)
	if err != nil {
		return err
	}
	defer a.free()
	if plain {
		var reply stream.Reply
		v := callerOf(ctx)
		req := stream.Request{Method: method, Args: a.b, Lent: a.lent, Tail: a.tail, Answer: v.header.follow(nil)}
		req.Extra, req.NExtra = appendMetadata(nil, v.outgoing(&c.opt))
		if err := c.core.unary(ctx, &c.opt, &req, &reply); err != nil {
			return err
		}
		defer reply.Release()
		return takeResult(&reply, ptr, method)
	}
	result, err := c.core.intercepted(ctx, c.request(ctx, Unary, method, a.b))
	if err != nil {
		return err
	}
	raw, ok := result.(event.Raw)
	if !ok { // an interceptor's own
		if raw, err = event.AppendValue(nil, result); err != nil {
			return fmt.Errorf("zrpc: result of %s, by an interceptor: %w", method, err)
		}
	}
	return decodeResult(raw, ptr, method)
}

// takeResult decodes a result. Large bytes are handed over where they are.
func takeResult(reply *stream.Reply, ptr any, method string) error {
	if reply.Owned() {
		text, ok := event.Text(reply.Result)
		switch p := ptr.(type) {
		case *[]byte:
			if ok {
				*p = text
				reply.Keep()
				return nil
			}
		case **Bytes:
			if ok {
				*p = event.NewBytes(text, reply.Lend())
				return nil
			}
		}
	}
	return decodeResult(reply.Result, ptr, method)
}

func decodeResult(raw []byte, ptr any, method string) error {
	if err := event.Decode(raw, ptr); err != nil {
		return fmt.Errorf("zrpc: result of %s: %w", method, err)
	}
	return nil
}

// begin makes a call that has a stream, and returns when the answer has begun,
// or with a stream of the caller's, when the request is on its way.
func (c *Client) begin(ctx context.Context, shape Shape, method string, args []any) (*Response, error) {
	a, err := c.encodeArgs(method, args, false)
	if err != nil {
		return nil, err
	}
	defer a.free()
	req := c.request(ctx, shape, method, a.b)
	if c.core.handler == nil {
		return c.core.open(ctx, req)
	}
	result, err := c.core.intercepted(ctx, req)
	if err != nil {
		return nil, err
	}
	r, ok := result.(*Response)
	if !ok {
		return nil, fmt.Errorf("zrpc: calling %s: an interceptor returned a %T for a stream; it must return the *zrpc.Response", method, result)
	}
	return r, nil
}
