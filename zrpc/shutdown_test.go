package zrpc

import (
	"context"
	"errors"
	"iter"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// gated is a server with methods that the test holds up.
type gated struct {
	*Server
	begun    chan context.Context // a handler's context, when it has begun
	gate     chan struct{}        // what "wait" waits for
	served   chan error
	endpoint string
}

func newGated(t *testing.T, endpoint string, opt *ServerOptions, ctx context.Context) *gated {
	t.Helper()
	g := &gated{Server: NewServer(opt), begun: make(chan context.Context, 100), gate: make(chan struct{}), served: make(chan error, 1)}
	g.Handle("wait", func(ctx context.Context) string { g.begun <- ctx; <-g.gate; return "done" })
	g.Handle("hang", func(ctx context.Context) error { g.begun <- ctx; <-ctx.Done(); return ctx.Err() })
	g.Handle("items", func(ctx context.Context) iter.Seq[int] {
		return func(yield func(int) bool) {
			_ = yield(1)
			g.begun <- ctx
			<-g.gate
			_ = yield(2)
		}
	})
	g.Handle("stop", func(really bool) error {
		if really {
			return g.Close()
		}
		return nil
	})
	var err error
	if g.endpoint, err = g.Bind(endpoint); err != nil {
		t.Fatal(err)
	}
	go func() { g.served <- g.Serve(ctx) }()
	t.Cleanup(func() { g.Close() })
	return g
}

func dial(t *testing.T, endpoint string) *Client {
	t.Helper()
	c, err := Dial(t.Context(), endpoint)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// TestShutdownDrains lets calls in progress finish, refuses new ones, and then
// ends Serve.
func TestShutdownDrains(t *testing.T) {
	g := newGated(t, "tcp://127.0.0.1:*", nil, t.Context())
	c := dial(t, g.endpoint)
	answer, items := make(chan string, 1), make(chan int, 10)
	go func() {
		s, err := Call[string](t.Context(), c, "wait")
		if err != nil {
			s = err.Error()
		}
		answer <- s
	}()
	go func() {
		defer close(items)
		for n, err := range Stream[int](t.Context(), c, "items") {
			if err != nil {
				t.Error(err)
			}
			items <- n
		}
	}()
	<-g.begun
	<-g.begun
	down := make(chan error, 2)
	go func() { down <- g.Shutdown(t.Context()) }()
	go func() { down <- g.Shutdown(t.Context()) }() // as often as one likes
	eventually(t, "Shutdown does not begin", func() bool { return g.stopping.Load() })

	_, err := Call[any](t.Context(), c, "wait")
	var remote *RemoteError
	if !errors.As(err, &remote) || remote.Name != "ServerStopping" {
		t.Errorf("a new call: %v, want ServerStopping", err)
	}
	if err := g.Connect("tcp://127.0.0.1:1"); !errors.Is(err, ErrClosed) {
		t.Errorf("Connect: %v, want ErrClosed", err)
	}
	if _, err := g.Bind("tcp://127.0.0.1:*"); !errors.Is(err, ErrClosed) {
		t.Errorf("Bind: %v, want ErrClosed", err)
	}
	if len(down) > 0 {
		t.Fatal("Shutdown does not wait for calls in progress")
	}
	close(g.gate)
	if got := <-answer; got != "done" {
		t.Errorf("a call in progress: %s", got)
	}
	if a, b := <-items, <-items; a != 1 || b != 2 {
		t.Errorf("a stream in progress: %d, %d", a, b)
	}
	for range 2 {
		if err := <-down; err != nil {
			t.Errorf("Shutdown: %v", err)
		}
	}
	if err := <-g.served; err != nil {
		t.Errorf("Serve: %v", err)
	}
	if err := g.Serve(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("Serve after Shutdown: %v, want ErrClosed", err)
	}
	if s := g.Stats(); s.Conns != 0 || s.Calls != 0 {
		t.Errorf("%+v are left", s)
	}
}

// TestShutdownGivesUp ends what does not finish in time, before it returns.
func TestShutdownGivesUp(t *testing.T) {
	for _, tc := range []struct {
		why  string
		stop func(g *gated, cancel func()) error
		want error
	}{
		{"Shutdown's context ends", func(g *gated, _ func()) error {
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
			defer cancel()
			return g.Shutdown(ctx)
		}, context.DeadlineExceeded},
		{"Close", func(g *gated, _ func()) error { return g.Close() }, nil},
		{"Serve's context ends, and the grace after it", func(g *gated, cancel func()) error { cancel(); return <-g.served }, nil},
	} {
		for _, endpoint := range []string{"tcp://127.0.0.1:*", "inproc://" + t.Name()} {
			ctx, cancel := context.WithCancel(t.Context())
			g := newGated(t, endpoint, &ServerOptions{Grace: 20 * time.Millisecond}, ctx)
			c := dial(t, g.endpoint)
			ended := make(chan error, 2)
			for range 2 {
				go func() { ended <- second(Call[any](t.Context(), c, "hang")) }()
			}
			handlers := []context.Context{<-g.begun, <-g.begun}
			if err := tc.stop(g, cancel); !errors.Is(err, tc.want) {
				t.Errorf("%s: %v, want %v", tc.why, err, tc.want)
			}
			for _, h := range handlers {
				if h.Err() == nil {
					t.Errorf("%s: a handler's context lives on", tc.why)
				}
			}
			for range 2 {
				if err := <-ended; !errors.Is(err, ErrLostRemote) {
					t.Errorf("%s: the caller got %v, want ErrLostRemote", tc.why, err)
				}
			}
			again := NewServer(nil)
			if _, err := again.Bind(g.endpoint); err != nil {
				t.Errorf("%s: the endpoint is still taken: %v", tc.why, err)
			}
			again.Close()
			cancel()
		}
	}
}

// TestCloseFromHandler ends the server from inside, as a method that stops a
// service does: on a goroutine of its own, and on the one that reads the
// connection, where methods go that have always been quick.
func TestCloseFromHandler(t *testing.T) {
	for _, before := range []int{0, 200} {
		g := newGated(t, "inproc://"+t.Name(), nil, t.Context())
		c := dial(t, g.endpoint)
		for range before {
			if _, err := Call[any](t.Context(), c, "stop", false); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := Call[any](t.Context(), c, "stop", true); !errors.Is(err, ErrLostRemote) {
			t.Errorf("%v, want ErrLostRemote", err)
		}
		if err := <-g.served; err != nil {
			t.Error(err)
		}
	}
}

// TestNeverServed closes servers that did not serve.
func TestNeverServed(t *testing.T) {
	s := NewServer(nil)
	endpoint, err := s.Bind("tcp://127.0.0.1:*")
	if err != nil {
		t.Fatal(err)
	}
	c := dial(t, endpoint)
	ended := make(chan error, 1)
	go func() { ended <- second(Call[any](t.Context(), c.With(CallOptions{Timeout: time.Minute}), "f")) }()
	eventually(t, "no connection", func() bool { return s.Stats().Conns == 1 })
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	c.Close()
	if err := <-ended; err == nil {
		t.Error("a call to a server that did not serve")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestNothingRunsAfterShutdown shuts servers down under load: once Shutdown has
// returned, no handler begins.
func TestNothingRunsAfterShutdown(t *testing.T) {
	for range 20 {
		var down, late atomic.Bool
		s := NewServer(nil)
		s.Handle("work", func() {
			if down.Load() {
				late.Store(true)
			}
		})
		endpoint, err := s.Bind("tcp://127.0.0.1:*")
		if err != nil {
			t.Fatal(err)
		}
		go s.Serve(t.Context())
		c := NewClient(nil)
		c.Connect(endpoint)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		var calls atomic.Int32
		for range 8 {
			wg.Go(func() {
				for ctx.Err() == nil {
					Call[any](ctx, c, "work")
					calls.Add(1)
				}
			})
		}
		eventually(t, "no calls", func() bool { return calls.Load() > 200 })
		if err := s.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		down.Store(true)
		cancel()
		wg.Wait()
		c.Close()
		if late.Load() {
			t.Fatal("a handler ran after Shutdown had returned")
		}
	}
}
