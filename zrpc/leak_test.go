package zrpc

import (
	"context"
	"errors"
	"io"
	"iter"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"
)

const (
	// leakCalls is how many calls each way of ending them gets.
	leakCalls = 10_000

	// leakBatch is how many of them are open at a time: below what a server lets
	// one connection have (stream.DefaultPeerCalls).
	leakBatch = 1000

	// leakHeartbeat is off: nothing but what is under test tells one side of the
	// other.
	leakHeartbeat = -1
)

// hanging is a server over tcp whose methods, one of each shape, end with their
// callers, and a client that reaches it through a relay.
type hanging struct {
	t      *testing.T
	s      *Server
	c      *Client
	relay  *relay
	begun  chan struct{} // one for each handler that has begun
	before int           // goroutines
}

func newHanging(t *testing.T) *hanging {
	t.Helper()
	h := &hanging{t: t, begun: make(chan struct{}, leakBatch)}
	wait := func(ctx context.Context) error {
		h.begun <- struct{}{}
		<-ctx.Done()
		return context.Cause(ctx)
	}
	h.s = NewServer(&ServerOptions{Heartbeat: leakHeartbeat})
	h.s.Handle("unary", wait)
	h.s.Handle("stream", func(ctx context.Context) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			if yield(1, nil) {
				yield(0, wait(ctx))
			}
		}
	})
	h.s.Handle("upload", func(ctx context.Context, in iter.Seq2[int, error]) (int, error) {
		n := 0
		for _, err := range in {
			if err != nil {
				return n, err
			}
			h.begun <- struct{}{}
			n++
		}
		return n, nil
	})
	h.s.Handle("both", func(ctx context.Context, in iter.Seq2[int, error]) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			for n, err := range in {
				if !yield(n, err) || err != nil {
					return
				}
				h.begun <- struct{}{}
			}
		}
	})
	endpoint, err := h.s.Bind("tcp://127.0.0.1:*")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- h.s.Serve(context.Background()) }()
	h.relay = newRelay(t, endpoint[len("tcp://"):])
	h.c = NewClient(&ClientOptions{Heartbeat: leakHeartbeat})
	if err := h.c.Connect("tcp://" + h.relay.Addr().String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		h.c.Close()
		h.s.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	// The connection's own goroutines are there before anything is counted.
	if _, err := Call[any](t.Context(), h.c, "_zerorpc_ping"); err != nil {
		t.Fatal(err)
	}
	// The client's reader has ended with the ping, or is about to, and comes back.
	h.before = runtime.NumGoroutine() + 1
	return h
}

// call makes one call of the shape that n stands for, and returns how it ended.
func (h *hanging) call(ctx context.Context, n int) error {
	switch n % 4 {
	case 0:
		_, err := Call[any](ctx, h.c, "unary")
		return err
	case 1:
		for _, err := range Stream[int](ctx, h.c, "stream") {
			if err != nil {
				return err
			}
		}
		return nil
	case 2: // one item, and then none for as long as the call lasts
		_, err := Upload[int](ctx, h.c, "upload", func(yield func(int, error) bool) {
			if yield(1, nil) {
				<-ctx.Done()
				yield(0, ctx.Err())
			}
		})
		return err
	}
	d, err := Open[int, int](ctx, h.c, "both")
	if err != nil {
		return err
	}
	defer d.Close()
	for err = d.Send(1); err == nil; {
		_, err = d.Recv()
	}
	return err
}

// batch opens so many calls at once, calls end when all their handlers run, and
// returns when all have ended; each must end in what right accepts.
func (h *hanging) batch(timeout time.Duration, end func(cancel func()), right func(error) bool) {
	h.t.Helper()
	ctx, cancel := context.WithCancel(h.t.Context())
	defer cancel()
	var calls sync.WaitGroup
	for n := range leakBatch {
		calls.Go(func() {
			ctx := ctx
			if timeout > 0 {
				var stop context.CancelFunc
				ctx, stop = context.WithTimeout(ctx, timeout)
				defer stop()
			}
			if err := h.call(ctx, n); !right(err) {
				h.t.Errorf("call %d ended with %v", n, err)
			}
		})
	}
	if end != nil {
		for range leakBatch {
			<-h.begun
		}
		end(cancel)
	}
	calls.Wait()
	for len(h.begun) > 0 { // those that deadlines ended
		<-h.begun
	}
}

