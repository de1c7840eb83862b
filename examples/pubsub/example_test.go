package main

import (
	"context"
	"log"

	"github.com/zrpc-go/zrpc/pubsub"
)

// A publisher and a subscriber of one continent in one program.
func Example() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	pub := pubsub.NewPublisher(nil)
	defer pub.Close()
	addr, err := pub.Bind("tcp://127.0.0.1:*") // any free port
	if err != nil {
		log.Fatal(err)
	}
	followed := make(chan error)
	go func() {
		followed <- follow(ctx, addr, func(city string, degrees int) {
			show(city, degrees)
			if degrees == 19 {
				stop()
			}
		}, "eu.")
	}()
	if err := pub.AwaitSubscriptions(ctx, 1); err != nil {
		log.Fatal(err)
	}
	for n := range 5 {
		if err := report(ctx, pub, n); err != nil {
			log.Fatal(err)
		}
	}
	if err := <-followed; err != nil {
		log.Fatal(err)
	}
	// Output:
	// Paris 15
	// Berlin 16
	// Paris 18
	// Berlin 19
}
