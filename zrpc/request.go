package zrpc

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/method"
)

// Handler makes a call, or serves one. At the server it runs the whole call, a
// stream to its last item; the result of a call with one is an event.Raw or any
// other value. At the client it returns when the answer is in, an event.Raw, or
// for a stream when the answer has begun, a *Response.
type Handler func(ctx context.Context, req *Request) (any, error)

// Interceptor wraps a handler. What it does before next is called happens before
// the call, what it does afterwards when next has returned; it may call next
// again, or not at all, and change the request, the context, the result and the
// error. Interceptors are applied once, when a server or client is made; the
// first of a list is the outermost.
type Interceptor func(next Handler) Handler

// chain applies interceptors to h.
func chain(interceptors []Interceptor, h Handler) Handler {
	for _, i := range slices.Backward(interceptors) {
		h = i(h)
	}
	return h
}

// Shape says on which sides of a call a stream flows.
type Shape = method.Shape

// The four shapes of a call. A client cannot know what a method answers: Stream
// and Invoke ask for a ServerStream and take one result too.
const (
	Unary        = method.Unary
	ServerStream = method.ServerStream
	ClientStream = method.ClientStream
	Bidi         = method.Bidi
)

// Request is one call on its way through interceptors. It belongs to the call:
// neither it nor Args may be kept after the handler has returned.
type Request struct {
	Method   string
	Shape    Shape
	Args     event.Raw // the encoded argument array; a client's interceptor may replace it
	Metadata Metadata  // at the client, what is going to be sent; at the server, what came
	Peer     *Peer     // at the server: who calls

	// Idempotent says that the caller considers the call safe to run twice, and
	// Key is the same for each attempt.
	Idempotent bool
	Key        string

	// at the client
	opt    CallOptions
	header []headerPair // what SetHeader has set

	// at the server
	came []byte // the encoded header

	mu     sync.Mutex // guards the fields below
	onEnd  []func(error)
	onItem []func(sent bool, item event.Raw)
	ended  bool
}

// HeaderValue returns, at the server, what the request's event header holds
// under key. The value must not be kept after the handler has returned.
func (r *Request) HeaderValue(key string) (event.Raw, bool) {
	e := event.Event{Header: r.came}
	raw, ok := e.Lookup(key)
	return event.Raw(raw), ok
}

// SetHeader sets, at the client, a key in the header of the request's event,
// where Python's middleware finds it. Keys of the protocol are refused.
func (r *Request) SetHeader(key string, value any) error {
	switch key {
	case "message_id", "response_to", "v", keyMetadata, keyIdempotent, "deadline":
		return fmt.Errorf("zrpc: header key %q is the protocol's own; choose another", key)
	}
	raw, err := event.AppendValue(nil, value)
	if err == nil {
		err = checkText(raw, "it")
	}
	if err != nil {
		return fmt.Errorf("zrpc: header key %q: %w", key, err)
	}
	same := func(p headerPair) bool { return p.key == key }
	r.header = append(slices.DeleteFunc(slices.Clone(r.header), same), headerPair{key, raw})
	return nil
}

// headerPair is one key of an event's header and its encoded value.
type headerPair struct {
	key string
	raw event.Raw
}

// OnEnd has f called once, when the call is over: for a stream, after its last
// item or when the caller gave it up (a nil error). The error is as the caller
// sees it.
func (r *Request) OnEnd(f func(err error)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.onEnd = append(r.onEnd, f)
}

// OnItem has f called for each item of a stream that passes, in either
// direction. It must not keep the item.
func (r *Request) OnItem(f func(sent bool, item event.Raw)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.onItem = append(r.onItem, f)
}

// end tells those who asked. A nil request had no interceptors.
func (r *Request) end(err error) {
	if r == nil {
		return
	}
	r.mu.Lock()
	fs := r.onEnd
	if r.ended {
		fs = nil
	}
	r.ended = true
	r.mu.Unlock()
	for _, f := range slices.Backward(fs) {
		f(err)
	}
}

// item tells those who asked.
func (r *Request) item(sent bool, item []byte) {
	if r == nil {
		return
	}
	r.mu.Lock()
	fs := r.onItem
	r.mu.Unlock()
	for _, f := range fs {
		f(sent, item)
	}
}
