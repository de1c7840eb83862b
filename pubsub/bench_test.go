package pubsub

import (
	"fmt"
	"testing"
)

// BenchmarkPublish is one event to so many subscribers over TCP, in step with
// the first of them.
func BenchmarkPublish(b *testing.B) {
	for _, n := range []int{0, 1, 10} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			pub := NewPublisher(nil)
			defer pub.Close()
			at, err := pub.Bind("tcp://127.0.0.1:*")
			if err != nil {
				b.Fatal(err)
			}
			for range n {
				sub := NewSubscriber(nil)
				defer sub.Close()
				if err := sub.Connect(at); err != nil {
					b.Fatal(err)
				}
				go func() {
					for range sub.Events(b.Context()) {
					}
				}()
			}
			if err := pub.AwaitSubscriptions(b.Context(), n); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := pub.Emit(b.Context(), "tick", 42, "text"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkPush is one event through a pusher to a puller's handler over TCP.
func BenchmarkPush(b *testing.B) {
	push, pull := NewPusher(nil), NewPuller(nil)
	defer push.Close()
	at, err := pull.Bind("tcp://127.0.0.1:*")
	if err != nil {
		b.Fatal(err)
	}
	if err := pull.Handle("tick", func(int, string) {}); err != nil {
		b.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- pull.Serve(b.Context()) }()
	defer func() {
		pull.Close()
		<-served
	}()
	if err := push.Connect(at); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := push.Emit(b.Context(), "tick", 42, "text"); err != nil {
			b.Fatal(err)
		}
	}
}
