package zrpc

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/zrpc-go/zrpc/internal/socket"
	"github.com/zrpc-go/zrpc/stream"
)

// RemoteError is an error that the other side answered. Its fields are strings:
// Name, the error's class, such as ValueError; Message; and Traceback, for people,
// which may be empty. Received reports whether it came from another side.
//
//	var remote *zrpc.RemoteError
//	if errors.As(err, &remote) && remote.Name == "ValueError" { … }
//
// A handler may return one, to choose name and message. The name LostRemote, of a
// server that was restarted in mid-call or of a broker that lost a worker, says what
// ErrLostRemote does, which it does not match: it may be a handler's word on a call
// of its own.
type RemoteError = stream.RemoteError

// PanicError is what a server's interceptors get from next when the handler, or an
// interceptor further in, panicked: its fields are Value, and Stack of the
// goroutine. The caller is answered the error Panic.
type PanicError = stream.PanicError

var (
	// ErrLostRemote matches the error of a call whose peer is gone: its
	// heartbeats stopped or its connection ended. Whether the call ran is unknown.
	ErrLostRemote = stream.ErrLostRemote

	// ErrSilent matches, beside ErrLostRemote, the error of a call whose peer
	// stopped sending heartbeats while its connection stayed: it hangs, perhaps.
	ErrSilent = stream.ErrSilent

	// ErrUnavailable matches the error of a call for which no connection was
	// ever there: it has not run.
	ErrUnavailable = errors.New("no server is reachable")

	// ErrNoMethod matches the error of a call to a method that the server does
	// not have.
	ErrNoMethod = errors.New("no such method")

	// ErrStreamed matches the error of a call for one result whose method
	// answers a stream.
	ErrStreamed = stream.ErrStreamed

	// ErrClosed matches the error of a call on a client that was closed, and of
	// using a server after Shutdown.
	ErrClosed = stream.ErrClosed
)

// TimeoutError is the error of a call whose CallOptions.Timeout ran out before
// the answer began, or whose CallOptions.ItemTimeout before the next item came. It matches context.DeadlineExceeded, and is a net.Error.
type TimeoutError struct {
	Method string
	After  time.Duration
}

func (e *TimeoutError) Error() string {
	return fmt.Sprintf("timeout after %v, when calling remote method %s", e.After, e.Method)
}

// Timeout reports true, as net.Error has it.
func (e *TimeoutError) Timeout() bool { return true }

// Temporary reports true: net.Error, which TimeoutError is, still asks for it.
func (e *TimeoutError) Temporary() bool { return true }

// Is makes the error match context.DeadlineExceeded.
func (e *TimeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

// noMethodError is a RemoteError that says that a method is unknown.
type noMethodError struct {
	*RemoteError
	method string
}

func (e *noMethodError) Error() string {
	return fmt.Sprintf("%s: the server has no method %q", e.RemoteError.Name, e.method)
}
func (e *noMethodError) Unwrap() error        { return e.RemoteError }
func (e *noMethodError) Is(target error) bool { return target == ErrNoMethod }

// asEndpointError makes the error of an endpoint match ErrClosed where that is
// why.
func asEndpointError(err error) error {
	if errors.Is(err, socket.ErrClosed) {
		return fmt.Errorf("zrpc: %w: %w", ErrClosed, err)
	}
	return err
}

// nameError is the name by which zerorpc servers report an unknown method; the
// message is the method's name.
const nameError = "NameError"

// asCallError makes what went wrong with a call readable: which method, where.
// What the other side said is left as it said it.
func asCallError(err error, method, endpoint string) error {
	var remote *RemoteError
	if errors.As(err, &remote) {
		if remote.Name == nameError && remote.Message == method {
			return &noMethodError{remote, method}
		}
		return err
	}
	if endpoint == "" {
		return fmt.Errorf("zrpc: calling %s: %w", method, err)
	}
	return fmt.Errorf("zrpc: calling %s at %s: %w", method, endpoint, err)
}
