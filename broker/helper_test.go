package broker

import (
	"context"
	"fmt"
	"iter"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/zrpc"
)

// patience bounds every wait of these tests; only a failure reaches it.
const patience = 20 * time.Second

// names makes inproc names that no other test uses.
var names atomic.Int64

// rig is a broker with its endpoints, over in-memory connections.
type rig struct {
	*Broker
	t           testing.TB
	front, back string
}

// start serves a broker until the test ends.
func start(t testing.TB, o Options) *rig {
	t.Helper()
	n := names.Add(1)
	return startAt(t, o, fmt.Sprintf("inproc://broker-front-%d", n), fmt.Sprintf("inproc://broker-back-%d", n))
}

func startAt(t testing.TB, o Options, front, back string) *rig {
	t.Helper()
	r := &rig{Broker: New(&o), t: t}
	var err error
	if r.front, err = r.BindFrontend(front); err != nil {
		t.Fatal(err)
	}
	if r.back, err = r.BindBackend(back); err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- r.Serve(context.Background()) }()
	t.Cleanup(func() {
		r.Broker.Close()
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return r
}

// worker starts a zrpc server that has connected to the backend, and waits
// until the broker knows its methods.
func (r *rig) worker(name string, handlers map[string]any) *zrpc.Server {
	r.t.Helper()
	before := r.joined()
	srv := r.workerOptions(&zrpc.ServerOptions{Name: name, Heartbeat: r.o.Heartbeat}, handlers)
	r.wait("the worker joins", func() bool { return r.joined() > before })
	return srv
}

// joined is how many workers take calls.
func (r *rig) joined() int {
	n := 0
	for _, w := range r.Status().Workers {
		if w.State == "joined" {
			n++
		}
	}
	return n
}

func (r *rig) workerOptions(o *zrpc.ServerOptions, handlers map[string]any) *zrpc.Server {
	r.t.Helper()
	srv := zrpc.NewServer(o)
	for name, fn := range handlers {
		if err := srv.Handle(name, fn); err != nil {
			r.t.Fatal(err)
		}
	}
	if err := srv.Connect(r.back); err != nil {
		r.t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(context.Background()) }()
	r.t.Cleanup(func() { srv.Close(); <-served })
	return srv
}

// client returns a zrpc client of the frontend.
func (r *rig) client() *zrpc.Client {
	r.t.Helper()
	c := zrpc.NewClient(&zrpc.ClientOptions{Heartbeat: r.o.Heartbeat})
	if err := c.Connect(r.front); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { c.Close() })
	return c
}

// wait polls until ok.
func (r *rig) wait(what string, ok func() bool) {
	r.t.Helper()
	wait(r.t, what, ok)
}

func wait(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("in vain: %s", what)
		}
		<-time.After(time.Millisecond)
	}
}

// empty checks that no channel is left in the table.
func (r *rig) empty() {
	r.t.Helper()
	r.wait("the table is empty", func() bool { return r.Status().Channels == 0 })
}

// demo is the handlers that most tests use.
func demo() map[string]any {
	return map[string]any{
		"echo":  func(x event.Raw) event.Raw { return x },
		"add":   func(a, b int) int { return a + b },
		"fail":  func(s string) error { return &zrpc.RemoteError{Name: "ValueError", Message: s} },
		"range": rangeOf,
		"sleep": func(ctx context.Context, ms int) (int, error) {
			select {
			case <-time.After(time.Duration(ms) * time.Millisecond):
				return ms, nil
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		},
	}
}

func rangeOf(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}
