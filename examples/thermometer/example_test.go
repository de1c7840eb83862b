package main

import (
	"context"
	"fmt"
)

// All that docs/grpc.md shows, at work.
func Example() {
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- serve(ctx, "inproc://thermometer") }()
	fmt.Println(use(ctx, "inproc://thermometer"))
	stop()
	fmt.Println(<-served)
	// Output:
	// 68
	// 0 20
	// 1 21
	// 2 22
	// 20
	// 21
	// 23
	// <nil>
	// <nil>
}
