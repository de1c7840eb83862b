// Pipeline spreads work over processes and collects the results.
//
//	go run ./examples/pipeline work      # a worker; start as many as there are processors
//	go run ./examples/pipeline           # pushes ten tasks, prints what comes of them
//
//	pusher ──square──▶ workers ──squared──▶ puller
//
// worker.py and pipeline.py are the same two in Python: any of them works with any other.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"

	"github.com/zrpc-go/zrpc/pubsub"
)

const tasks = 10

func main() {
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	do := run
	if len(os.Args) == 2 && os.Args[1] == "work" {
		do = work
	}
	if err := do(ctx, "tcp://127.0.0.1:4244", "tcp://127.0.0.1:4245"); err != nil {
		log.Fatal(err)
	}
}

// run binds both ends, so that workers may come and go.
func run(ctx context.Context, tasksAt, resultsAt string) error {
	push, pull := pubsub.NewPusher(nil), pubsub.NewPuller(nil)
	defer push.Close()
	defer pull.Close()
	if _, err := push.Bind(tasksAt); err != nil {
		return err
	}
	if _, err := pull.Bind(resultsAt); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	sum, results := 0, 0
	pull.Handle("squared", func(n, square int) {
		sum += square
		if results++; results == tasks {
			fmt.Println("sum of squares", sum)
			stop()
		}
	})
	for n := range tasks {
		if err := push.Emit(ctx, "square", n); err != nil { // waits for a worker
			return err
		}
	}
	return pull.Serve(ctx)
}

func work(ctx context.Context, tasksAt, resultsAt string) error {
	push, pull := pubsub.NewPusher(nil), pubsub.NewPuller(nil)
	defer push.Close()
	defer pull.Close()
	pull.Handle("square", func(ctx context.Context, n int) error { return push.Emit(ctx, "squared", n, n*n) })
	if err := push.Connect(resultsAt); err != nil {
		return err
	}
	if err := pull.Connect(tasksAt); err != nil {
		return err
	}
	return pull.Serve(ctx)
}
