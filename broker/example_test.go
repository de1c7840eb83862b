package broker_test

import (
	"context"
	"fmt"

	"github.com/zrpc-go/zrpc/broker"
	"github.com/zrpc-go/zrpc/zrpc"
)

// A broker between a client and a worker, which needs no more than to connect to
// it instead of binding.
func Example() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()

	b := broker.New(nil)
	defer b.Close()
	front, err := b.BindFrontend("inproc://calls") // for the world: tcp://*:4242
	if err != nil {
		fmt.Println(err)
		return
	}
	back, err := b.BindBackend("inproc://workers")
	if err != nil {
		fmt.Println(err)
		return
	}
	go b.Serve(ctx)

	worker := zrpc.NewServer(nil)
	defer worker.Close()
	if err := worker.Handle("hello", func(name string) string { return "Hello, " + name }); err != nil {
		fmt.Println(err)
		return
	}
	if err := worker.Connect(back); err != nil {
		fmt.Println(err)
		return
	}
	go worker.Serve(ctx)

	client, err := zrpc.Dial(ctx, front)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	text, err := zrpc.Call[string](ctx, client, "hello", "RPC")
	fmt.Println(text, err)
	// Output: Hello, RPC <nil>
}
