package zrpc

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zrpc-go/zrpc/internal/zmtp"
	"github.com/zrpc-go/zrpc/stream"
)

// TestRestartsLoseNothing restarts servers in turn under load, over TCP: calls that
// may not run twice, of clients that call without a pause, run once each. Those of a
// single server wait for the next one, or are told that they did not run.
func TestRestartsLoseNothing(t *testing.T) {
	for _, servers := range []int{1, 2} {
		var ran, made, refused atomic.Int64
		start := func(endpoint string) (*Server, string) {
			s := NewServer(nil)
			s.Handle("work", func() { ran.Add(1) })
			var actual string
			eventually(t, "the endpoint stays taken", func() (ok bool) {
				var err error
				actual, err = s.Bind(endpoint)
				return err == nil
			})
			go s.Serve(context.Background())
			return s, actual
		}
		var up []*Server
		var endpoints []string
		for range servers {
			s, endpoint := start("tcp://127.0.0.1:*")
			up, endpoints = append(up, s), append(endpoints, endpoint)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var clients sync.WaitGroup
		for range 4 {
			c := NewClient(nil)
			for _, endpoint := range endpoints {
				c.Connect(endpoint)
			}
			clients.Go(func() {
				defer c.Close()
				for ctx.Err() == nil {
					switch _, err := Call[any](t.Context(), c, "work"); {
					case err == nil:
						made.Add(1)
					case Unsent(err):
						refused.Add(1)
					default:
						t.Errorf("%d servers: a call was lost: %v", servers, err)
					}
				}
			})
		}
		for i := range 10 {
			before := made.Load()
			eventually(t, "no calls", func() bool { return made.Load() > before+100 })
			if err := up[i%servers].Shutdown(t.Context()); err != nil {
				t.Errorf("Shutdown: %v", err)
			}
			up[i%servers], _ = start(endpoints[i%servers])
		}
		cancel()
		clients.Wait()
		for _, s := range up {
			s.Close()
		}
		if ran.Load() != made.Load() {
			t.Errorf("%d servers: %d calls made, %d run", servers, made.Load(), ran.Load())
		}
		t.Logf("%d servers: %d calls, %d refused", servers, made.Load(), refused.Load())
	}
}

// TestPingOfStoppingServer: who asks a server that drains whether it is ready is
// told that it is not, and a client with several takes it out by its own ping.
func TestPingOfStoppingServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2, nil)
		defer f.close()
		f.serve()
		asks := f.client(nil)
		defer asks.Close()
		c := f.client(&ClientOptions{Health: HealthOptions{Interval: time.Second}})
		defer c.Close()
		ctx, cancel := context.WithCancel(t.Context())
		next := make(chan struct{})
		go func() {
			for range Stream[int](ctx, c, "items") { // keeps its server from being done
				select {
				case next <- struct{}{}:
				default:
				}
			}
		}()
		<-next
		drains := 0
		if f.servers[1].Stats().Calls > 0 {
			drains = 1
		}
		down := make(chan error)
		go func() { down <- f.servers[drains].Shutdown(context.Background()) }()
		<-time.After(3 * time.Second)
		if ready := c.core.links.ready.Load().links; len(ready) != 1 || ready[0].endpoint != f.names[1-drains] {
			t.Errorf("after a ping %d servers are ready", len(ready))
		}
		_, err := Call[any](t.Context(), asks, "_zerorpc_ping") // goes to the other one, if need be
		if err != nil {
			t.Errorf("a ping of both: %v", err)
		}
		link := asks.core.links.at(f.names[drains])[0]
		if _, err := link.mux.Call(t.Context(), &stream.Request{Method: "_zerorpc_ping", Args: []byte{0x90}}); verdictOf(err) != stopping {
			t.Errorf("a ping of the one that drains: %v, want ServerStopping", err)
		}
		cancel()
		if err := <-down; err != nil {
			t.Error(err)
		}
	})
}

// TestLingerForOthers: clients that are not told get ServerStopping until they have
// been quiet for a while; one that is not quiet, and no context, keeps a server for
// good.
func TestLingerForOthers(t *testing.T) {
	for _, test := range []struct {
		why     string
		every   time.Duration // between its calls
		calls   int
		timeout time.Duration // of Shutdown
		want    time.Duration
	}{
		{"idle", time.Hour, 0, time.Minute, lingerQuiet},
		{"three late calls", 40 * time.Millisecond, 3, time.Minute, 120*time.Millisecond + lingerQuiet},
		{"calls on and on", 40 * time.Millisecond, 1000, time.Minute, lingerMost},
		{"no time", 40 * time.Millisecond, 1000, 10 * time.Millisecond, 10 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := NewServer(nil)
			endpoint, err := s.Bind("inproc://" + t.Name())
			if err != nil {
				t.Fatal(err)
			}
			served := make(chan error, 1)
			go func() { served <- s.Serve(context.Background()) }()
			old := announcement
			announcement = zmtp.Property{} // the client is another program
			c := dial(t, endpoint)
			defer c.Close()
			if _, err := Call[any](t.Context(), c, "_zerorpc_ping"); err != nil {
				t.Fatal(err)
			}
			announcement = old
			begun := time.Now()
			down := make(chan time.Duration)
			go func() {
				ctx, cancel := context.WithTimeout(t.Context(), test.timeout)
				defer cancel()
				s.Shutdown(ctx)
				down <- time.Since(begun)
			}()
			refused := 0
			for range test.calls {
				<-time.After(test.every)
				_, err := Call[any](t.Context(), c.With(CallOptions{Timeout: time.Millisecond}), "_zerorpc_ping")
				if verdictOf(err) != stopping {
					break
				}
				refused++
			}
			if took := <-down; took != test.want {
				t.Errorf("%s: Shutdown took %v, want %v; %d calls refused", test.why, took, test.want, refused)
			}
			if err := <-served; err != nil && !errors.Is(err, ErrClosed) {
				t.Error(err)
			}
		})
	}
}
