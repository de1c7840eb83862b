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

// Duplex is a call with a stream in each direction, or one of the caller's with
// a single answer. Send and CloseSend are for one goroutine, Recv and All for
// another; Close may be called from any.
//
// It goes to another server if the first one stops and refuses it, with what was
// sent; see "Failing over" in the package documentation.
//
// The call ends when Recv or All has come to an end, when Close is called, and
// when the context that it was begun with ends; one of them has to happen, or the
// server's handler is left waiting.
type Duplex[S, R any] struct {
	r *Response
}

// Open begins a call with streams in both directions: of S to the server, of R
// from it. It returns when the request is on its way.
func Open[S, R any](ctx context.Context, c *Client, method string, args ...any) (*Duplex[S, R], error) {
	r, err := c.begin(ctx, Bidi, method, args)
	if err != nil {
		return nil, err
	}
	return &Duplex[S, R]{r}, nil
}

// Send sends an item. It waits for the server's credit, so a slow handler slows
// its caller. io.EOF says that the server has answered and reads no more: Recv
// tells what.
func (d *Duplex[S, R]) Send(item S) error {
	b, err := event.AppendValue(nil, item)
	if err == nil {
		err = checkText(b, "it")
	}
	if err != nil {
		return fmt.Errorf("zrpc: sending to %s: %w", d.r.req.Method, err)
	}
	return d.r.send(b)
}

// CloseSend says that no more items will come. The server's may go on.
func (d *Duplex[S, R]) CloseSend() error {
	return d.r.sendError(d.r.sendOut(outgoing{role: event.RoleDone}))
}

// Recv returns the server's next item; io.EOF after the last. If the server
// answers with one result, that is the only item.
func (d *Duplex[S, R]) Recv() (R, error) {
	var item R
	raw, err := d.r.next(d.r.ctx)
	if err == nil {
		err = decodeResult(raw, &item, d.r.req.Method)
	}
	return item, err
}

// All yields what Recv returns, until the end; an error is the last pair. Leaving
// the loop closes the call.
func (d *Duplex[S, R]) All() iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		defer d.Close()
		for {
			item, err := d.Recv()
			if errors.Is(err, io.EOF) || !yield(item, err) || err != nil {
				return
			}
		}
	}
}

// Close gives the call up, or does nothing when it has ended.
func (d *Duplex[S, R]) Close() error { return d.r.Close() }

// Upload calls a method with a stream of items and decodes its one result into
// an R. An error that items yields is sent to the handler and returned. If the
// server answers before it has read everything, the rest of items is not used.
func Upload[R, T any](ctx context.Context, c *Client, method string, items iter.Seq2[T, error], args ...any) (R, error) {
	var result R
	r, err := c.begin(ctx, ClientStream, method, args)
	if err != nil {
		return result, err
	}
	defer r.Close()
	if err := sendAll(&Duplex[T, R]{r}, items); err != nil {
		return result, err
	}
	raw, err := r.next(ctx)
	if errors.Is(err, io.EOF) {
		err = asCallError(fmt.Errorf("%w: a stream without an item", stream.ErrProtocol), method, r.endpoint())
	}
	if err == nil {
		err = decodeResult(raw, &result, method)
	}
	return result, err
}

// sendAll sends items and the end of them. That the server has answered before is no
// error: whoever reads learns what. An error that items yields is one, io.EOF too.
func sendAll[T, R any](d *Duplex[T, R], items iter.Seq2[T, error]) error {
	for item, err := range items {
		if err != nil {
			d.r.sendOut(outgoing{role: event.RoleErr, err: &RemoteError{Name: wireName(err), Message: err.Error()}})
			return fmt.Errorf("zrpc: sending to %s: %w", d.r.req.Method, err)
		}
		if err := d.Send(item); err != nil {
			return unlessAnswered(err)
		}
	}
	return unlessAnswered(d.CloseSend())
}

// unlessAnswered drops the error by which Send says that the server has answered.
func unlessAnswered(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

// Values makes a stream for Upload from a sequence that has no errors, such as
// slices.Values.
func Values[T any](seq iter.Seq[T]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for v := range seq {
			if !yield(v, nil) {
				return
			}
		}
	}
}

// send sends one encoded item of the caller's stream.
func (r *Response) send(item []byte) error {
	err := r.sendOut(outgoing{role: event.RoleStream, item: item})
	if err == nil {
		r.req.item(true, item)
	}
	return r.sendError(err)
}

// sendError makes an error of sending one for people.
func (r *Response) sendError(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	if ended := r.ctx.Err(); ended != nil && errors.Is(err, ErrClosed) {
		err = ended // which closed the channel
	}
	return asCallError(err, r.req.Method, r.endpoint())
}
