package main

import (
	"context"
	"log"
)

// Three workers and the program that they work for, in one.
func Example() {
	ctx, stop := context.WithCancel(context.Background())
	worked := make(chan error)
	for range 3 {
		go func() { worked <- work(ctx, "inproc://tasks", "inproc://results") }()
	}
	if err := run(ctx, "inproc://tasks", "inproc://results"); err != nil {
		log.Fatal(err)
	}
	stop()
	for range 3 {
		if err := <-worked; err != nil {
			log.Fatal(err)
		}
	}
	// Output: sum of squares 285
}
