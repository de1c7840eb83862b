package zrpc

import (
	"context"
	"io"
	"slices"
	"sync"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/method"
	"github.com/zrpc-go/zrpc/stream"
)

// Handler makes a call, or serves one. At the server it runs the whole call, a
// stream to its last item; the result of a call with one is an event.Raw or any
// other value, and a panic is a *PanicError. At the client it returns when the answer is in, an event.Raw, or
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
	Peer     *Peer     // at the server: who calls; see Peer.User

	// Idempotent says that the caller considers the call safe to run twice, and
	// Key is the same for each attempt.
	Idempotent bool
	Key        string

	// at the client
	opt      CallOptions
	header   []headerPair // what SetHeader has set
	listens  bool         // somebody may ask for the header of the answer
	received stream.AnswerHeader

	// at the server
	call   *stream.Call
	extras stream.Extras // the call's

	failing sync.Mutex // held while the functions of OnError run

	mu      sync.Mutex // guards the fields below
	onEnd   []func(error)
	onItem  []func(sent bool, item event.Raw)
	onError []func(error) error
	ended   bool
	failed  error    // what OnError made of the error, for those who ask again
	attempt *Request // the last one that was answered; nil: r itself
}

// HeaderValue returns what the other side has set under key in the header of its
// event, besides message_id, v and response_to. At the server that is the
// request's; the value must not be kept after the handler has returned. At the
// client it is the answer's, from when next has returned; that of a stream is then
// its first event's, and in OnEnd its last one's. The server may change it in
// between.
func (r *Request) HeaderValue(key string) (event.Raw, bool) {
	if r.call != nil {
		e := event.Event{Header: r.call.Header}
		raw, ok := e.Lookup(key)
		return event.Raw(raw), ok
	}
	r.mu.Lock()
	attempt := r.attempt
	r.mu.Unlock()
	if attempt != nil {
		return attempt.HeaderValue(key)
	}
	raw, ok := r.received.Lookup(key)
	return event.Raw(raw), ok
}

// SetHeader sets a key in the header of what this side sends, where Python's
// middleware finds it: at the client in the request, before next is called; at the
// server in the answer, as the function SetHeader does for a handler. Keys of the
// protocol are refused.
func (r *Request) SetHeader(key string, value any) error {
	if r.call != nil {
		return setHeader(r.call, key, value)
	}
	raw, err := encodeHeader(key, value)
	if err != nil {
		return err
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

// OnError has f called, at the client, for an error that ends a stream which has
// begun, in place of which its reader gets what f returns; nil ends the stream in
// good order. So do OnEnd, and the OnError of interceptors further out. It is not
// called for an error that comes before, which next returns.
func (r *Request) OnError(f func(err error) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.onError = append(r.onError, f)
}

// replaced asks them, from the innermost outwards.
func (r *Request) replaced(err error) error {
	r.mu.Lock()
	fs := r.onError
	r.mu.Unlock()
	for _, f := range slices.Backward(fs) {
		if err = f(err); err == nil {
			return nil
		}
	}
	return err
}

// fail ends a stream that has begun for err, and returns what its reader gets: io.EOF
// if there is no error left.
func (r *Request) fail(err error) error {
	r.failing.Lock() // a hook may take its time, and the context end meanwhile
	defer r.failing.Unlock()
	r.mu.Lock()
	ended, failed, asked := r.ended, r.failed, len(r.onError) > 0
	r.mu.Unlock()
	switch {
	case failed != nil:
		return failed
	case ended || !asked:
		r.end(err)
		return err
	}
	err = r.replaced(err)
	r.end(err)
	if err == nil {
		err = io.EOF
	}
	r.mu.Lock()
	r.failed = err
	r.mu.Unlock()
	return err
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
