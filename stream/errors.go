package stream

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/zrpc-go/zrpc/event"
)

var (
	// ErrLostRemote says that the peer of a channel is gone: its heartbeats
	// stopped, or its connection ended. Whether a call ran is then unknown.
	ErrLostRemote = errors.New("lost remote")

	// ErrSilent says, beside ErrLostRemote, that it was the heartbeats that stopped
	// and not the connection.
	ErrSilent = errors.New("no heartbeat")

	// ErrClosed says that this end was closed.
	ErrClosed = errors.New("closed at this end, by Close or Shutdown")

	// ErrOverflow says that the peer sent more than it was granted.
	ErrOverflow = errors.New("stream overflow: the peer sent more than it was granted")

	// ErrTooManyChannels says that no further call can be made on a connection
	// before others have ended.
	ErrTooManyChannels = errors.New("too many open calls on this connection")

	// ErrCancelled says that the caller gave up. It matches context.Canceled.
	ErrCancelled = fmt.Errorf("the caller gave up: %w", context.Canceled)

	// ErrProtocol says that the peer answered what zerorpc does not know.
	ErrProtocol = errors.New("unexpected event")
)

// errUnknownCall is answered to a caller who waits for an answer that this server,
// restarted perhaps, will never give: it had better know now. The text stands in
// for the traceback, which is all that zerorpc-python shows its users.
var errUnknownCall = func() *RemoteError {
	e := &RemoteError{Name: "LostRemote", Message: "no such call is running here; the server may have been restarted"}
	e.Traceback = e.Error()
	return e
}()

// lost is the error of channels whose connection ended because of err. It does
// not match io.EOF, even if the peer hung up in good order: that is how a stream
// ends that is whole.
func lost(err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: %v", ErrLostRemote, err)
	}
	return fmt.Errorf("%w: %w", ErrLostRemote, err)
}

// RemoteError is an error that the other side answered.
type RemoteError struct {
	Name      string // the error's class, such as ValueError
	Message   string
	Traceback string // of the remote code, for people; may be empty

	received bool
}

// Received reports whether the error came from another side, rather than being
// made here for one.
func (e *RemoteError) Received() bool { return e.received }

func (e *RemoteError) Error() string {
	switch {
	case e.Name == "":
		return e.Message
	case e.Message == "":
		return e.Name
	}
	return e.Name + ": " + e.Message
}

// remoteError reads the args of an ERR event: [name, message, traceback], or
// from a peer of protocol 1 only [text].
func remoteError(args []byte) error {
	n, at, err := event.ArrayLen(args)
	if err != nil || n == 0 {
		return fmt.Errorf("%w: ERR without a text", ErrProtocol)
	}
	var s [3]string
	for i := range min(3, n) {
		next, err := event.Skip(args, at)
		if err != nil {
			return fmt.Errorf("%w: ERR: %w", ErrProtocol, err)
		}
		if text, ok := event.Text(args[at:next]); ok {
			s[i] = string(text)
		} else if v, err := event.DecodeAny(args[at:next]); err == nil && v != nil {
			s[i] = fmt.Sprint(v)
		}
		at = next
	}
	if n == 1 {
		return &RemoteError{Name: "RemoteError", Message: s[0], received: true}
	}
	return &RemoteError{Name: s[0], Message: s[1], Traceback: s[2], received: true}
}
