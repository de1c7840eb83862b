package zrpc

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/method"
	"github.com/zrpc-go/zrpc/stream"
)

// entry is one method: what it is, and how a request runs it.
type entry struct {
	m       *method.Method
	builtin bool // one of zerorpc's own, not listed
	wire    stream.Method
	most    int // bytes of a result; 0: no bound
}

// newEntry makes a method callable, behind the interceptors if there are any.
func newEntry(m *method.Method, builtin bool, most int, interceptors []Interceptor) *entry {
	e := &entry{m: m, builtin: builtin, most: most, wire: stream.Method{Name: m.Name}}
	if len(interceptors) > 0 {
		intercept(e, interceptors, e.handle)
		return e
	}
	switch m.Shape {
	case method.Unary:
		e.wire.Borrows, e.wire.Tail = true, true
		e.wire.Unary = func(c *stream.Call, out []byte) ([]byte, error) {
			var ctx context.Context = c
			if m.Context {
				ctx = c.Lend()
			}
			return e.unary(ctx, c.Args, nil, out)
		}
	case method.ClientStream:
		e.wire.Stream = func(c *stream.Call) ([]byte, error) {
			return e.unary(c, c.Args, callerItems{c, nil}, nil)
		}
	default:
		e.wire.Open = func(c *stream.Call) (stream.Feed, error) {
			var in method.Source
			if m.Shape == method.Bidi {
				in = callerItems{c, nil}
			}
			return m.Open(c, c.Args, in, func(item []byte) error {
				// As sender, with less on the stack of a stream that waits.
				if err := e.check(item, 0, "an item"); err != nil {
					return err
				}
				return c.SendItem(item)
			})
		}
	}
	return e
}

// check refuses what would not reach the caller; tail bytes follow b.
func (e *entry) check(b []byte, tail int, what string) error {
	if err := checkSize(len(b)+tail, e.most, what); err != nil {
		return err
	}
	return checkText(b, what)
}

// unary runs a method with one result, which is appended to out.
func (e *entry) unary(ctx context.Context, args []byte, in method.Source, out []byte) ([]byte, error) {
	b, err := e.m.Call(ctx, args, in, out)
	if err == nil {
		err = e.check(b[len(out):], given(ctx), "the result")
	}
	return b, err
}

// given returns how many bytes of the result have not been appended.
func given(ctx context.Context) int {
	if c, ok := ctx.(interface{ Given() int }); ok { // a call, or a loan of one
		return c.Given()
	}
	return 0
}

// sender returns what sends the items of a method that answers a stream.
func (e *entry) sender(c *stream.Call, req *Request) func(item []byte) error {
	return func(item []byte) error {
		if err := e.check(item, 0, "an item"); err != nil {
			return err
		}
		req.item(true, item)
		return c.SendItem(item)
	}
}

// callerItems is the caller's stream as package method reads it.
type callerItems struct {
	c   *stream.Call
	req *Request
}

func (s callerItems) Next(ctx context.Context) (raw []byte, ok bool, err error) {
	raw, err = s.c.NextItem(ctx)
	if errors.Is(err, io.EOF) {
		return nil, false, nil
	}
	if err == nil {
		s.req.item(false, raw)
	}
	return raw, err == nil, err
}

// handle is the innermost handler.
func (e *entry) handle(ctx context.Context, req *Request) (any, error) {
	c, ok := stream.FromContext(ctx)
	if !ok {
		return nil, fmt.Errorf("zrpc: an interceptor of %s passed on a context that is not made from the call's; derive it", req.Method)
	}
	var in method.Source
	switch e.m.Shape {
	case method.ServerStream, method.Bidi:
		return nil, e.m.Stream(ctx, req.Args, callerItems{c, req}, e.sender(c, req))
	case method.ClientStream:
		in = callerItems{c, req}
	}
	b, err := e.unary(ctx, req.Args, in, nil)
	return event.Raw(b), err
}

// unknown returns what serves a call to a method that does not exist: the
// interceptors, which may want to count it, and then the error.
func unknown(name string, interceptors []Interceptor) *stream.Method {
	e := &entry{m: &method.Method{Name: name}, wire: stream.Method{Name: name}}
	intercept(e, interceptors, func(context.Context, *Request) (any, error) {
		return nil, &RemoteError{Name: nameError, Message: name}
	})
	return &e.wire
}

// intercept has requests of e go through interceptors to h.
func intercept(e *entry, interceptors []Interceptor, h Handler) {
	h = chainRecovered(interceptors, h)
	run := func(c *stream.Call) (any, error) {
		req := &Request{
			Method: e.m.Name, Shape: e.m.Shape, Args: c.Args,
			Metadata: headerMetadata(c.Header), Peer: peerOf(c.Conn()), call: c,
		}
		req.extras.Owner = req
		c.Attach(&req.extras)
		if raw, ok := req.HeaderValue(keyIdempotent); ok {
			text, _ := event.Text(raw)
			req.Idempotent, req.Key = true, string(text)
		}
		done := false
		defer func() {
			if !done { // it ends its goroutine
				req.end(stream.ErrExited)
			}
		}()
		result, err := h(c, req)
		done = true
		req.end(err)
		return result, err
	}
	appendResult := func(out []byte, result any) ([]byte, error) {
		b, err := event.AppendValue(out, result)
		if _, raw := result.(event.Raw); err == nil && !raw {
			err = checkText(b[len(out):], "the result")
		}
		return b, err
	}
	if e.m.Shape == method.Unary {
		e.wire.Unary = func(c *stream.Call, out []byte) ([]byte, error) {
			result, err := run(c)
			if err != nil {
				return out, err
			}
			return appendResult(out, result)
		}
		return
	}
	e.wire.Stream = func(c *stream.Call) ([]byte, error) {
		result, err := run(c)
		if err != nil || e.m.Shape != method.ClientStream {
			return nil, err
		}
		return appendResult(nil, result)
	}
}
