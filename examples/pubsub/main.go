// Pubsub publishes the weather of some cities to whoever listens.
//
//	go run ./examples/pubsub                  # publishes until interrupted
//	go run ./examples/pubsub follow [eu.]     # prints everything, or what has a topic with that prefix
//
// publisher.py and subscriber.py are the same two in Python: any of them works with any other, but Python's have no topics.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"time"

	"github.com/zrpc-go/zrpc/pubsub"
)

const endpoint = "tcp://127.0.0.1:4243"

var cities = []struct{ topic, name string }{{"eu.fr.", "Paris"}, {"eu.de.", "Berlin"}, {"us.", "Chicago"}}

func main() {
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := errors.New("usage: pubsub | pubsub follow [TOPIC…]")
	if args := os.Args[1:]; len(args) == 0 {
		err = publish(ctx)
	} else if args[0] == "follow" {
		err = follow(ctx, endpoint, show, args[1:]...)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// publish never waits for a subscriber, and does not know whether there is one.
func publish(ctx context.Context) error {
	pub := pubsub.NewPublisher(nil)
	defer pub.Close()
	addr, err := pub.Bind(endpoint)
	if err != nil {
		return err
	}
	log.Println("publishing on", addr)
	for n := 0; ctx.Err() == nil; n++ {
		if err := report(ctx, pub, n); err != nil {
			return err
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
	}
	return nil
}

func report(ctx context.Context, pub *pubsub.Publisher, n int) error {
	city := cities[n%len(cities)]
	return pub.Topic(city.topic).Emit(ctx, "weather", city.name, 15+n)
}

func show(city string, degrees int) { fmt.Println(city, degrees) }

func follow(ctx context.Context, endpoint string, handler any, topics ...string) error {
	sub := pubsub.NewSubscriber(nil)
	defer sub.Close()
	if err := sub.Handle("weather", handler); err != nil {
		return err
	}
	sub.Subscribe(topics...) // without any: everything
	if err := sub.Connect(endpoint); err != nil {
		return err
	}
	return sub.Serve(ctx)
}
