package zmtp

import (
	"errors"
	"fmt"
	"net"
)

// Errors of a handshake. They come wrapped with the address and the detail;
// test with errors.Is.
var (
	// ErrNotZMTP: the peer's first bytes are no ZMTP signature (an HTTP client,
	// or ZMTP 1.0).
	ErrNotZMTP = errors.New("peer does not speak ZMTP")
	// ErrVersion: the peer speaks ZMTP 2.0 or older.
	ErrVersion = errors.New("peer's ZMTP version is too old, 3.0 is needed")
	// ErrMechanism: the two sides are configured for different security.
	ErrMechanism = errors.New("security mechanisms differ")
	// ErrIncompatible: the socket types may not talk to each other (RFC 23).
	ErrIncompatible = errors.New("socket types are incompatible")
	// ErrIdentity: an identity over 255 bytes or with a leading zero byte.
	ErrIdentity = errors.New("identity is not valid")
	// ErrHandshake: any other violation in greeting, mechanism or metadata.
	ErrHandshake = errors.New("malformed handshake")
)

// Errors of an open connection.
var (
	// ErrClosed: Close was called.
	ErrClosed = errors.New("zmtp: connection closed")
	// ErrUnsent: a message was refused because the connection had ended or failed
	// before; nothing of it was written. It comes with the reason.
	ErrUnsent = errors.New("not sent")
	// ErrInterrupted: Interrupt ended a Fill. The connection is well.
	ErrInterrupted = errors.New("zmtp: read interrupted")
	// ErrFrame: a frame or command that RFC 37 forbids.
	ErrFrame = errors.New("malformed frame")
	// ErrTooLarge: a message over Config.MaxMessage or Config.MaxFrames.
	ErrTooLarge = errors.New("message too large")
	// ErrStalled: the peer accepted no byte for Config.WriteStall.
	ErrStalled = errors.New("peer stopped reading")
	// ErrSilent: nothing came for the time to live that the peer announced.
	ErrSilent = errors.New("peer fell silent")
)

// RefusedError is the peer's ERROR command during the handshake.
type RefusedError struct {
	Reason string // the peer's words, at most 255 bytes; "400" is ZAP's wrong credentials
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("peer refused the connection: %q", e.Reason)
}

// Permanent tells whether a handshake that failed with err will fail again
// until somebody changes the configuration of a side.
func Permanent(err error) bool {
	var refused *RefusedError
	return errors.As(err, &refused) || errors.Is(err, ErrIncompatible) || errors.Is(err, ErrMechanism) ||
		errors.Is(err, ErrVersion) || errors.Is(err, ErrIdentity)
}

// peerError puts the peer's address before err.
func peerError(nc net.Conn, what string, err error) error {
	addr := "peer"
	if a := nc.RemoteAddr(); a != nil {
		addr = a.String()
	}
	return fmt.Errorf("zmtp: %s %s: %w", what, addr, err)
}

// isTimeout tells whether err is a passed deadline.
func isTimeout(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}
