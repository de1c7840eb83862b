package pubsub_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/pubsub"
)

// A publisher and two subscribers, one of which wants a topic only.
func Example() {
	ctx := context.Background()
	pub := pubsub.NewPublisher(nil)
	defer pub.Close()
	addr, err := pub.Bind("tcp://127.0.0.1:*") // any free port
	if err != nil {
		log.Fatal(err)
	}

	all, europe := pubsub.NewSubscriber(nil), pubsub.NewSubscriber(nil)
	defer all.Close()
	defer europe.Close()
	europe.Subscribe("eu.") // before Connect
	all.Connect(addr)
	europe.Connect(addr)

	pub.AwaitSubscriptions(ctx, 2) // or what follows is for nobody
	pub.Emit(ctx, "tick", 1)
	pub.Topic("us.").Emit(ctx, "tick", 2)
	pub.Topic("eu.").Emit(ctx, "tick", 3)

	for name, sub := range map[string]*pubsub.Subscriber{"all": all, "europe": europe} {
		for e, err := range sub.Events(ctx) {
			var n int
			if err != nil || e.Decode(&n) != nil {
				log.Fatal(err)
			}
			fmt.Printf("%s: %s%s %d\n", name, e.Topic, e.Name, n)
			if n == 3 {
				break
			}
		}
	}
	// Unordered output:
	// all: tick 1
	// all: us.tick 2
	// all: eu.tick 3
	// europe: eu.tick 3
}

// Work is pushed to whoever has room for it; here three handlers at a time.
func ExamplePuller() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	push, pull := pubsub.NewPusher(nil), pubsub.NewPuller(&pubsub.Options{Concurrency: 3})
	defer push.Close()
	defer pull.Close()
	addr, err := pull.Bind("tcp://127.0.0.1:*")
	if err != nil {
		log.Fatal(err)
	}
	push.Connect(addr)

	sums := make(chan int)
	pull.Handle("add", func(ctx context.Context, a, b int) error {
		select {
		case sums <- a + b:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	go pull.Serve(ctx) // until ctx ends

	total := 0
	for n := range 10 {
		if err := push.Emit(ctx, "add", n, 1); err != nil {
			log.Fatal(err)
		}
		total += <-sums
	}
	fmt.Println(total)
	// Output: 55
}

// A user's name goes from the context of Emit to that of the handler, and what has
// none is refused.
func ExampleInterceptor() {
	type user struct{}
	send := func(next pubsub.Handler) pubsub.Handler {
		return func(ctx context.Context, e *pubsub.Event) error {
			if name := ctx.Value(user{}); name != nil {
				if err := e.SetHeader("user", name); err != nil {
					return err
				}
			}
			return next(ctx, e)
		}
	}
	receive := func(next pubsub.Handler) pubsub.Handler {
		return func(ctx context.Context, e *pubsub.Event) error {
			raw, ok := e.Header("user")
			if !ok {
				return errors.New("who are you?") // next is not called
			}
			name, _ := event.Text(raw)
			return next(context.WithValue(ctx, user{}, string(name)), e)
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	push := pubsub.NewPusher(&pubsub.Options{Interceptors: []pubsub.Interceptor{send}})
	defer push.Close()
	pull := pubsub.NewPuller(&pubsub.Options{
		Interceptors: []pubsub.Interceptor{receive},
		OnError:      func(e *pubsub.Event, err error) { fmt.Println(e.Name, "refused:", err) },
	})
	defer pull.Close()
	pull.Bind("inproc://interceptor-example")
	push.Connect("inproc://interceptor-example")

	pull.Handle("paid", func(ctx context.Context, order int) {
		fmt.Println("order", order, "of", ctx.Value(user{}))
		stop()
	})
	push.Emit(ctx, "paid", 6)
	push.Emit(context.WithValue(ctx, user{}, "ann"), "paid", 7)
	pull.Serve(ctx)
	// Output:
	// paid refused: who are you?
	// order 7 of ann
}

// A header goes beside the arguments: Python's middleware and other handlers
// need not know of it.
func ExampleEmitter_WithHeader() {
	ctx, stop := context.WithCancel(context.Background())
	push, pull := pubsub.NewPusher(nil), pubsub.NewPuller(nil)
	defer push.Close()
	defer pull.Close()
	pull.Bind("inproc://header-example")
	push.Connect("inproc://header-example")

	pull.Handle("paid", func(ctx context.Context, order int) {
		defer stop()
		e, _ := pubsub.FromContext(ctx)
		raw, _ := e.Header("trace_id")
		var trace string
		err := event.Decode(raw, &trace)
		fmt.Println("order", order, "trace", trace, err)
	})
	push.WithHeader("trace_id", "T1").Emit(ctx, "paid", 7)
	pull.Serve(ctx)
	// Output: order 7 trace T1 <nil>
}
