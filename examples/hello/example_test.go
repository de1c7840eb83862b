package main

import (
	"context"
	"fmt"
	"log"

	"github.com/zrpc-go/zrpc/zrpc"
)

// A server and a client in one program.
func Example() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()

	srv := zrpc.NewServer(nil)
	srv.Handle("hello", func(ctx context.Context, name string) (string, error) {
		return "Hello, " + name, nil
	})
	addr, err := srv.Bind("tcp://127.0.0.1:*") // any free port
	if err != nil {
		log.Fatal(err)
	}
	go srv.Serve(ctx) // until ctx ends

	client, err := zrpc.Dial(ctx, addr)
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	text, err := zrpc.Call[string](ctx, client, "hello", "RPC")
	fmt.Println(text, err)
	// Output: Hello, RPC <nil>
}
