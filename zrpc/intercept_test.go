package zrpc_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/zrpc-go/zrpc/stream"
	"github.com/zrpc-go/zrpc/zrpc"
)

// TestInterceptorsSeeEverything calls a method that does not exist and one that
// panics: a server's interceptors see both, with the error, and the caller gets
// what it would get without them.
func TestInterceptorsSeeEverything(t *testing.T) {
	var mu sync.Mutex
	ended := map[string]error{}
	watch := func(next zrpc.Handler) zrpc.Handler {
		return func(ctx context.Context, req *zrpc.Request) (any, error) {
			req.OnEnd(func(err error) {
				mu.Lock()
				defer mu.Unlock()
				ended[req.Method] = err
			})
			return next(ctx, req)
		}
	}
	c := newPair(t, "inproc://"+t.Name(), demo, &zrpc.ServerOptions{Interceptors: []zrpc.Interceptor{watch}}, nil)
	if _, err := zrpc.Call[any](t.Context(), c, "nope", 1, 2); !errors.Is(err, zrpc.ErrNoMethod) {
		t.Errorf("unknown method: %v, want ErrNoMethod", err)
	}
	var remote *zrpc.RemoteError
	if _, err := zrpc.Call[any](t.Context(), c, "crash"); !errors.As(err, &remote) || remote.Name != "Panic" {
		t.Errorf("panic: %v", err)
	}
	mu.Lock()
	defer mu.Unlock()
	if err := ended["nope"]; !errors.As(err, &remote) || remote.Name != "NameError" {
		t.Errorf("the interceptor saw %v of the unknown method", err)
	}
	var panicked *zrpc.PanicError
	if err := ended["crash"]; !errors.As(err, &panicked) || panicked.Value != "ouch" {
		t.Errorf("the interceptor saw %v of the panic", err)
	}
}

// TestPanicsAreErrorsToInterceptors: what panics, a handler of each shape or an
// interceptor, is an error with a stack to those outside of it, who may replace it;
// the caller gets the stack only if the server says so.
func TestPanicsAreErrorsToInterceptors(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]error{} // by method
	outer := func(next zrpc.Handler) zrpc.Handler {
		return func(ctx context.Context, req *zrpc.Request) (any, error) {
			result, err := next(ctx, req)
			mu.Lock()
			defer mu.Unlock()
			seen[req.Method] = err
			if req.Method == "replaced" {
				return "never mind", nil
			}
			return result, err
		}
	}
	inner := func(next zrpc.Handler) zrpc.Handler {
		return func(ctx context.Context, req *zrpc.Request) (any, error) {
			if req.Method == "hello" {
				panic("in the interceptor")
			}
			return next(ctx, req)
		}
	}
	register := func(s *zrpc.Server) {
		demo(s)
		s.Handle("replaced", func() { panic("ouch") })
		s.Handle("items", func() iter.Seq[int] {
			return func(yield func(int) bool) { yield(1); panic("ouch") }
		})
		s.Handle("sum", func(iter.Seq2[int, error]) int { panic("ouch") })
		s.Handle("exit", func() { runtime.Goexit() })
	}
	for _, traceback := range []bool{false, true} {
		c := newPair(t, fmt.Sprint("inproc://", t.Name(), traceback), register,
			&zrpc.ServerOptions{Traceback: traceback, Interceptors: []zrpc.Interceptor{outer, inner}}, nil)
		for method, call := range map[string]func() error{
			"crash": func() error { _, err := zrpc.Call[any](t.Context(), c, "crash"); return err },
			"hello": func() error { _, err := zrpc.Call[any](t.Context(), c, "hello", "x"); return err },
			"items": func() (last error) {
				for _, err := range zrpc.Stream[int](t.Context(), c, "items") {
					last = err
				}
				return last
			},
			"sum": func() error {
				_, err := zrpc.Upload[int](t.Context(), c, "sum", zrpc.Values(slices.Values([]int{1})))
				return err
			},
		} {
			var remote *zrpc.RemoteError
			err := call()
			if !errors.As(err, &remote) || remote.Name != "Panic" {
				t.Errorf("%s: the caller got %v", method, err)
			} else if strings.Contains(remote.Traceback, "goroutine ") != traceback {
				t.Errorf("%s with Traceback %v: the caller got the traceback %q", method, traceback, remote.Traceback)
			}
			var panicked *zrpc.PanicError
			mu.Lock()
			if !errors.As(seen[method], &panicked) || !strings.Contains(string(panicked.Stack), "zrpc_test") {
				t.Errorf("%s: the interceptor saw %v", method, seen[method])
			}
			mu.Unlock()
		}
		if got, err := zrpc.Call[string](t.Context(), c, "replaced"); err != nil || got != "never mind" {
			t.Errorf("a panic that was replaced: %q, %v", got, err)
		}
		// A handler that ends its goroutine ends the interceptors on it, too.
		var remote *zrpc.RemoteError
		if _, err := zrpc.Call[any](t.Context(), c, "exit"); !errors.As(err, &remote) || remote.Message != stream.ErrExited.Error() {
			t.Errorf("exit: %v", err)
		}
	}
}

// TestInterceptorsNameTheUser: whom an interceptor puts into Request.Peer, those
// further in and the handler see, by any context made from the call's.
func TestInterceptorsNameTheUser(t *testing.T) {
	identify := func(next zrpc.Handler) zrpc.Handler {
		return func(ctx context.Context, req *zrpc.Request) (any, error) {
			req.Peer.User = req.Metadata["user"]
			return next(context.WithValue(ctx, new(int), "derived"), req)
		}
	}
	register := func(s *zrpc.Server) {
		s.Handle("who", func(ctx context.Context) (string, error) {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			peer, ok := zrpc.PeerFrom(ctx)
			if !ok || peer.Endpoint == "" {
				return "", fmt.Errorf("peer %v, %v", peer, ok)
			}
			return peer.User, nil
		})
	}
	for want, interceptors := range map[string][]zrpc.Interceptor{"ann": {identify}, "": nil} {
		c := newPair(t, "inproc://"+t.Name()+want, register, &zrpc.ServerOptions{Interceptors: interceptors}, nil)
		ctx := zrpc.WithMetadata(t.Context(), zrpc.Metadata{"user": "ann"})
		if got, err := zrpc.Call[string](ctx, c, "who"); err != nil || got != want {
			t.Errorf("with %d interceptors the handler was called by %q, %v, want %q", len(interceptors), got, err, want)
		}
	}
	if _, ok := zrpc.PeerFrom(t.Context()); ok {
		t.Error("a context of no call has a peer")
	}
}
