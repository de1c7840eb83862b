package zrpc

import (
	"context"
	"errors"
	"io"
	"iter"
	"slices"
	"sync/atomic"

	"github.com/zrpc-go/zrpc/event"
)

// Response is an answer that has begun: one result, or a stream.
type Response struct {
	ctx       context.Context // Invoke's, which bounds the reading too
	req       *Request
	streaming bool
	result    event.Raw // when not streaming

	at     atomic.Pointer[conversation]
	opened conversation // what at is at first
	mover  *mover       // nil without a stream of the caller's
	closed atomic.Bool  // whatever place it moves to
}

// endpoint is where the call runs, for people.
func (r *Response) endpoint() string { return r.at.Load().link.endpoint }

// Invoke calls a method without saying what it answers, for programs that do
// not know beforehand. It returns when the answer has begun. The caller must read
// a streaming response to its end or Close it; until then the server goes on, as
// far as its credit lets it. The end of ctx ends the reading too.
func (c *Client) Invoke(ctx context.Context, method string, args ...any) (*Response, error) {
	r, err := c.begin(ctx, ServerStream, method, args)
	if err != nil {
		return nil, err
	}
	if !r.streaming {
		defer r.Close()
		raw, err := r.next(ctx)
		if err != nil {
			return nil, err
		}
		r.result = slices.Clone(raw)
		r.req.end(nil)
	}
	return r, nil
}

// Streaming reports whether the answer is a stream, to be read with Items.
func (r *Response) Streaming() bool { return r.streaming }

// Raw returns the encoded result, which is the caller's; nil for a stream.
func (r *Response) Raw() event.Raw { return r.result }

// Decode decodes the result into what ptr points to.
func (r *Response) Decode(ptr any) error {
	if r.streaming {
		return asCallError(ErrStreamed, r.req.Method, r.endpoint())
	}
	return decodeResult(r.result, ptr, r.req.Method)
}

// Items yields the encoded items, each the caller's to keep; an error is the
// last pair, and the end of Invoke's context is one. A response with one result
// yields that. A stream can be ranged over once; leaving the loop closes the
// response.
func (r *Response) Items() iter.Seq2[event.Raw, error] { return r.ItemsContext(r.ctx) }

// ItemsContext is Items that ends with another context than Invoke's.
func (r *Response) ItemsContext(ctx context.Context) iter.Seq2[event.Raw, error] {
	return func(yield func(event.Raw, error) bool) {
		if !r.streaming {
			yield(r.result, nil)
			return
		}
		defer r.Close()
		for {
			raw, err := r.next(ctx)
			if errors.Is(err, io.EOF) {
				return
			}
			if !yield(slices.Clone(event.Raw(raw)), err) || err != nil {
				return
			}
		}
	}
}

// next returns the next item as encoded, valid until the next call.
func (r *Response) next(ctx context.Context) ([]byte, error) {
	wait := ctx
	if d := r.req.opt.ItemTimeout; d > 0 {
		var cancel context.CancelFunc
		wait, cancel = context.WithTimeoutCause(ctx, d, &TimeoutError{r.req.Method, d})
		defer cancel()
	}
	at := r.at.Load()
	raw, err := at.ch.Next(wait)
	for r.mover != nil && turnedAway(err) && r.moved(at, err) {
		at = r.at.Load()
		raw, err = at.ch.Next(wait)
	}
	switch {
	case err == nil:
		if r.mover != nil {
			r.mover.settled.Store(true)
		}
		r.req.item(false, raw)
	case errors.Is(err, io.EOF):
		r.req.end(nil)
	default:
		if ended := ctx.Err(); ended != nil && errors.Is(err, ErrClosed) {
			err = ended // which closed the channel
		}
		at.link.observe(err)
		err = r.req.fail(callError(ctx, wait, err, r.req.Method, at.link.endpoint))
	}
	return raw, err
}

// Close gives up on a stream. It may be called at any time, and more than once.
func (r *Response) Close() error {
	r.shut()
	r.req.end(nil)
	return nil
}

// shut closes the channel.
func (r *Response) shut() {
	r.closed.Store(true) // before it is looked where the call is: it may just move
	if r.mover != nil {
		if cancel := r.mover.cancel.Load(); cancel != nil {
			(*cancel)()
		}
	}
	r.at.Load().ch.Close()
}
