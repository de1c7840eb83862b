package main

import (
	"context"
	"fmt"
	"log"

	"github.com/zrpc-go/zrpc/zrpc"
)

// Two members talk.
func Example() {
	ctx := context.Background()
	srv := zrpc.NewServer(nil)
	srv.Register(new(Room))
	addr, err := srv.Bind("tcp://127.0.0.1:*")
	if err != nil {
		log.Fatal(err)
	}
	go srv.Serve(ctx)
	defer srv.Close()
	client, err := zrpc.Dial(ctx, addr)
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	var room struct {
		Join func(ctx context.Context, name string) (*zrpc.Duplex[string, string], error)
	}
	if err := client.Stub(&room); err != nil {
		log.Fatal(err)
	}
	ann, _ := room.Join(ctx, "ann")
	fmt.Println(ann.Recv())
	bob, _ := room.Join(ctx, "bob")
	fmt.Println(ann.Recv())

	bob.Send("hello")
	fmt.Println(ann.Recv())
	ann.Send("hello, bob")
	for range 3 {
		fmt.Println(bob.Recv())
	}
	bob.CloseSend()
	ann.Recv() // her own line
	fmt.Println(ann.Recv())
	ann.Close()
	// Output:
	// ann joined <nil>
	// bob joined <nil>
	// bob: hello <nil>
	// bob joined <nil>
	// bob: hello <nil>
	// ann: hello, bob <nil>
	// bob left <nil>
}
