package retry

import (
	"context"
	"errors"
	"iter"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/interceptor/internal/pair"
	"github.com/zrpc-go/zrpc/zrpc"
)

// flaky is a client's interceptor that fails the first so many attempts.
func flaky(attempts *atomic.Int64, failures int64, err error) zrpc.Interceptor {
	return func(next zrpc.Handler) zrpc.Handler {
		return func(ctx context.Context, req *zrpc.Request) (any, error) {
			if attempts.Add(1) <= failures {
				return nil, err
			}
			return next(ctx, req)
		}
	}
}

func register(s *zrpc.Server) {
	s.Handle("hello", func() string { return "hello" })
	s.Handle("fail", func() error { return errors.New("no") })
	s.Handle("count", func(n int) iter.Seq[int] {
		return func(yield func(int) bool) {
			for i := 0; i < n && yield(i); i++ {
			}
		}
	})
}

func TestWhatIsMadeAgain(t *testing.T) {
	busy := &zrpc.RemoteError{Name: "ServerBusy"}
	for _, test := range []struct {
		why        string
		err        error
		idempotent bool
		want       int64 // attempts
		ok         bool
	}{
		{"it did not run", busy, false, 3, true},
		{"nor did it when no server was there", zrpc.ErrUnavailable, false, 3, true},
		{"a lost call may have run", zrpc.ErrLostRemote, false, 1, false},
		{"and may run twice", zrpc.ErrLostRemote, true, 3, true},
		{"as a call whose own timeout ran out", &zrpc.TimeoutError{}, true, 3, true},
		{"what the handler answers is the answer", &zrpc.RemoteError{Name: "ValueError"}, true, 1, false},
		{"the caller gave up", context.Canceled, true, 1, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			var attempts atomic.Int64
			c := pair.New(t, register, nil, []zrpc.Interceptor{Client(nil), flaky(&attempts, 2, test.err)})
			got, err := zrpc.Call[string](t.Context(), c.With(zrpc.CallOptions{Idempotent: test.idempotent}), "hello")
			if n := attempts.Load(); n != test.want || (err == nil) != test.ok || test.ok && got != "hello" {
				t.Errorf("%s: %d attempts, %q, %v; want %d", test.why, n, got, err, test.want)
			}
			if !test.ok && !errors.Is(err, test.err) {
				t.Errorf("%s: the caller sees %v", test.why, err)
			}
		})
	}
}

func TestStreamOpeningIsMadeAgain(t *testing.T) {
	var attempts atomic.Int64
	var ends, items, inner int
	watch := func(next zrpc.Handler) zrpc.Handler {
		return func(ctx context.Context, req *zrpc.Request) (any, error) {
			req.OnEnd(func(error) { ends++ })
			req.OnItem(func(bool, event.Raw) { items++ })
			return next(ctx, req)
		}
	}
	each := func(next zrpc.Handler) zrpc.Handler {
		return func(ctx context.Context, req *zrpc.Request) (any, error) {
			req.OnEnd(func(error) { inner++ })
			return next(ctx, req)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		c := pair.New(t, register, nil, []zrpc.Interceptor{
			watch, Client(nil), each, flaky(&attempts, 1, zrpc.ErrUnavailable),
		})
		next := 0
		for n, err := range zrpc.Stream[int](t.Context(), c, "count", 5) {
			if err != nil || n != next {
				t.Fatalf("item %d, %v; want %d", n, err, next)
			}
			next++
		}
		if next != 5 || attempts.Load() != 2 {
			t.Errorf("%d items in %d attempts", next, attempts.Load())
		}
		if ends != 1 || items != 5 || inner != 2 {
			t.Errorf("outside of retry: %d ends, %d items, want 1 and 5; inside %d ends, want one an attempt", ends, items, inner)
		}
	})
}

func TestContextBoundsAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var attempts atomic.Int64
		busy := &zrpc.RemoteError{Name: "ServerBusy"}
		c := pair.New(t, register, nil, []zrpc.Interceptor{
			Client(&Options{Attempts: 1000, Base: time.Hour, Max: time.Hour, Budget: NewBudget(1e6, 0)}),
			flaky(&attempts, 1000, busy),
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		// The waits are random up to an hour: nearly always the first is too long,
		// and the reason is told at once.
		if _, err := zrpc.Call[string](ctx, c, "hello"); !errors.Is(err, busy) {
			t.Errorf("with a deadline: %v, want the reason", err)
		}
		ctx, cancelLater := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancelLater)
		begun := time.Now()
		if _, err := zrpc.Call[string](ctx, c, "hello"); !errors.Is(err, busy) || time.Since(begun) > time.Second {
			t.Errorf("cancelled: %v after %v", err, time.Since(begun))
		}
	})
}

func TestOnRetryIsToldOfEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var attempts atomic.Int64
		var waits []time.Duration
		c := pair.New(t, register, nil, []zrpc.Interceptor{
			Client(&Options{Attempts: 50, Budget: NewBudget(1000, 0), OnRetry: func(_ *zrpc.Request, n int, _ error, wait time.Duration) {
				waits = append(waits, wait)
				if n != len(waits) {
					t.Errorf("retry %d is called number %d", len(waits), n)
				}
			}}),
			flaky(&attempts, 1000, zrpc.ErrUnavailable),
		})
		begun := time.Now()
		_, err := zrpc.Call[string](t.Context(), c, "hello")
		var sum time.Duration
		for i, w := range waits {
			sum += w
			if w > 2*time.Second {
				t.Errorf("wait %d is %v", i, w)
			}
		}
		if !errors.Is(err, zrpc.ErrUnavailable) || len(waits) != 49 || time.Since(begun) != sum {
			t.Errorf("%d waits of %v in %v, %v", len(waits), sum, time.Since(begun), err)
		}
	})
}

func TestBudgetEndsRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var attempts atomic.Int64
		c := pair.New(t, register, nil, []zrpc.Interceptor{Client(nil), flaky(&attempts, 110, zrpc.ErrUnavailable)})
		for range 100 {
			if _, err := zrpc.Call[string](t.Context(), c, "hello"); err == nil {
				t.Fatal("a call succeeded")
			}
		}
		if n := attempts.Load(); n > 105 {
			t.Errorf("100 calls made %d attempts: no budget", n)
		}
		for range 20 { // the server is back, and the rest of failures used up
			zrpc.Call[string](t.Context(), c, "hello")
		}
		for range 60 { // six tokens
			if _, err := zrpc.Call[string](t.Context(), c, "hello"); err != nil {
				t.Fatal(err)
			}
		}
		before := attempts.Load()
		attempts.Store(109) // one failure more
		if _, err := zrpc.Call[string](t.Context(), c, "hello"); err != nil {
			t.Errorf("after %d attempts the budget is full again, and yet: %v", before, err)
		}
	})
}

func TestNoRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var attempts atomic.Int64
		c := pair.New(t, register, nil, []zrpc.Interceptor{Client(&Options{Attempts: -1}), flaky(&attempts, 1, zrpc.ErrUnavailable)})
		if _, err := zrpc.Call[string](t.Context(), c, "hello"); err == nil || attempts.Load() != 1 {
			t.Errorf("%d attempts, %v", attempts.Load(), err)
		}
	})
}
