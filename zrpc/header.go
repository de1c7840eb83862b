package zrpc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/stream"
)

// HeaderValue returns what the caller's event header holds under key, besides
// message_id, v and response_to: middleware at the other end may have added it.
// ctx must be a handler's context, or made from it, and the handler must not have
// returned. The value is the caller's to keep; its Decode reads it.
func HeaderValue(ctx context.Context, key string) (value event.Raw, ok bool) {
	c, ok := stream.FromContext(ctx)
	if !ok {
		return nil, false
	}
	e := event.Event{Header: c.Header}
	raw, ok := e.Lookup(key)
	return slices.Clone(event.Raw(raw)), ok
}

// SetHeader sets a key in the header of the answer to the call that a handler's
// context belongs to, where Python's client_after_request finds it, and a Go
// caller by Request.HeaderValue or WithAnswerHeader. It goes with the result or the
// error; in a stream with the next item, and with the event that ends it. The
// value is anything that a result may be. ctx must be the handler's context, or
// made from it, and the handler must not have returned. It may be called from
// several goroutines.
func SetHeader(ctx context.Context, key string, value any) error {
	c, ok := stream.FromContext(ctx)
	if !ok {
		return fmt.Errorf("zrpc: header key %q: the context is not that of a handler which runs", key)
	}
	return setHeader(c, key, value)
}

// setHeader sets a key in the header of a call's answer.
func setHeader(c *stream.Call, key string, value any) error {
	raw, err := encodeHeader(key, value)
	if err != nil {
		return err
	}
	switch {
	case c.Cause() != nil:
		err = errors.New("the call has ended")
	case !c.Extras().Set(key, raw):
		err = errors.New("the header gets too large for any caller; send it as part of the result")
	}
	if err != nil {
		return fmt.Errorf("zrpc: header key %q: %w", key, err)
	}
	return nil
}

// encodeHeader encodes what is to be sent under a key of a header.
func encodeHeader(key string, value any) (event.Raw, error) {
	switch key {
	case event.KeyMessageID, event.KeyResponseTo, event.KeyVersion, event.KeyPlain, keyMetadata, keyIdempotent, event.KeyDeadline:
		return nil, fmt.Errorf("zrpc: header key %q is the protocol's own; choose another", key)
	}
	raw, err := event.AppendValue(nil, key)
	at := len(raw)
	if err == nil {
		raw, err = event.AppendValue(raw, value)
	}
	if err == nil {
		err = checkText(raw, "it")
	}
	if err != nil {
		return nil, fmt.Errorf("zrpc: header key %q: %w", key, err)
	}
	return raw[at:], nil
}

// AnswerHeader is the header of an answer, filled by the call that is made with
// its context.
type AnswerHeader struct {
	received stream.AnswerHeader // of a call without a Request

	mu  sync.Mutex // guards req
	req *Request   // of the last call; nil: it had none
}

// WithAnswerHeader returns a context for one call, and what will hold the header
// of its answer:
//
//	ctx, header := zrpc.WithAnswerHeader(ctx)
//	text, err := zrpc.Call[string](ctx, client, "hello", "RPC")
//	raw, ok := header.Value("trace_id")
//
// If several calls are made with it, it holds the header of one of them.
func WithAnswerHeader(ctx context.Context) (context.Context, *AnswerHeader) {
	v := callerValues(ctx)
	v.header = new(AnswerHeader)
	return context.WithValue(ctx, callerKey{}, v), v.header
}

// Value returns what the server has set under key, with the result or the error,
// besides message_id, v and response_to. Of a stream that is the header of its first
// event from when it has begun, and that of its last event when it has ended; the
// server may change it in between. The value is the caller's to keep; its Decode
// reads it.
func (h *AnswerHeader) Value(key string) (event.Raw, bool) {
	h.mu.Lock()
	req := h.req
	h.mu.Unlock()
	if req != nil {
		return req.HeaderValue(key)
	}
	raw, ok := h.received.Lookup(key)
	return event.Raw(raw), ok
}

// follow makes h the header of what answers req; nil stands for a call without a
// Request, which fills what follow returns. A nil h is one that nobody asked for.
func (h *AnswerHeader) follow(req *Request) *stream.AnswerHeader {
	if h == nil {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.req = req
	return &h.received
}
