package zrpctest_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zrpc-go/zrpc/zrpc"
	"github.com/zrpc-go/zrpc/zrpctest"
)

// service has what the tests call; runs counts its calls of "hello".
func service(runs *atomic.Int64) func(*zrpc.Server) {
	return func(s *zrpc.Server) {
		s.Handle("hello", func(name string) string { runs.Add(1); return "Hello, " + name })
		s.Handle("hang", func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) })
		s.Handle("work", func(ctx context.Context, d time.Duration) (string, error) {
			select {
			case <-time.After(d):
				return "done", nil
			case <-ctx.Done():
				return "", ctx.Err()
			}
		})
		s.Handle("count", func(n int) iter.Seq[int] {
			return func(yield func(int) bool) {
				for i := range n {
					if !yield(i) {
						return
					}
				}
			}
		})
	}
}

func TestPair(t *testing.T) {
	var runs atomic.Int64
	c := zrpctest.Pair(t, service(&runs))
	if got, err := zrpc.Call[string](t.Context(), c, "hello", "RPC"); err != nil || got != "Hello, RPC" {
		t.Errorf("hello = %q, %v", got, err)
	}
	// Two pairs of one process do not meet.
	other := zrpctest.Pair(t, func(s *zrpc.Server) { s.Handle("hello", func(string) string { return "other" }) })
	if got, err := zrpc.Call[string](t.Context(), other, "hello", "RPC"); err != nil || got != "other" {
		t.Errorf("the other's hello = %q, %v", got, err)
	}
}

// TestProxyIsTransparent sends every shape through a proxy without faults.
func TestProxyIsTransparent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int64
		c, p := zrpctest.PairWith(t, zrpctest.Options{}, func(s *zrpc.Server) {
			service(&runs)(s)
			s.Handle("zrpc", func(ctx context.Context) bool { peer, _ := zrpc.PeerFrom(ctx); return peer.Zrpc })
		})
		if got, err := zrpc.Call[string](t.Context(), c, "hello", "RPC"); err != nil || got != "Hello, RPC" {
			t.Errorf("hello = %q, %v", got, err)
		}
		if known, err := zrpc.Call[bool](t.Context(), c, "zrpc"); err != nil || !known {
			t.Errorf("the server does not see that its caller is zrpc: %v", err)
		}
		next := 0
		for n, err := range zrpc.Stream[int](t.Context(), c, "count", 3000) {
			if err != nil || n != next {
				t.Fatalf("item %d = %d, %v", next, n, err)
			}
			next++
		}
		if counts := p.Counts(); next != 3000 || counts.Forwarded < 3000 || counts.Dropped+counts.Duplicated != 0 {
			t.Errorf("%d items; the proxy says %+v", next, counts)
		}
	})
}

// TestCutIsLostRemote ends the connection under a call, and the next call finds
// another.
func TestCutIsLostRemote(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int64
		c, p := zrpctest.PairWith(t, zrpctest.Options{}, service(&runs))
		ended := make(chan error, 1)
		go func() { _, err := zrpc.Call[any](t.Context(), c, "hang"); ended <- err }()
		synctest.Wait() // the call stands in its handler
		begin := time.Now()
		p.Cut()
		if err := <-ended; !errors.Is(err, zrpc.ErrLostRemote) {
			t.Errorf("a call whose connection was cut: %v, want ErrLostRemote", err)
		}
		if took := time.Since(begin); took != 0 {
			t.Errorf("the caller learned of it after %v, want at once", took)
		}
		if got, err := zrpc.Call[string](t.Context(), c, "hello", "again"); err != nil || got != "Hello, again" {
			t.Errorf("the call after it: %q, %v", got, err)
		}
	})
}

// TestDropIsTimeout loses a request.
func TestDropIsTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int64
		c, p := zrpctest.PairWith(t, zrpctest.Options{Faults: zrpctest.Faults{Drop: 1}}, service(&runs))
		begin := time.Now()
		_, err := zrpc.Call[string](t.Context(), c.With(zrpc.CallOptions{Timeout: 3 * time.Second}), "hello", "x")
		var timeout *zrpc.TimeoutError
		if !errors.As(err, &timeout) || timeout.Method != "hello" || time.Since(begin) != 3*time.Second {
			t.Errorf("a call that got lost: %v after %v, want a TimeoutError after 3 s", err, time.Since(begin))
		}
		if runs.Load() != 0 || p.Counts().Dropped == 0 {
			t.Errorf("the handler ran %d times; %+v", runs.Load(), p.Counts())
		}
		p.Set(zrpctest.Faults{}) // the same connection is well again
		if got, err := zrpc.Call[string](t.Context(), c, "hello", "x"); err != nil || got != "Hello, x" {
			t.Errorf("the call after it: %q, %v", got, err)
		}
	})
}

