package peers

import (
	"errors"
	"io"
)

// ErrNone says that a system does not have what was asked for.
var ErrNone = errors.New("the system has no such thing")

// A PublishFunc binds a publisher on addr (port 0 allowed) or, if push, a pusher. It
// returns the address for Subscribe. ErrNone: it has one of the two only.
type PublishFunc func(addr string, push bool) (e Emitter, actual string, err error)

// A SubscribeFunc connects a subscriber, or a puller if push, and returns at once. It
// calls got with each message, from one goroutine; p is valid until got returns.
type SubscribeFunc func(addr string, push bool, got func(p []byte)) (io.Closer, error)

// Emitter sends messages to subscribers or pullers. One goroutine at a time may use it.
type Emitter interface {
	// Emit sends p, which it does not keep. Whether it waits, drops or buffers without
	// bound when a receiver is slow is the system's own affair.
	Emit(p []byte) error
	// Flush sees to it that what was emitted goes out.
	Flush() error
	Close() error
}