// poll asks until done is true, for some time.
func poll(done func() bool) bool {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); !done(); <-tick.C {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}

// clean waits until neither side holds anything of the calls that have ended.
func (h *hanging) clean() {
	h.t.Helper()
	var calls, channels, goroutines int
	clean := poll(func() bool {
		calls, channels = h.s.Stats().Calls, 0
		for _, l := range h.c.core.links.ready.Load().links {
			channels += l.mux.Pending()
		}
		for len(h.begun) > 0 { // a handler that began late may wait to say so
			<-h.begun
		}
		goroutines = runtime.NumGoroutine()
		return calls == 0 && channels == 0 && goroutines <= h.before
	})
	if !clean {
		stacks := make([]byte, 16<<10)
		h.t.Fatalf("the server holds %d calls, the client %d channels, there are %d goroutines and were %d:\n%s",
			calls, channels, goroutines, h.before, stacks[:runtime.Stack(stacks, true)])
	}
	h.t.Logf("%d goroutines before and %d after", h.before, goroutines)
}

// TestNothingLeaks ends 10,000 calls, of all four shapes, by each thing that can
// end a call from outside. Afterwards, with client and server still up, there
// must be nothing left of them.
func TestNothingLeaks(t *testing.T) {
	for _, test := range []struct {
		name    string
		timeout time.Duration
		end     func(h *hanging, cancel func())
		right   func(error) bool
	}{
		{"cancel", 0, func(_ *hanging, cancel func()) { cancel() }, func(err error) bool { return errors.Is(err, context.Canceled) }},
		// Some of these end before their requests have left, some while their
		// handlers begin, some when both sides wait.
		{"deadline", 20 * time.Millisecond, nil, func(err error) bool { return errors.Is(err, context.DeadlineExceeded) }},
		// An upload learns it when it sends its next item; here it has none.
		{"connection killed", 0, func(h *hanging, cancel func()) {
			h.relay.kill()
			h.ended()
			cancel()
		}, func(err error) bool { return errors.Is(err, ErrLostRemote) || errors.Is(err, context.Canceled) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHanging(t)
			var end func(func())
			if test.end != nil {
				end = func(cancel func()) { test.end(h, cancel) }
			}
			for range leakCalls / leakBatch {
				h.batch(test.timeout, end, test.right)
			}
			if test.name == "connection killed" { // the last connection comes back
				if _, err := Call[any](t.Context(), h.c, "_zerorpc_ping"); err != nil {
					t.Fatal(err)
				}
			}
			h.clean()
		})
	}
}

// ended waits until the server has noticed that its callers are gone.
func (h *hanging) ended() {
	h.t.Helper()
	if !poll(func() bool { return h.s.Stats().Calls == 0 }) {
		h.t.Fatalf("the server still holds %d calls of a connection that was killed", h.s.Stats().Calls)
	}
}

// relay passes bytes on between a client and a server, until kill.
type relay struct {
	net.Listener
	to string

	mu    sync.Mutex // guards the field below
	conns []net.Conn
}

func newRelay(t *testing.T, to string) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{Listener: l, to: to}
	var pass sync.WaitGroup
	pass.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", to)
			if err != nil {
				t.Errorf("relay: %v", err)
				near.Close()
				return
			}
			r.mu.Lock()
			r.conns = append(r.conns, near, far)
			r.mu.Unlock()
			for _, way := range [][2]net.Conn{{near, far}, {far, near}} {
				pass.Go(func() {
					io.Copy(way[0], way[1])
					way[0].Close()
				})
			}
		}
	})
	t.Cleanup(func() {
		l.Close()
		r.kill()
		pass.Wait()
	})
	return r
}

// kill resets the present connections, as a machine that goes down does not even
// manage to: both ends get an error at once.
func (r *relay) kill() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.conns {
		if tcp, ok := c.(*net.TCPConn); ok {
			tcp.SetLinger(0) // a reset instead of an orderly end
		}
		c.Close()
	}
	r.conns = nil
}
