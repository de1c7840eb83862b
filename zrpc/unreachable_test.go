package zrpc

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// TestNobodyThere makes calls to an endpoint where nobody is.
func TestNobodyThere(t *testing.T) {
	endpoint := "tcp://127.0.0.1:" + freePort(t)
	for _, tc := range []struct {
		why   string
		opt   ClientOptions
		wants []error
		texts []string
	}{
		{"three heartbeats long", ClientOptions{Heartbeat: 20 * time.Millisecond},
			[]error{ErrUnavailable, ErrLostRemote}, []string{"calling f", "no server is reachable", endpoint, "refused", "for 60ms"}},
		{"until the timeout", ClientOptions{CallOptions: CallOptions{Timeout: 50 * time.Millisecond}},
			[]error{ErrUnavailable, context.DeadlineExceeded}, []string{"timeout after 50ms, when calling remote method f", "no server is reachable", "refused"}},
		{"a passive client has only its timeout", ClientOptions{Heartbeat: time.Millisecond, Passive: true, CallOptions: CallOptions{Timeout: 50 * time.Millisecond}},
			[]error{ErrUnavailable, context.DeadlineExceeded}, []string{"timeout after 50ms"}},
		{"so does one without heartbeats", ClientOptions{Heartbeat: -1, CallOptions: CallOptions{Timeout: 50 * time.Millisecond}},
			[]error{ErrUnavailable, context.DeadlineExceeded}, []string{"timeout after 50ms"}},
	} {
		c := NewClient(&tc.opt)
		if err := c.Connect(endpoint); err != nil {
			t.Fatal(err)
		}
		eventually(t, "no attempt fails", func() bool {
			c.core.links.mu.Lock()
			defer c.core.links.mu.Unlock()
			return c.core.links.lastErr != nil
		})
		_, err := Call[any](t.Context(), c, "f")
		for _, want := range tc.wants {
			if !errors.Is(err, want) {
				t.Errorf("%s: %v, want it to be %v", tc.why, err, want)
			}
		}
		for _, text := range tc.texts {
			if err == nil || !strings.Contains(err.Error(), text) {
				t.Errorf("%s: %v, want it to tell %q", tc.why, err, text)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		_, err = Call[any](ctx, c, "f")
		cancel()
		var timeout *TimeoutError
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, ErrUnavailable) || errors.As(err, &timeout) {
			t.Errorf("%s: the context's own end: %v", tc.why, err)
		}
		c.Close()
	}
}

// TestBadEndpoints checks that what can never work is an error at once.
func TestBadEndpoints(t *testing.T) {
	s, c := NewServer(nil), NewClient(nil)
	defer s.Close()
	defer c.Close()
	for _, endpoint := range []string{"", "bogus://x", "tcp://", "tcp://127.0.0.1", "127.0.0.1:1"} {
		for what, err := range map[string]error{
			"Server.Bind": second(s.Bind(endpoint)), "Server.Connect": s.Connect(endpoint),
			"Client.Bind": second(c.Bind(endpoint)), "Client.Connect": c.Connect(endpoint),
			"Dial": second(Dial(t.Context(), endpoint)),
		} {
			if err == nil {
				t.Errorf("%s of %q is no error", what, endpoint)
			}
		}
	}
}
