package retry

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/interceptor/internal/pair"
	"github.com/zrpc-go/zrpc/zrpc"
)

// fixedKey is a client's interceptor that gives every call the same key, as the
// attempts at one call have.
func fixedKey(next zrpc.Handler) zrpc.Handler {
	return func(ctx context.Context, req *zrpc.Request) (any, error) {
		if req.Idempotent {
			req.Key = "k"
		}
		return next(ctx, req)
	}
}

// counter is a service that counts how often its methods run.
type counter struct{ runs atomic.Int64 }

func (c *counter) register(s *zrpc.Server) {
	s.Handle("slow", func(ctx context.Context, n int) (int64, error) {
		runs := c.runs.Add(1)
		select {
		case <-time.After(time.Second):
			return runs, nil
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	})
	s.Handle("refuse", func() error { c.runs.Add(1); return errors.New("no") })
	s.Handle("big", func(n int) []byte { c.runs.Add(1); return make([]byte, n) })
	s.Handle("busy", func() error { c.runs.Add(1); return &zrpc.RemoteError{Name: "ServerBusy"} })
	s.Handle("crash", func() { c.runs.Add(1); panic("ouch") })
}

// dedupe runs a test with a client whose calls are all attempts at one.
func dedupe(t *testing.T, opt *DedupeOptions, test func(t *testing.T, c *zrpc.Client, runs *atomic.Int64)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var n counter
		c := pair.New(t, n.register, []zrpc.Interceptor{Dedupe(opt)}, []zrpc.Interceptor{fixedKey})
		test(t, c.With(zrpc.CallOptions{Idempotent: true}), &n.runs)
	})
}

func TestDuplicatesWaitForTheFirst(t *testing.T) {
	dedupe(t, nil, func(t *testing.T, c *zrpc.Client, runs *atomic.Int64) {
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if got, err := zrpc.Call[int64](t.Context(), c, "slow", 1); err != nil || got != 1 {
					t.Errorf("a duplicate got %d, %v", got, err)
				}
			})
		}
		wg.Wait()
		// Later ones get the answer at once.
		begun := time.Now()
		if got, err := zrpc.Call[int64](t.Context(), c, "slow", 1); err != nil || got != 1 || time.Since(begun) > 0 {
			t.Errorf("a late duplicate got %d, %v after %v", got, err, time.Since(begun))
		}
		if _, err := zrpc.Call[int64](t.Context(), c, "slow", 2); err == nil || runs.Load() != 1 {
			t.Errorf("the key with other arguments: %v; %d runs", err, runs.Load())
		}
		<-time.After(defaultTTL)
		if got, err := zrpc.Call[int64](t.Context(), c, "slow", 1); err != nil || got != 2 {
			t.Errorf("after its time the answer is still there: %d, %v", got, err)
		}
	})
}

func TestErrorsAreAnswers(t *testing.T) {
	for _, test := range []struct {
		method string
		want   int64 // runs, of two attempts
	}{
		{"refuse", 1}, // it ran, and that is its outcome
		{"busy", 2},   // it says that it did not run
		{"crash", 2},  // nobody knows
	} {
		dedupe(t, nil, func(t *testing.T, c *zrpc.Client, runs *atomic.Int64) {
			for range 2 {
				if _, err := zrpc.Call[any](t.Context(), c, test.method); err == nil {
					t.Errorf("%s did not fail", test.method)
				}
			}
			if n := runs.Load(); n != test.want {
				t.Errorf("%s ran %d times, want %d", test.method, n, test.want)
			}
		})
	}
}

func TestWaitingTakesOver(t *testing.T) {
	dedupe(t, nil, func(t *testing.T, c *zrpc.Client, runs *atomic.Int64) {
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := zrpc.Call[int64](ctx, c, "slow", 1); !errors.Is(err, context.Canceled) {
				t.Errorf("the cancelled first: %v", err)
			}
		})
		synctest.Wait()
		wg.Go(func() {
			if got, err := zrpc.Call[int64](t.Context(), c, "slow", 1); err != nil || got != 2 {
				t.Errorf("the second, after the first gave up: %d, %v", got, err)
			}
		})
		short, cancelShort := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancelShort()
		if _, err := zrpc.Call[int64](short, c, "slow", 1); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("one that waits too short: %v", err)
		}
		cancel()
		wg.Wait()
		if n := runs.Load(); n != 2 {
			t.Errorf("%d runs", n)
		}
	})
}

func TestLargeAnswersAreNotKept(t *testing.T) {
	dedupe(t, &DedupeOptions{MaxResult: 100}, func(t *testing.T, c *zrpc.Client, runs *atomic.Int64) {
		for range 2 {
			if got, err := zrpc.Call[[]byte](t.Context(), c, "big", 101); err != nil || len(got) != 101 {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		}
		if runs.Load() != 2 {
			t.Errorf("%d runs", runs.Load())
		}
	})
}

func TestCallsWithoutKeyRunEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n counter
		c := pair.New(t, n.register, []zrpc.Interceptor{Dedupe(nil)}, nil)
		for range 2 {
			if _, err := zrpc.Call[int64](t.Context(), c, "slow", 1); err != nil {
				t.Error(err)
			}
		}
		if n.runs.Load() != 2 {
			t.Errorf("%d runs", n.runs.Load())
		}
	})
}

func TestBoundsOfAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAnswers(DedupeOptions{Entries: 3, Bytes: 5 * entrySize}.normalize())
		run := func(key, result string) (string, bool) {
			ran := false
			got, err := a.answer(t.Context(), callKey{key: key}, [32]byte{}, func() (any, error) { ran = true; return event.Raw(result), nil })
			if err != nil {
				t.Error(err)
			}
			return string(got.(event.Raw)), ran
		}
		for i := range 4 {
			run(fmt.Sprint(i), "x")
		}
		if _, ran := run("3", "y"); ran {
			t.Error("the last answer was forgotten")
		}
		if _, ran := run("0", "x"); !ran {
			t.Error("four answers are kept, the bound is three")
		}
		run("large", string(make([]byte, 4*entrySize-1)))
		if a.kept.Len() != 1 || a.bytes != 5*entrySize-1 {
			t.Errorf("%d answers of %d bytes are kept, the bound is %d", a.kept.Len(), a.bytes, 5*entrySize)
		}
		// A key that is not remembered for want of room still runs.
		a.running = 3
		if _, ran := run("new", "x"); !ran {
			t.Error("a call beyond the bound did not run")
		}
		// What an interceptor answers, and cannot be sent.
		a.running = 0
		if _, err := a.answer(t.Context(), callKey{key: "chan"}, [32]byte{}, func() (any, error) { return make(chan int), nil }); err == nil {
			t.Error("a channel was sent")
		}
		if got, err := a.answer(t.Context(), callKey{key: "int"}, [32]byte{}, func() (any, error) { return 5, nil }); err != nil || string(got.(event.Raw)) != "\x05" {
			t.Errorf("5 is %v, %v", got, err)
		}
	})
}

func TestScopeSeparatesKeys(t *testing.T) {
	scope := ""
	dedupe(t, &DedupeOptions{Scope: func(context.Context, *zrpc.Request) string { return scope }},
		func(t *testing.T, c *zrpc.Client, runs *atomic.Int64) {
			for _, scope = range []string{"ann", "bob", "ann"} {
				if _, err := zrpc.Call[any](t.Context(), c, "slow", 1); err != nil {
					t.Error(err)
				}
			}
			if n := runs.Load(); n != 2 {
				t.Errorf("%d runs, want one for each user", n)
			}
		})
}
