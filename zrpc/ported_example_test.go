package zrpc_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/zrpc-go/zrpc/zrpc"
)

// Arith is a service as net/rpc wants it.
type Arith struct{}

type Args struct{ A, B int }

func (*Arith) Multiply(args Args, reply *int) error {
	*reply = args.A * args.B
	return nil
}

// A service of net/rpc is served unchanged; its client's Go is a goroutine.
func ExampleServer_RegisterName() {
	client, end := exampleClient(nil, nil, func(srv *zrpc.Server) {
		if err := srv.RegisterName("Arith", new(Arith)); err != nil {
			panic(err)
		}
	})
	defer end()

	ctx := context.Background()
	product, err := zrpc.Call[int](ctx, client, "Arith.Multiply", Args{6, 7})
	fmt.Println(product, err)

	done := make(chan int, 1)
	go func() {
		product, _ := zrpc.Call[int](ctx, client, "Arith.Multiply", Args{2, 3})
		done <- product
	}()
	fmt.Println(<-done)

	var arith struct {
		Multiply func(ctx context.Context, args Args) (int, error) `zrpc:"Arith.Multiply"`
	}
	if err := client.Stub(&arith); err != nil {
		panic(err)
	}
	fmt.Println(arith.Multiply(ctx, Args{4, 5}))
	// Output:
	// 42 <nil>
	// 6
	// 20 <nil>
}

// notFound is an error that callers look into.
type notFound struct {
	ID int `msgpack:"id"`
}

func (e *notFound) Error() string  { return fmt.Sprintf("customer %d is not there", e.ID) }
func (*notFound) WireName() string { return "NotFound" }

// detail sends what a notFound holds in the header of the answer.
func detail(next zrpc.Handler) zrpc.Handler {
	return func(ctx context.Context, req *zrpc.Request) (any, error) {
		result, err := next(ctx, req)
		var gone *notFound
		if errors.As(err, &gone) {
			err = errors.Join(err, req.SetHeader("detail", gone))
		}
		return result, err
	}
}

// restore makes a notFound of it again.
func restore(next zrpc.Handler) zrpc.Handler {
	return func(ctx context.Context, req *zrpc.Request) (any, error) {
		result, err := next(ctx, req)
		var remote *zrpc.RemoteError
		if !errors.As(err, &remote) || remote.Name != "NotFound" {
			return result, err
		}
		gone := new(notFound)
		if raw, ok := req.HeaderValue("detail"); ok && raw.Decode(gone) == nil {
			err = fmt.Errorf("%w: %w", gone, err)
		}
		return result, err
	}
}

// On the wire an error is a name and a text. Two interceptors carry the rest, as
// gRPC's status details do, so that errors.As finds the service's own type.
func ExampleInterceptor_errorDetails() {
	client, end := exampleClient(
		&zrpc.ServerOptions{Interceptors: []zrpc.Interceptor{detail}},
		&zrpc.ClientOptions{Interceptors: []zrpc.Interceptor{restore}},
		func(srv *zrpc.Server) {
			srv.Handle("get", func(id int) (string, error) { return "", &notFound{id} })
		})
	defer end()

	_, err := zrpc.Call[string](context.Background(), client, "get", 9)
	var gone *notFound
	fmt.Println(errors.As(err, &gone), gone.ID)
	var remote *zrpc.RemoteError
	fmt.Println(errors.As(err, &remote), remote.Name)
	// Output:
	// true 9
	// true NotFound
}