// TestStallIsSilence has the server fall silent while its connection stays.
func TestStallIsSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int64
		c, p := zrpctest.PairWith(t, zrpctest.Options{}, service(&runs))
		if _, err := zrpc.Call[string](t.Context(), c, "hello", "x"); err != nil {
			t.Fatal(err)
		}
		p.Stall()
		begin := time.Now()
		_, err := zrpc.Call[any](t.Context(), c, "hang")
		if !errors.Is(err, zrpc.ErrSilent) || !errors.Is(err, zrpc.ErrLostRemote) {
			t.Errorf("a server that fell silent: %v, want ErrSilent", err)
		}
		if took := time.Since(begin); took < 10*time.Second || took > 20*time.Second {
			t.Errorf("it was given up after %v, want two to three heartbeats of 5 s", took)
		}
		p.Resume()
		if got, err := zrpc.Call[string](t.Context(), c, "hello", "y"); err != nil || got != "Hello, y" {
			t.Errorf("after Resume: %q, %v", got, err)
		}
	})
}

// TestShortStallIsHarmless resumes before anybody is given up.
func TestShortStallIsHarmless(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int64
		c, p := zrpctest.PairWith(t, zrpctest.Options{Faults: zrpctest.Faults{Each: func(e zrpctest.Event) zrpctest.Action {
			if e.Name == "OK" {
				return zrpctest.Stall
			}
			return zrpctest.Default
		}}}, service(&runs))
		time.AfterFunc(9*time.Second, p.Resume)
		begin := time.Now()
		got, err := zrpc.Call[string](t.Context(), c, "hello", "x")
		if err != nil || got != "Hello, x" || time.Since(begin) != 9*time.Second {
			t.Errorf("hello = %q, %v after %v, want it after 9 s", got, err, time.Since(begin))
		}
	})
}

// TestDuplicatesAreHarmless repeats every event: a caller gets one answer, though
// a request that arrives twice is two to a zerorpc server.
func TestDuplicatesAreHarmless(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int64
		c, p := zrpctest.PairWith(t, zrpctest.Options{Faults: zrpctest.Faults{Duplicate: 1}}, service(&runs))
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				want := fmt.Sprint("Hello, ", i)
				if got, err := zrpc.Call[string](t.Context(), c, "hello", fmt.Sprint(i)); err != nil || got != want {
					t.Errorf("hello %d = %q, %v", i, got, err)
				}
			})
		}
		wg.Wait()
		// Heartbeats, too, may come twice: the call outlives several.
		if got, err := zrpc.Call[string](t.Context(), c, "work", 18*time.Second); err != nil || got != "done" {
			t.Errorf("work = %q, %v", got, err)
		}
		if p.Counts().Duplicated < 400 {
			t.Errorf("%+v, want all events twice", p.Counts())
		}
	})
}

// TestDelay keeps events in order however late each is.
func TestDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int64
		faults := zrpctest.Faults{Seed: 7, Delay: 20 * time.Millisecond, Jitter: 30 * time.Millisecond}
		c, _ := zrpctest.PairWith(t, zrpctest.Options{Faults: faults}, service(&runs))
		begin := time.Now()
		if _, err := zrpc.Call[string](t.Context(), c, "hello", "x"); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took < 40*time.Millisecond || took > 100*time.Millisecond {
			t.Errorf("there and back took %v, want 40 to 100 ms", took)
		}
		next := 0
		for n, err := range zrpc.Stream[int](t.Context(), c, "count", 500) {
			if err != nil || n != next {
				t.Fatalf("item %d = %d, %v", next, n, err)
			}
			next++
		}
		if next != 500 {
			t.Errorf("the stream ended after %d items", next)
		}
	})
}

