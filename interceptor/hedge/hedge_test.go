package hedge

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zrpc-go/zrpc/interceptor/internal/pair"
	"github.com/zrpc-go/zrpc/zrpc"
)

// service has a method that is late whenever the test says so.
type service struct {
	late      atomic.Int64 // how many of the next calls take a minute
	runs      atomic.Int64
	cancelled atomic.Int64
}

func (s *service) register(srv *zrpc.Server) {
	srv.Handle("get", func(ctx context.Context) (int64, error) {
		n, d := s.runs.Add(1), 2*time.Millisecond
		if s.late.Add(-1) >= 0 {
			d = time.Minute
		}
		select {
		case <-time.After(d):
			return n, nil
		case <-ctx.Done():
			s.cancelled.Add(1)
			return 0, ctx.Err()
		}
	})
	srv.Handle("fail", func() error { s.runs.Add(1); return errors.New("no") })
}

func hedged(t *testing.T, opt *Options, inner []zrpc.Interceptor, test func(t *testing.T, s *service, c *zrpc.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := new(service)
		c := pair.New(t, s.register, nil, append([]zrpc.Interceptor{Client(opt)}, inner...))
		test(t, s, c.With(zrpc.CallOptions{Idempotent: true}))
	})
}

func TestSecondAttemptWins(t *testing.T) {
	hedged(t, &Options{Budget: -1}, nil, func(t *testing.T, s *service, c *zrpc.Client) {
		s.late.Store(1)
		begun := time.Now()
		got, err := zrpc.Call[int64](t.Context(), c, "get")
		if err != nil || got != 2 || time.Since(begun) != defaultDelay+2*time.Millisecond {
			t.Errorf("a late call: run %d, %v, after %v", got, err, time.Since(begun))
		}
		synctest.Wait()
		if s.cancelled.Load() != 1 {
			t.Error("the attempt that lost was not cancelled")
		}
		// Both late: no third attempt.
		s.late.Store(2)
		s.runs.Store(0)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := zrpc.Call[int64](ctx, c, "get"); !errors.Is(err, context.DeadlineExceeded) || s.runs.Load() != 2 {
			t.Errorf("two late attempts: %v, %d runs", err, s.runs.Load())
		}
	})
}

func TestInTimeThereIsOneAttempt(t *testing.T) {
	hedged(t, nil, nil, func(t *testing.T, s *service, c *zrpc.Client) {
		for range 50 {
			if _, err := zrpc.Call[int64](t.Context(), c, "get"); err != nil {
				t.Fatal(err)
			}
		}
		if n := s.runs.Load(); n != 50 {
			t.Errorf("50 calls made %d attempts", n)
		}
		// The handler's error is the answer.
		if _, err := zrpc.Call[any](t.Context(), c, "fail"); err == nil || s.runs.Load() != 51 {
			t.Errorf("fail: %v, %d runs", err, s.runs.Load())
		}
	})
}

func TestOnlyIdempotentCallsAreHedged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := new(service)
		c := pair.New(t, s.register, nil, []zrpc.Interceptor{Client(&Options{Budget: -1})})
		s.late.Store(1)
		if got, err := zrpc.Call[int64](t.Context(), c, "get"); err != nil || got != 1 || s.runs.Load() != 1 {
			t.Errorf("run %d, %v, %d runs", got, err, s.runs.Load())
		}
	})
}

func TestBudgetBoundsAttempts(t *testing.T) {
	hedges := 0
	hedged(t, &Options{OnHedge: func(_ *zrpc.Request, n int) {
		hedges++
		if n != 2 {
			t.Errorf("attempt %d", n)
		}
	}}, nil, func(t *testing.T, s *service, c *zrpc.Client) {
		s.late.Store(1 << 30) // everything is
		for range 100 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			zrpc.Call[int64](ctx, c, "get")
			cancel()
		}
		if hedges != 10 {
			t.Errorf("%d additional attempts at 100 calls, want a tenth", hedges)
		}
	})
}

func TestAttemptWithoutServerLeavesTheOther(t *testing.T) {
	var attempts atomic.Int64
	second := func(next zrpc.Handler) zrpc.Handler {
		return func(ctx context.Context, req *zrpc.Request) (any, error) {
			if attempts.Add(1) == 2 {
				return nil, zrpc.ErrUnavailable
			}
			return next(ctx, req)
		}
	}
	hedged(t, &Options{Budget: -1}, []zrpc.Interceptor{second}, func(t *testing.T, s *service, c *zrpc.Client) {
		s.late.Store(1)
		if got, err := zrpc.Call[int64](t.Context(), c, "get"); err != nil || got != 1 {
			t.Errorf("run %d, %v, want the first's answer", got, err)
		}
	})
}

func TestLatency(t *testing.T) {
	l := new(latency)
	for i := range enough - 1 {
		l.add(time.Duration(i))
	}
	if got := l.percentile(0.95); got != 0 {
		t.Errorf("too few answers make a percentile of %d", got)
	}
	for i := range 1000 { // 872 … 999 are left
		l.add(time.Duration(i))
	}
	for p, want := range map[float64]time.Duration{0.5: 929, 0.95: 986, 1: 992, -1: 0} {
		if got := l.percentile(p); got < want-8 || got > want+8 {
			t.Errorf("percentile %v of 872 to 999 is %d, want about %d", p, got, want)
		}
	}
	if o := (Options{Percentile: 7, Delay: -1}).normalize(); o.Percentile != 1 || o.Delay != defaultDelay {
		t.Errorf("%+v", o)
	}
}
