// Interceptors wraps calls at both ends: the server logs them, the client repeats those that may run twice.
//
//	go run ./examples/interceptors
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/zrpc-go/zrpc/zrpc"
)

// logged tells l of every call and what became of it; for a stream that is after its last item.
func logged(l *log.Logger) zrpc.Interceptor {
	return func(next zrpc.Handler) zrpc.Handler {
		return func(ctx context.Context, req *zrpc.Request) (any, error) {
			req.OnEnd(func(err error) { l.Printf("%s by %q: %v", req.Method, req.Metadata["user"], err) })
			return next(ctx, req)
		}
	}
}

// retry repeats a call that the server was too busy for, after 10, 20, 40 ms …, if its caller said that it may run twice.
func retry(attempts int) zrpc.Interceptor {
	return func(next zrpc.Handler) zrpc.Handler {
		return func(ctx context.Context, req *zrpc.Request) (any, error) {
			for i := 1; ; i++ {
				result, err := next(ctx, req)
				var remote *zrpc.RemoteError
				if i == attempts || !req.Idempotent || !errors.As(err, &remote) || remote.Name != "Busy" {
					return result, err
				}
				select {
				case <-time.After(5 * time.Millisecond << i):
				case <-ctx.Done():
					return nil, ctx.Err()
				}
			}
		}
	}
}

func main() {
	ctx := context.Background()
	srv := zrpc.NewServer(&zrpc.ServerOptions{Interceptors: []zrpc.Interceptor{logged(log.New(os.Stdout, "server: ", 0))}})
	calls := 0
	srv.Handle("read", func() (string, error) {
		if calls++; calls%3 != 0 {
			return "", &zrpc.RemoteError{Name: "Busy", Message: "try again"}
		}
		return "forty-two", nil
	})
	addr, err := srv.Bind("tcp://127.0.0.1:*")
	if err != nil {
		log.Fatal(err)
	}
	go srv.Serve(ctx)
	defer srv.Close()

	client := zrpc.NewClient(&zrpc.ClientOptions{Interceptors: []zrpc.Interceptor{retry(5)}})
	defer client.Close()
	if err := client.Connect(addr); err != nil {
		log.Fatal(err)
	}
	ctx = zrpc.WithMetadata(ctx, zrpc.Metadata{"user": "ann"})
	fmt.Println(zrpc.Call[string](ctx, client.With(zrpc.CallOptions{Idempotent: true}), "read"))
	fmt.Println(zrpc.Call[string](ctx, client, "read")) // may not run twice, for all that retry knows
}
