package zrpc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"sync"
	"sync/atomic"
	"unicode/utf8"

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

// argsBuffer holds encoded arguments until their call is over and all of its
// attempts have let go of them: a call that goes to another server sends them
// again. Large ones are written from where they are, so each attempt holds them.
type argsBuffer struct {
	b     []byte
	users atomic.Int32 // the call and its attempts; large buffers only
}

// argsPool holds buffers of usual arguments, largePool those of large ones, which
// the connection writes from where they are.
var (
	argsPool  = sync.Pool{New: func() any { return new(argsBuffer) }}
	largePool = sync.Pool{New: func() any { return new(argsBuffer) }}
)

// keepLarge is the largest buffer that goes back to its pool, in bytes.
const keepLarge = 4 << 20

// newArgs returns a buffer that suits args.
func newArgs(args []any) *argsBuffer {
	for _, arg := range args {
		switch v := arg.(type) {
		case []byte:
			if len(v) >= stream.HandOver {
				return largePool.Get().(*argsBuffer)
			}
		case string:
			if len(v) >= stream.HandOver {
				return largePool.Get().(*argsBuffer)
			}
		}
	}
	return argsPool.Get().(*argsBuffer)
}

// free ends the call's use of the buffer.
func (a *argsBuffer) free() {
	if len(a.b) < stream.HandOver {
		argsPool.Put(a) // it was copied
	} else if a.users.Load() > 0 {
		a.release()
	}
}

// share makes a large buffer one that connections write from, and returns what
// they hold and release it by.
func (a *argsBuffer) share() (hold, release func()) {
	a.users.Store(1) // the call's own
	return func() { a.users.Add(1) }, a.release
}

// release ends one use. The last one gives the buffer back.
func (a *argsBuffer) release() {
	if a.users.Add(-1) == 0 && cap(a.b) <= keepLarge {
		largePool.Put(a)
	}
}

// encodeArgs encodes arguments that fit into a message.
func (c *Client) encodeArgs(method string, args []any) (*argsBuffer, error) {
	a, err := encodeArgs(method, args)
	if err == nil {
		if err = checkSize(a.b, c.core.most, "their encoding"); err != nil {
			err = fmt.Errorf("zrpc: calling %s: arguments: %w", method, err)
		}
	}
	return a, err
}

// encodeArgs encodes arguments into an array.
func encodeArgs(method string, args []any) (*argsBuffer, error) {
	if !utf8.ValidString(method) {
		return nil, fmt.Errorf("zrpc: calling %q: %w", method, &textError{"the name"})
	}
	a := newArgs(args)
	a.b = event.AppendArrayHeader(a.b[:0], len(args))
	for i, arg := range args {
		var err error
		at := len(a.b)
		if a.b, err = event.AppendValue(a.b, arg); err == nil {
			err = checkText(a.b[at:], "it")
		}
		if err != nil {
			return nil, fmt.Errorf("zrpc: calling %s: argument %d: %w", method, i+1, err)
		}
	}
	return a, nil
}

// call makes a unary call; the result is decoded into ptr.
func (c *Client) call(ctx context.Context, method string, args []any, ptr any) error {
	a, err := c.encodeArgs(method, args)
	if err != nil {
		return err
	}
	defer a.free()
	if c.core.handler == nil && !c.opt.Idempotent {
		var reply stream.Reply
		v := callerOf(ctx)
		req := stream.Request{Method: method, Args: a.b, Answer: v.header.follow(nil)}
		req.Extra, req.NExtra = appendMetadata(nil, v.outgoing(&c.opt))
		if len(a.b) >= stream.HandOver {
			req.Hold, req.Release = a.share()
		}
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
	if p, ok := ptr.(*[]byte); ok && reply.Owned() {
		if text, ok := event.Text(reply.Result); ok {
			*p = text
			reply.Keep()
			return nil
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
	a, err := c.encodeArgs(method, args)
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
