// Streaming serves results that come item by item.
//
//	go run ./examples/streaming
//
// service.py is the same service in Python, client.py calls either.
package main

import (
	"context"
	"fmt"
	"iter"
	"log"
	"os"
	"os/signal"

	"github.com/zrpc-go/zrpc/zrpc"
)

// Counter is the service; the names of its methods on the wire are "streaming_range" and "countdown".
type Counter struct{}

// StreamingRange yields the numbers from fr up to, not including, to. It makes an item when the caller has room for
// one, so a slow caller holds it back, and it ends when the caller stops reading.
func (Counter) StreamingRange(fr, to, step int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for n := fr; n < to; n += step {
			if !yield(n) {
				return
			}
		}
	}
}

// Countdown yields n down to 1, and then an error: a stream may fail at any item.
func (Counter) Countdown(ctx context.Context, n int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for ; n > 0; n-- {
			if !yield(n, nil) {
				return
			}
		}
		yield(0, &LaunchError{"no rocket"})
	}
}

// LaunchError is what Countdown ends in. Callers see the name "LaunchError", the type's, and the text.
type LaunchError struct{ Reason string }

func (e *LaunchError) Error() string { return e.Reason }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	srv := zrpc.NewServer(nil)
	if err := srv.Register(Counter{}); err != nil {
		log.Fatal(err)
	}
	addr, err := srv.Bind("tcp://127.0.0.1:4242")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("serving on", addr)
	if err := srv.Serve(ctx); err != nil {
		log.Fatal(err)
	}
}
