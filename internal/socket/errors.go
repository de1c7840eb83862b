package socket

import (
	"errors"
	"strings"
)

// Errors of this package, for errors.Is. They come wrapped in an
// [EndpointError] where an endpoint is concerned.
var (
	// ErrProtocol: the endpoint's scheme is none that we speak. The words are
	// libzmq's, which users of zerorpc search for.
	ErrProtocol = errors.New("Protocol not supported") //lint:ignore ST1005 libzmq's words

	// ErrEndpoint: the endpoint is malformed, or of a kind that cannot be used
	// this way round.
	ErrEndpoint = errors.New("invalid endpoint")

	// ErrAddressInUse: somebody else is bound there and alive.
	ErrAddressInUse = errors.New("address already in use")

	// ErrNotFound: Unbind or Disconnect of an endpoint that is not in use.
	ErrNotFound = errors.New("no such endpoint")

	// ErrClosed: the socket has been closed.
	ErrClosed = errors.New("socket: closed")

	// ErrUnroutable: a mandatory Router has no peer of that routing id. The
	// peer never came or has gone; a later try may find it.
	ErrUnroutable = errors.New("socket: no peer with this routing id")

	// ErrFull: a mandatory Router's peer has its send queue full.
	ErrFull = errors.New("socket: the peer's send queue is full")

	// ErrNoFrames: a message needs at least one frame, and for a Router a
	// routing id and at least one frame.
	ErrNoFrames = errors.New("socket: a message needs at least one frame")

	// ErrSubscriptions: a subscriber asked for more than a publisher keeps.
	ErrSubscriptions = errors.New("socket: subscriptions too many or too long")
)

// EndpointError says which operation failed on which endpoint, why, and what
// to do about it.
type EndpointError struct {
	Op       string // "bind", "connect", "unbind" or "disconnect"
	Endpoint string // as the caller gave it
	Err      error  // one of the sentinels above or the system's error
	Hint     string // what to do; may be empty
}

// Error implements error: "bind tcp://*:80: permission denied (hint)".
func (e *EndpointError) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	b.WriteByte(' ')
	b.WriteString(e.Endpoint)
	b.WriteString(": ")
	b.WriteString(e.Err.Error())
	if e.Hint != "" {
		b.WriteString(" (")
		b.WriteString(e.Hint)
		b.WriteByte(')')
	}
	return b.String()
}

// Unwrap gives errors.Is and errors.As the cause.
func (e *EndpointError) Unwrap() error { return e.Err }
