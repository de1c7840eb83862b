package zrpc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"sync"
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
		ch, err := c.open(ctx, method, args)
		if err != nil {
			yield(none, err)
			return
		}
		defer ch.close()
		for {
			raw, err := ch.next(ctx)
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

// argsBuffer holds encoded arguments until they are sent.
type argsBuffer struct{ b []byte }

var argsPool = sync.Pool{New: func() any { return new(argsBuffer) }}

// free gives the buffer back, unless it was handed to the connection.
func (a *argsBuffer) free() {
	if len(a.b) < stream.HandOver {
		argsPool.Put(a)
	}
}

// encodeArgs encodes arguments into an array.
func encodeArgs(method string, args []any) (*argsBuffer, error) {
	if !utf8.ValidString(method) {
		return nil, fmt.Errorf("zrpc: calling %q: %w", method, &textError{"the name"})
	}
	a := argsPool.Get().(*argsBuffer)
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
	a, err := encodeArgs(method, args)
	if err != nil {
		return err
	}
	defer a.free()
	req := stream.Request{Method: method, Args: a.b}
	var reply stream.Reply
	err = c.do(ctx, method, func(ctx context.Context, l *link) (err error) {
		reply, err = l.mux.Call(ctx, &req)
		return err
	})
	if err != nil {
		return err
	}
	defer reply.Release()
	return decodeResult(reply.Result, ptr, method)
}

func decodeResult(raw []byte, ptr any, method string) error {
	if err := event.Decode(raw, ptr); err != nil {
		return fmt.Errorf("zrpc: result of %s: %w", method, err)
	}
	return nil
}

// opened is a channel with what its errors need.
type opened struct {
	*stream.Channel
	method, endpoint string
}

// open makes a call that may answer a stream, and waits for the answer to begin.
func (c *Client) open(ctx context.Context, method string, args []any) (*opened, error) {
	a, err := encodeArgs(method, args)
	if err != nil {
		return nil, err
	}
	defer a.free()
	req := stream.Request{Method: method, Args: a.b}
	o := &opened{method: method}
	err = c.do(ctx, method, func(ctx context.Context, l *link) error {
		ch, err := l.mux.Open(ctx, &req, c.opt.Credit)
		if err != nil {
			return err
		}
		if _, err := ch.First(ctx); err != nil {
			ch.Close()
			return err
		}
		o.Channel, o.endpoint = ch, l.endpoint
		return nil
	})
	if err != nil {
		return nil, err
	}
	return o, nil
}

// next returns the next item as encoded, valid until the next call.
func (o *opened) next(ctx context.Context) ([]byte, error) {
	raw, err := o.Next(ctx)
	if err != nil && !errors.Is(err, io.EOF) {
		err = asCallError(err, o.method, o.endpoint)
	}
	return raw, err
}

func (o *opened) close() { o.Channel.Close() }
