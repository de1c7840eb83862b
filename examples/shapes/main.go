// Shapes has a method of each of the four shapes, and calls of them.
//
//	go run ./examples/shapes
package main

import (
	"context"
	"fmt"
	"iter"
	"log"
	"slices"

	"github.com/zrpc-go/zrpc/zrpc"
)

// Remote is the same as its callers see it.
type Remote struct {
	Add   func(ctx context.Context, a, b int) (int, error)
	Count func(ctx context.Context, n int) iter.Seq2[int, error]
	Sum   func(ctx context.Context, numbers iter.Seq2[int, error]) (int, error)
	Sums  func(ctx context.Context, numbers iter.Seq2[int, error]) iter.Seq2[int, error]
}

func use(ctx context.Context, shapes *Remote, numbers ...int) {
	fmt.Println(shapes.Add(ctx, 1, 2))
	for n, err := range shapes.Count(ctx, 3) {
		fmt.Println("count", n, err)
	}
	fmt.Println(shapes.Sum(ctx, zrpc.Values(slices.Values(numbers))))
	for sum, err := range shapes.Sums(ctx, zrpc.Values(slices.Values(numbers))) {
		fmt.Println("so far", sum, err)
	}
}

func main() {
	ctx := context.Background()
	srv := zrpc.NewServer(nil)
	srv.Register(Shapes{})
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
	var shapes Remote
	if err := client.Stub(&shapes); err != nil {
		log.Fatal(err)
	}
	use(ctx, &shapes, 1, 2, 3)
}