// TestSeedDecides makes the same calls through proxies of equal and other seeds.
func TestSeedDecides(t *testing.T) {
	lost := func(seed uint64) (which []int) {
		synctest.Test(t, func(t *testing.T) {
			var runs atomic.Int64
			c, _ := zrpctest.PairWith(t, zrpctest.Options{Faults: zrpctest.Faults{Seed: seed, Drop: 0.2}}, service(&runs))
			c = c.With(zrpc.CallOptions{Timeout: time.Second})
			for i := range 50 {
				if _, err := zrpc.Call[string](t.Context(), c, "hello", "x"); err != nil {
					which = append(which, i)
				}
			}
		})
		return which
	}
	first := lost(1)
	if again := lost(1); !slices.Equal(first, again) {
		t.Errorf("one seed loses the calls %v, then %v", first, again)
	}
	if other := lost(2); slices.Equal(first, other) {
		t.Errorf("two seeds lose the same calls: %v", first)
	}
	if len(first) < 5 || len(first) > 35 {
		t.Errorf("of 50 calls %d got lost, want about 18", len(first))
	}
}

// TestCutAtAnEvent cuts a stream at its third item, on the first connection only.
func TestCutAtAnEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int64
		items := 0
		c, p := zrpctest.PairWith(t, zrpctest.Options{Faults: zrpctest.Faults{Each: func(e zrpctest.Event) zrpctest.Action {
			if e.Name == "STREAM" {
				items++
			}
			if e.Conn == 1 && items == 3 && !e.ToServer {
				return zrpctest.Cut
			}
			return zrpctest.Deliver
		}}}, service(&runs))
		read := func() (n int, err error) {
			for _, err = range zrpc.Stream[int](t.Context(), c, "count", 10) {
				if err != nil {
					return n, err
				}
				n++
			}
			return n, nil
		}
		if n, err := read(); n > 2 || !errors.Is(err, zrpc.ErrLostRemote) {
			t.Errorf("%d items, then %v; want 2 at most, then ErrLostRemote", n, err)
		}
		if n, err := read(); n != 10 || err != nil {
			t.Errorf("the second connection: %d items, %v", n, err)
		}
		if p.Counts().Dropped != 1 {
			t.Errorf("%+v, want the item lost that was cut at", p.Counts())
		}
	})
}

// TestServerIsGone has the proxy's server end, before a connection and under one.
func TestServerIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := zrpc.NewServer(nil)
		var runs atomic.Int64
		service(&runs)(s)
		target, err := s.Bind("inproc://" + t.Name())
		if err != nil {
			t.Fatal(err)
		}
		go s.Serve(t.Context())
		p := zrpctest.NewProxy(t, target, zrpctest.Faults{})
		c, err := zrpc.Dial(t.Context(), p.Endpoint())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		ended := make(chan error, 1)
		go func() { _, err := zrpc.Call[any](t.Context(), c, "hang"); ended <- err }()
		synctest.Wait()
		s.Close()
		if err := <-ended; err == nil {
			t.Error("the server was closed under a call, which succeeded")
		}
		if _, err := zrpc.Call[any](t.Context(), c.With(zrpc.CallOptions{Timeout: 20 * time.Second}), "hello", "x"); err == nil {
			t.Error("no server is there, and a call succeeds")
		}
	})
}

// failure is a testing.TB whose Fatalf can be survived.
type failure struct {
	testing.TB
	text chan string
}

func (f failure) Fatalf(format string, args ...any) {
	f.text <- fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// TestProxyOfNobody has no server at the target.
func TestProxyOfNobody(t *testing.T) {
	for _, tc := range []struct{ target, want string }{
		{"inproc://nobody", "a proxy for inproc://nobody: "},
		{"nonsense", "a proxy for nonsense: "},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := failure{t, make(chan string, 1)}
			go zrpctest.NewProxy(f, tc.target, zrpctest.Faults{})
			if text := <-f.text; !strings.Contains(text, tc.want) {
				t.Errorf("%s: %q", tc.target, text)
			}
		})
	}
}

// TestManyClients share a proxy; a cut ends the connections of all.
func TestManyClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int64
		c, p := zrpctest.PairWith(t, zrpctest.Options{}, service(&runs))
		second, err := zrpc.Dial(t.Context(), p.Endpoint())
		if err != nil {
			t.Fatal(err)
		}
		defer second.Close()
		ended := make(chan error, 2)
		for _, c := range []*zrpc.Client{c, second} {
			go func() { _, err := zrpc.Call[any](t.Context(), c, "hang"); ended <- err }()
		}
		synctest.Wait()
		p.Cut()
		for range 2 {
			if err := <-ended; !errors.Is(err, zrpc.ErrLostRemote) {
				t.Errorf("%v, want ErrLostRemote", err)
			}
		}
	})
}
