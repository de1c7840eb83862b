package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log"

	"github.com/zrpc-go/zrpc/zrpc"
)

// Stub fills the functions of a struct, each with a call of the method of its name.
func Example() {
	ctx := context.Background()
	srv := zrpc.NewServer(nil)
	srv.Register(Calculator{})
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

	var calc struct {
		Add     func(ctx context.Context, a, b int) (int, error)
		Divide  func(ctx context.Context, a, b float64) (float64, error)
		Squares func(ctx context.Context, numbers ...int) iter.Seq2[int, error]
	}
	if err := client.Stub(&calc); err != nil {
		log.Fatal(err)
	}
	fmt.Println(calc.Add(ctx, 1, 2))
	for square, err := range calc.Squares(ctx, 1, 2, 3) {
		fmt.Println(square, err)
	}
	_, err = calc.Divide(ctx, 1, 0)
	var remote *zrpc.RemoteError
	fmt.Println(errors.As(err, &remote), remote.Name, remote.Message)
	// Output:
	// 3 <nil>
	// 1 <nil>
	// 4 <nil>
	// 9 <nil>
	// true ZeroDivisionError division by zero
}
