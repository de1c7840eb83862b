package pubsub_test

import (
	"context"
	"testing"

	"github.com/zrpc-go/zrpc/pubsub"
)

func TestPushPull(t *testing.T) {
	push, pull := pubsub.NewPusher(nil), pubsub.NewPuller(nil)
	defer push.Close()
	defer pull.Close()
	endpoint, err := pull.Bind("tcp://127.0.0.1:*")
	if err != nil {
		t.Fatal(err)
	}
	if err := push.Connect(endpoint); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var got []int
	pull.Handle("tick", func(n int) {
		if n == 3 {
			panic("a handler that panics does not end Serve")
		}
		got = append(got, n)
		if n == 9 {
			cancel()
		}
	})
	for n := range 10 {
		if err := push.Emit(ctx, "tick", n); err != nil {
			t.Fatal(err)
		}
		if err := push.Emit(ctx, "nobody", n); err != nil {
			t.Fatal(err)
		}
	}
	if err := pull.Serve(ctx); err != nil {
		t.Fatal(err)
	}
	if len(got) != 9 || got[0] != 0 || got[8] != 9 {
		t.Errorf("got %v, want 0 to 9 without 3", got)
	}
}

func TestPublishSubscribe(t *testing.T) {
	pub := pubsub.NewPublisher(nil)
	defer pub.Close()
	endpoint, err := pub.Bind("inproc://pubsub-test")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan string, 2)
	for range 2 {
		sub := pubsub.NewSubscriber(nil)
		defer sub.Close()
		if err := sub.Connect(endpoint); err != nil {
			t.Fatal(err)
		}
		go func() {
			for e, err := range sub.Events(ctx) {
				var text string
				if err == nil {
					err = e.Decode(&text)
				}
				if err != nil {
					text = err.Error()
				}
				done <- text
				return
			}
		}()
	}
	for received := 0; received < 2; {
		// A publisher does not wait for subscribers, so go on until both have it.
		if err := pub.Emit(ctx, "news", "héllo"); err != nil {
			t.Fatal(err)
		}
		select {
		case text := <-done:
			if text != "héllo" {
				t.Fatalf("received %q", text)
			}
			received++
		default:
		}
	}
}
