package stream

import (
	"errors"
	"fmt"

	"github.com/zrpc-go/zrpc/event"
)

var (
	// ErrLostRemote says that the peer of a channel is gone: its heartbeats
	// stopped, or its connection ended. Whether a call ran is then unknown.
	ErrLostRemote = errors.New("lost remote")

	// ErrClosed says that this end was closed.
	ErrClosed = errors.New("connection closed")

	// ErrOverflow says that the peer sent more than it was granted.
	ErrOverflow = errors.New("stream overflow: the peer sent more than it was granted")

	// ErrTooManyChannels says that no further call can be made on a connection
	// before others have ended.
	ErrTooManyChannels = errors.New("too many open calls on this connection")

	// ErrProtocol says that the peer answered what zerorpc does not know.
	ErrProtocol = errors.New("unexpected event")
)

// RemoteError is an error that the other side answered.
type RemoteError struct {
	Name      string // the error's class, such as ValueError
	Message   string
	Traceback string // of the remote code, for people; may be empty
}

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
	parts, err := event.AppendElems(make([][]byte, 0, 3), args)
	if err != nil || len(parts) == 0 {
		return fmt.Errorf("%w: ERR without a text", ErrProtocol)
	}
	var s [3]string
	for i, p := range parts[:min(3, len(parts))] {
		if text, ok := event.Text(p); ok {
			s[i] = string(text)
		} else if v, err := event.DecodeAny(p); err == nil && v != nil {
			s[i] = fmt.Sprint(v)
		}
	}
	if len(parts) == 1 {
		return &RemoteError{Name: "RemoteError", Message: s[0]}
	}
	return &RemoteError{Name: s[0], Message: s[1], Traceback: s[2]}
}
