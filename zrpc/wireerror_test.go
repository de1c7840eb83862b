package zrpc

import (
	"errors"
	"fmt"
	"testing"
)

// backendError is how a handler makes an error of the server that it calls its own.
type backendError struct{ error }

func (backendError) WireName() string { return "Backend" }
func (e backendError) Unwrap() error  { return e.error }

// TestNameOnTheWire: the name that an error chooses goes before that of an error of
// another server within it. Else a caller would take that one's refusal for ours, and
// make again a call that ran.
func TestNameOnTheWire(t *testing.T) {
	s := NewServer(nil)
	defer s.Close()
	busy := &RemoteError{Name: wireBusy, Message: "m"}
	for _, tc := range []struct {
		err  error
		want string
	}{
		{backendError{busy}, "Backend"},
		{fmt.Errorf("calling: %w", backendError{busy}), "Backend"},
		{backendError{&RemoteError{Name: wireStopping}}, "Backend"},
		{busy, wireBusy},
		{errStopping, wireStopping},
		{&RemoteError{Name: wireStopping}, "RemoteError"}, // another server's
		{errors.New("x"), wireError},
	} {
		if r := s.describe(tc.err); r.Name != tc.want {
			t.Errorf("%T %v: %s, want %s", tc.err, tc.err, r.Name, tc.want)
		}
	}
}
