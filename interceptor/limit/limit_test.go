package limit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zrpc-go/zrpc/interceptor/internal/pair"
	"github.com/zrpc-go/zrpc/zrpc"
)

// service has a method that runs until the test lets it end.
type service struct {
	end chan struct{} // each receive ends one call

	mu      sync.Mutex // guards started
	started []int      // which calls began, in order
}

func (s *service) register(srv *zrpc.Server) {
	s.end = make(chan struct{})
	srv.Handle("run", func(ctx context.Context, id int) error {
		s.mu.Lock()
		s.started = append(s.started, id)
		s.mu.Unlock()
		select {
		case <-s.end:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	srv.Handle("crash", func() { panic("ouch") })
}

func isBusy(err error) bool {
	var remote *zrpc.RemoteError
	return errors.As(err, &remote) && remote.Name == "ServerBusy" && zrpc.Unsent(err)
}

// gated runs a test in a bubble; call makes a call in the background.
func gated(t *testing.T, opt *Options, test func(t *testing.T, s *service, c *zrpc.Client, call func(id int) <-chan error)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := new(service)
		c := pair.New(t, s.register, []zrpc.Interceptor{Server(opt)}, nil)
		test(t, s, c, func(id int) <-chan error {
			done := make(chan error, 1)
			go func() {
				_, err := zrpc.Call[any](t.Context(), c, "run", id)
				done <- err
			}()
			synctest.Wait() // it runs, waits or is refused
			return done
		})
	})
}

func TestCallsQueueAndAreRefused(t *testing.T) {
	shed := 0
	opt := &Options{Running: 2, Queue: 2, OnShed: func(*zrpc.Request, time.Duration) { shed++ }}
	gated(t, opt, func(t *testing.T, s *service, c *zrpc.Client, call func(int) <-chan error) {
		var done []<-chan error
		for id := range 5 {
			done = append(done, call(id))
		}
		if err := <-done[4]; !isBusy(err) || shed != 1 {
			t.Errorf("beyond the queue: %v, %d told", err, shed)
		}
		if !slices.Equal(s.started, []int{0, 1}) {
			t.Errorf("calls %v run, want two", s.started)
		}
		if _, err := zrpc.Call[any](t.Context(), c, "_zerorpc_ping"); err != nil {
			t.Errorf("ping under load: %v", err)
		}
		for range 4 {
			s.end <- struct{}{}
			synctest.Wait() // the next one begins before another ends
		}
		for id, d := range done[:4] {
			if err := <-d; err != nil {
				t.Errorf("call %d: %v", id, err)
			}
		}
		if !slices.Equal(s.started, []int{0, 1, 2, 3}) {
			t.Errorf("calls ran in the order %v", s.started)
		}
	})
}

func TestWaitHasABound(t *testing.T) {
	for _, test := range []struct {
		opt  Options
		want time.Duration
	}{
		{Options{Running: 1}, defaultMaxWait},
		{Options{Running: 1, MaxWait: time.Minute}, time.Minute},
		{Options{Running: 1, Queue: -1}, 0}, // no queue at all
	} {
		gated(t, &test.opt, func(t *testing.T, s *service, c *zrpc.Client, call func(int) <-chan error) {
			first := call(0)
			begun := time.Now()
			if err := <-call(1); !isBusy(err) || time.Since(begun) != test.want {
				t.Errorf("refused after %v: %v, want %v", time.Since(begun), err, test.want)
			}
			s.end <- struct{}{}
			if err := <-first; err != nil {
				t.Error(err)
			}
		})
	}
	gated(t, &Options{Running: 1, MaxWait: -1, Target: -1}, func(t *testing.T, s *service, c *zrpc.Client, call func(int) <-chan error) {
		first := call(0)
		begun := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if _, err := zrpc.Call[any](ctx, c, "run", 1); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != time.Hour {
			t.Errorf("without a bound: %v after %v", err, time.Since(begun))
		}
		s.end <- struct{}{}
		if err := <-first; err != nil {
			t.Error(err)
		}
		synctest.Wait()
		second := call(2) // the place of the one that gave up is not lost
		s.end <- struct{}{}
		if err := <-second; err != nil {
			t.Error(err)
		}
	})
}

// TestStandingQueueIsShed: a queue that does not empty makes waits short and is
// served from behind.
func TestStandingQueueIsShed(t *testing.T) {
	gated(t, &Options{Running: 1, Queue: 100}, func(t *testing.T, s *service, c *zrpc.Client, call func(int) <-chan error) {
		running := call(0)
		early := call(1) // waits up to MaxWait
		<-time.After(defaultInterval + 1)
		begun := time.Now()
		if err := <-call(2); !isBusy(err) || time.Since(begun) != defaultTarget {
			t.Errorf("in a standing queue: refused after %v, %v, want %v", time.Since(begun), err, defaultTarget)
		}
		late := call(3)
		s.end <- struct{}{}
		if err := <-running; err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if got := fmt.Sprint(s.started); got != "[0 3]" {
			t.Errorf("calls began in the order %s, want the last come first", got)
		}
		for range 2 {
			s.end <- struct{}{}
		}
		for _, d := range []<-chan error{early, late} {
			if err := <-d; err != nil {
				t.Error(err)
			}
		}
		// The queue was empty: it is no longer standing.
		running = call(4)
		begun = time.Now()
		if err := <-call(5); !isBusy(err) || time.Since(begun) != defaultMaxWait {
			t.Errorf("after the overload: refused after %v, %v", time.Since(begun), err)
		}
		s.end <- struct{}{}
		if err := <-running; err != nil {
			t.Error(err)
		}
	})
}

func TestPanicLeavesThePlace(t *testing.T) {
	gated(t, &Options{Running: 1, Queue: -1}, func(t *testing.T, s *service, c *zrpc.Client, call func(int) <-chan error) {
		for range 3 {
			var remote *zrpc.RemoteError
			if _, err := zrpc.Call[any](t.Context(), c, "crash"); !errors.As(err, &remote) || remote.Name != "Panic" {
				t.Errorf("crash: %v", err)
			}
		}
	})
}

// TestPlacesAreNotLost has many callers give up at the moment that they are let in.
func TestPlacesAreNotLost(t *testing.T) {
	g := newGate(Options{Running: 2, Queue: 50, MaxWait: 50 * time.Microsecond}.normalize())
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 500 {
				ctx, cancel := context.WithTimeout(t.Context(), 40*time.Microsecond)
				if g.enter(ctx) == nil {
					g.leave()
				}
				cancel()
			}
		})
	}
	wg.Wait()
	if g.running != 0 || g.queue.Len() != 0 {
		t.Errorf("%d run and %d wait after all is over", g.running, g.queue.Len())
	}
	if o := (Options{}).normalize(); o.Running < defaultPerCPU {
		t.Errorf("by default %d may run", o.Running)
	}
}
