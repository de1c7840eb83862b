// Hello is the smallest service: one function on the network, and a call of it.
//
//	go run ./examples/hello              # serves until interrupted
//	go run ./examples/hello call RPC     # prints Hello, RPC
//
// service.py and client.py are the same two in Python: any of them works with any other.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"

	"github.com/zrpc-go/zrpc/zrpc"
)

const endpoint = "tcp://127.0.0.1:4242"

// hello is the service. Its signature is all there is to declare.
func hello(ctx context.Context, name string) (string, error) {
	return "Hello, " + name, nil
}

func main() {
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	switch args := os.Args[1:]; {
	case len(args) == 0:
		err = serve(ctx)
	case len(args) == 2 && args[0] == "call":
		err = call(ctx, args[1])
	default:
		log.Fatal("usage: hello | hello call NAME")
	}
	if err != nil {
		log.Fatal(err)
	}
}

func serve(ctx context.Context) error {
	srv := zrpc.NewServer(nil)
	if err := srv.Handle("hello", hello, zrpc.WithDoc("Say hello to NAME.", "name")); err != nil {
		return err
	}
	addr, err := srv.Bind(endpoint)
	if err != nil {
		return err
	}
	log.Println("serving on", addr)
	return srv.Serve(ctx)
}

func call(ctx context.Context, name string) error {
	client, err := zrpc.Dial(ctx, endpoint)
	if err != nil {
		return err
	}
	defer client.Close()
	text, err := zrpc.Call[string](ctx, client, "hello", name)
	if err != nil {
		return err
	}
	fmt.Println(text)
	return nil
}
