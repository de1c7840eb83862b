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

// Shapes is the service. A last parameter iter.Seq2 streams from the caller, a result iter.Seq2 to it.
type Shapes struct{}

func (Shapes) Add(a, b int) int { return a + b }

func (Shapes) Count(n int) iter.Seq[int] { return slices.Values([]int{1, 2, 3, 4, 5}[:n]) }

func (Shapes) Sum(numbers iter.Seq2[int, error]) (sum int, err error) {
	for n, err := range numbers {
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

func (Shapes) Sums(numbers iter.Seq2[int, error]) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		sum := 0
		for n, err := range numbers {
			if sum += n; !yield(sum, err) || err != nil {
				return
			}
		}
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

	numbers := func() iter.Seq2[int, error] { return zrpc.Values(slices.Values([]int{1, 2, 3})) }
	fmt.Println(zrpc.Call[int](ctx, client, "add", 1, 2))
	for n, err := range zrpc.Stream[int](ctx, client, "count", 3) {
		fmt.Println("count", n, err)
	}
	fmt.Println(zrpc.Upload[int](ctx, client, "sum", numbers()))

	var stub struct { // the same, and both directions at once, as functions
		Sum  func(ctx context.Context, numbers iter.Seq2[int, error]) (int, error)
		Sums func(ctx context.Context, numbers iter.Seq2[int, error]) iter.Seq2[int, error]
	}
	if err := client.Stub(&stub); err != nil {
		log.Fatal(err)
	}
	for sum, err := range stub.Sums(ctx, numbers()) {
		fmt.Println("so far", sum, err)
	}
}
