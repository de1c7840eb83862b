package zrpc

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/zrpc-go/zrpc/stream"
)

// TestLargeArgsOutliveAttempts makes a call whose first attempt was written, and
// so let go of the arguments, and must be made again elsewhere: until the call is
// over the buffer may not serve another call.
func TestLargeArgsOutliveAttempts(t *testing.T) {
	a, err := encodeArgs("f", []any{make([]byte, 2*stream.HandOver)}, false)
	if err != nil {
		t.Fatal(err)
	}
	hold, release := a.share()
	for attempt := range 3 {
		hold()
		release()
		if n := a.users.Load(); n != 1 {
			t.Errorf("after attempt %d the buffer has %d users, want 1: the call itself", attempt, n)
		}
	}
	hold() // a write that is still under way when the call has given up
	a.free()
	if n := a.users.Load(); n != 1 {
		t.Errorf("%d users, want the write", n)
	}
	release()
	if n := a.users.Load(); n != 0 {
		t.Errorf("%d users are left", n)
	}
}

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
