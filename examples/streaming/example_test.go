package main

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/zrpc-go/zrpc/zrpc"
)

// dial serves a Counter and returns a client of it, and a function that ends both.
func dial(ctx context.Context) (client *zrpc.Client, end func()) {
	srv := zrpc.NewServer(nil)
	srv.Register(Counter{})
	addr, err := srv.Bind("tcp://127.0.0.1:*")
	if err != nil {
		log.Fatal(err)
	}
	go srv.Serve(ctx)
	if client, err = zrpc.Dial(ctx, addr); err != nil {
		log.Fatal(err)
	}
	return client, func() { client.Close(); srv.Close() }
}

// The request goes out when the loop starts.
func Example() {
	ctx := context.Background()
	client, end := dial(ctx)
	defer end()
	for n, err := range zrpc.Stream[int](ctx, client, "streaming_range", 0, 10, 2) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(n)
	}
	// Output:
	// 0
	// 2
	// 4
	// 6
	// 8
}

// An error is always the last pair, and says who it is from.
func Example_error() {
	ctx := context.Background()
	client, end := dial(ctx)
	defer end()
	for n, err := range zrpc.Stream[int](ctx, client, "countdown", 2) {
		var remote *zrpc.RemoteError
		if errors.As(err, &remote) {
			fmt.Println("the service failed:", remote.Name, remote.Message)
		} else {
			fmt.Println(n, err)
		}
	}
	// Output:
	// 2 <nil>
	// 1 <nil>
	// the service failed: LaunchError no rocket
}

// Leaving the loop ends the stream, however long it would be. Credit bounds what the service may send ahead.
func Example_break() {
	ctx := context.Background()
	client, end := dial(ctx)
	defer end()
	careful := client.With(zrpc.CallOptions{Credit: 10})
	for n := range zrpc.Stream[int](ctx, careful, "streaming_range", 0, 1<<40, 1) {
		if n == 1000 {
			break
		}
	}
	fmt.Println("enough")
	// Output: enough
}
