package zrpc

import (
	"bytes"
	"context"
	"errors"
	"testing"
)

// TestLargeArgsFailOver sends large arguments to a server that is stopping and
// has another one answer: what arrives there is what was sent, in every call.
func TestLargeArgsFailOver(t *testing.T) {
	ctx := t.Context()
	echo := func(b []byte) []byte { return b }
	stopping, other := NewServer(nil), NewServer(nil)
	c := NewClient(nil)
	defer c.Close()
	for i, s := range []*Server{stopping, other} {
		if err := s.Handle("echo", echo); err != nil {
			t.Fatal(err)
		}
		actual, err := s.Bind("inproc://" + t.Name() + string(rune('a'+i)))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		go s.Serve(context.Background())
		if err := c.Connect(actual); err != nil {
			t.Fatal(err)
		}
	}
	<-stopping.serving
	stopping.stopping.Store(true)
	done := make(chan error, 8)
	for g := range 8 {
		go func() {
			for i := range 50 {
				sent := bytes.Repeat([]byte{byte(g), byte(i)}, 20_000)
				got, err := Call[[]byte](ctx, c, "echo", sent)
				var remote *RemoteError
				if errors.As(err, &remote) && remote.Name == wireStopping {
					continue // the other one was not connected yet
				}
				if err == nil && !bytes.Equal(got, sent) {
					err = errors.New("another call's bytes came back")
				}
				if err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
