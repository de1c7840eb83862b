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
func Call[T any](ctx context.Context, c *Client, method string, args ...any) (result T, err error) {
	var a resultBuffer
	if err := c.call(ctx, method, args, &a); err != nil {
		return result, err
	}
	defer a.free()
	if usual, err := a.usual(&result, method); usual {
		return result, err
	}
	other := new(T) // what reflection is let at lies on the heap
	err = a.decode(other, method)
	return *other, err
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

// callInto is Call with the result stored in what ptr points to.
func (c *Client) callInto(ctx context.Context, method string, args []any, ptr any) error {
	var a resultBuffer
	if err := c.call(ctx, method, args, &a); err != nil {
		return err
	}
	defer a.free()
	return a.decode(ptr, method)
}

// call makes a unary call. What it stores in a must be freed if it succeeds.
func (c *Client) call(ctx context.Context, method string, args []any, a *resultBuffer) error {
	plain := c.core.handler == nil && !c.opt.Idempotent
	buf, err := c.encodeArgs(method, args, plain)
	if err != nil {
		return err
	}
	defer buf.free()
	if plain {
		v := callerOf(ctx)
		req := stream.Request{Method: method, Args: buf.b, Lent: buf.lent, Tail: buf.tail, Answer: v.header.follow(nil)}
		req.Extra, req.NExtra = appendMetadata(nil, v.outgoing(&c.opt))
		err = c.core.unary(ctx, &c.opt, &req, &a.reply)
		a.raw = a.reply.Result
		return err
	}
	result, err := c.core.intercepted(ctx, c.request(ctx, Unary, method, buf.b))
	if err != nil {
		return err
	}
	raw, ok := result.(event.Raw)
	if !ok { // an interceptor's own
		if raw, err = event.AppendValue(nil, result); err != nil {
			return fmt.Errorf("zrpc: result of %s, by an interceptor: %w", method, err)
		}
	}
	a.raw = raw
	return nil
}

// decodeResult decodes what a method answered, or an item of that.
func decodeResult(raw []byte, ptr any, method string) error {
	return resultError(event.Decode(raw, ptr), method)
}

// resultError says of which method the result does not fit its target.
func resultError(err error, method string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("zrpc: result of %s: %w", method, err)
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
