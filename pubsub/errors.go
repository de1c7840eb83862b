package pubsub

import (
	"errors"
	"fmt"

	"github.com/zrpc-go/zrpc/internal/socket"
)

var (
	// ErrClosed matches the error of using what was closed.
	ErrClosed = socket.ErrClosed

	// ErrTooLarge matches the error of emitting an event that is larger than
	// Options.MaxMessage.
	ErrTooLarge = errors.New("the event is larger than Options.MaxMessage")

	// ErrNoHandler matches what Options.OnError is told of an event that no
	// handler was registered for.
	ErrNoHandler = errors.New("no handler of this name is registered")
)

// PanicError is a handler's panic.
type PanicError struct {
	Value any    // what the handler panicked with
	Stack []byte // of the handler's goroutine, as runtime/debug.Stack has it
}

func (e *PanicError) Error() string { return fmt.Sprintf("the handler panicked: %v", e.Value) }

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}
