package breaker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/zrpc-go/zrpc/interceptor/internal/pair"
	"github.com/zrpc-go/zrpc/zrpc"
)

func TestFailed(t *testing.T) {
	for _, test := range []struct {
		err  error
		want bool
	}{
		{nil, false},
		{zrpc.ErrLostRemote, true},
		{fmt.Errorf("x: %w", zrpc.ErrUnavailable), true},
		{&zrpc.TimeoutError{}, true},
		{&zrpc.RemoteError{Name: "ServerBusy"}, true},
		{&zrpc.RemoteError{Name: "ServerStopping"}, true},
		{&zrpc.RemoteError{Name: "ValueError"}, false},  // the handler's answer
		{&zrpc.RemoteError{Name: "RateLimited"}, false}, // the caller's fault
		{zrpc.ErrNoMethod, false},
	} {
		if got := Failed(test.err); got != test.want {
			t.Errorf("Failed(%v) = %v", test.err, got)
		}
	}
}

func TestBreakerOpensAndCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fails error
		made := 0
		server := func(next zrpc.Handler) zrpc.Handler {
			return func(ctx context.Context, req *zrpc.Request) (any, error) {
				if made++; fails != nil {
					return nil, fails
				}
				return next(ctx, req)
			}
		}
		var changes []string
		opt := &Options{OnChange: func(key string, from, to State) { changes = append(changes, fmt.Sprint(key, " ", from, "→", to)) }}
		c := pair.New(t, func(s *zrpc.Server) {
			s.Handle("a", func() int { return 1 })
			s.Handle("b", func() int { return 2 })
		}, nil, []zrpc.Interceptor{Client(opt), server})
		call := func(method string) error {
			_, err := zrpc.Call[int](t.Context(), c, method)
			return err
		}
		fails = zrpc.ErrLostRemote
		for range 4 {
			call("a")
		}
		fails = context.Canceled
		call("a") // neither good nor bad
		fails = nil
		if err := call("a"); err != nil {
			t.Errorf("after four failures: %v, want the breaker closed", err)
		}
		fails = zrpc.ErrLostRemote
		for range 5 {
			call("a") // a row again, from the start
		}
		made = 0
		var open *OpenError
		if err := call("a"); !errors.As(err, &open) || open.Key != "a" || !errors.Is(err, gobreaker.ErrOpenState) || zrpc.Unsent(err) {
			t.Errorf("after five failures: %v", err)
		}
		if made != 0 {
			t.Error("an open breaker let a call through")
		}
		if err := call("b"); !errors.Is(err, zrpc.ErrLostRemote) {
			t.Errorf("another method: %v, want a breaker of its own", err)
		}
		<-time.After(defaultOpenFor + 1)
		if err := call("a"); !errors.Is(err, zrpc.ErrLostRemote) {
			t.Errorf("the probe: %v", err)
		}
		if err := call("a"); !errors.As(err, &open) {
			t.Errorf("after a failed probe: %v", err)
		}
		<-time.After(defaultOpenFor + 1)
		fails = nil
		for range 2 {
			if err := call("a"); err != nil {
				t.Errorf("after a good probe: %v", err)
			}
		}
		want := []string{"a closed→open", "a open→half-open", "a half-open→open", "a open→half-open", "a half-open→closed"}
		if !slices.Equal(changes, want) {
			t.Errorf("changes\n%q, want\n%q", changes, want)
		}
	})
}

func TestHalfOpenBoundsProbes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		down := true
		server := func(next zrpc.Handler) zrpc.Handler {
			return func(ctx context.Context, req *zrpc.Request) (any, error) {
				if down {
					return nil, zrpc.ErrUnavailable
				}
				<-release
				return 1, nil
			}
		}
		c := pair.New(t, nil, nil, []zrpc.Interceptor{
			Client(&Options{Failures: 1, OpenFor: time.Second, Key: func(*zrpc.Request) string { return "all" }}), server,
		})
		zrpc.Call[int](t.Context(), c, "a")
		<-time.After(time.Second + 1)
		down = false
		probe := make(chan error)
		go func() {
			_, err := zrpc.Call[int](t.Context(), c, "a")
			probe <- err
		}()
		synctest.Wait()
		if _, err := zrpc.Call[int](t.Context(), c, "b"); !errors.Is(err, gobreaker.ErrTooManyRequests) {
			t.Errorf("a second call beside the probe: %v", err)
		}
		close(release)
		if err := <-probe; err != nil {
			t.Errorf("the probe: %v", err)
		}
	})
}
