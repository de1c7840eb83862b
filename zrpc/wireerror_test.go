package zrpc

import (
	"context"
	"errors"
	"fmt"
	"strings"
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

// TestRefusalPassedOn: a handler that passes on what another server refused has run
// itself, so its caller must not be told that it may call again.
func TestRefusalPassedOn(t *testing.T) {
	back := serve(t, func(name string) error { return &RemoteError{Name: name, Message: "try later"} })
	front := serve(t, func(ctx context.Context, name string) error {
		_, err := Call[any](ctx, back, "call", name)
		return err
	})
	for _, name := range []string{wireBusy, wireLimited} {
		_, direct := Call[any](t.Context(), back, "call", name)
		if !Unsent(direct) {
			t.Errorf("%s, from the server that refuses: %v does not count as unsent", name, direct)
		}
		_, err := Call[any](t.Context(), front, "call", name)
		var remote *RemoteError
		if !errors.As(err, &remote) || remote.Name != "RemoteError" || !strings.Contains(remote.Message, name+": try later") {
			t.Errorf("%s, passed on: %v, want a RemoteError that names it", name, err)
		}
		if Unsent(err) {
			t.Errorf("%s, passed on: %v counts as unsent", name, err)
		}
	}
}

// serve returns a client of a new server with the one method "call".
func serve(t *testing.T, fn any) *Client {
	t.Helper()
	srv := NewServer(nil)
	t.Cleanup(func() { srv.Close() })
	if err := srv.Handle("call", fn); err != nil {
		t.Fatal(err)
	}
	endpoint, err := srv.Bind("tcp://127.0.0.1:*")
	if err != nil {
		t.Fatal(err)
	}
	go srv.Serve(t.Context())
	c, err := Dial(t.Context(), endpoint)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}
