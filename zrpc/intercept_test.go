package zrpc_test

import (
	"context"
	"errors"
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
	if err := ended["crash"]; !errors.Is(err, stream.ErrExited) {
		t.Errorf("the interceptor saw %v of the panic", err)
	}
}
