package zrpc_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"
	"testing"

	"github.com/zrpc-go/zrpc/zrpc"
)

// newPair returns a client of a server that handle has given its methods.
func newPair(t *testing.T, endpoint string, handle func(s *zrpc.Server), so *zrpc.ServerOptions, co *zrpc.ClientOptions) *zrpc.Client {
	t.Helper()
	s := zrpc.NewServer(so)
	handle(s)
	actual, err := s.Bind(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(context.Background()) }()
	c := zrpc.NewClient(co)
	if err := c.Connect(actual); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return c
}

func demo(s *zrpc.Server) {
	s.Handle("hello", func(_ context.Context, name string) (string, error) { return "Hello, " + name, nil })
	s.Handle("add", func(a, b int) int { return a + b })
	s.Handle("fail", func(text string) error { return errors.New(text) })
	s.Handle("crash", func() { panic("ouch") })
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

func TestCallAndStream(t *testing.T) {
	for _, endpoint := range []string{"tcp://127.0.0.1:*", "inproc://" + t.Name()} {
		t.Run(strings.SplitN(endpoint, ":", 2)[0], func(t *testing.T) {
			c := newPair(t, endpoint, demo, nil, nil)
			ctx := t.Context()
			for i := range 200 { // enough for the method to prove itself cheap
				want := fmt.Sprint("Hello, ", i)
				if got, err := zrpc.Call[string](ctx, c, "hello", fmt.Sprint(i)); err != nil || got != want {
					t.Fatalf("hello %d = %q, %v", i, got, err)
				}
			}
			for _, n := range []int{0, 1, 2, 100, 101, 102, 5000} {
				next := 0
				for v, err := range zrpc.Stream[int](ctx, c, "count", n) {
					if err != nil || v != next {
						t.Fatalf("count(%d): item %d = %d, %v", n, next, v, err)
					}
					next++
				}
				if next != n {
					t.Fatalf("count(%d) ended after %d items", n, next)
				}
			}
			_, err := zrpc.Call[any](ctx, c, "fail", "boom")
			var remote *zrpc.RemoteError
			if !errors.As(err, &remote) || remote.Name != "Error" || remote.Message != "boom" {
				t.Fatalf("fail: %#v", err)
			}
			if _, err := zrpc.Call[any](ctx, c, "crash"); !errors.As(err, &remote) || remote.Name != "Panic" {
				t.Fatalf("crash: %#v", err)
			}
			if _, err := zrpc.Call[any](ctx, c, "nope"); !errors.Is(err, zrpc.ErrNoMethod) {
				t.Fatalf("unknown method: %v", err)
			}
		})
	}
}

func TestConcurrentCalls(t *testing.T) {
	c := newPair(t, "tcp://127.0.0.1:*", demo, nil, nil)
	var wg sync.WaitGroup
	for g := range 64 {
		wg.Go(func() {
			for i := range 200 {
				if got, err := zrpc.Call[int](t.Context(), c, "add", g, i); err != nil || got != g+i {
					t.Errorf("add(%d, %d) = %d, %v", g, i, got, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkCall(b *testing.B) {
	s := zrpc.NewServer(nil)
	demo(s)
	ep, _ := s.Bind("tcp://127.0.0.1:*")
	go s.Serve(context.Background())
	c, _ := zrpc.Dial(context.Background(), ep)
	defer c.Close()
	b.ReportAllocs()
	ctx := context.Background()
	for b.Loop() {
		if _, err := zrpc.Call[string](ctx, c, "hello", "RPC"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCall64(b *testing.B) {
	s := zrpc.NewServer(nil)
	demo(s)
	ep, _ := s.Bind("tcp://127.0.0.1:*")
	go s.Serve(context.Background())
	c, _ := zrpc.Dial(context.Background(), ep)
	defer c.Close()
	b.ReportAllocs()
	ctx := context.Background()
	var wg sync.WaitGroup
	n := b.N/64 + 1
	for range 64 {
		wg.Go(func() {
			for range n {
				if _, err := zrpc.Call[string](ctx, c, "hello", "RPC"); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}
