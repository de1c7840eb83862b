package socket

import (
	"context"
	"testing"
)

// BenchmarkPushPull measures a stream of 100-byte messages over loopback TCP.
func BenchmarkPushPull(b *testing.B) {
	push, pull := NewPush(soon()), NewPull(soon())
	defer push.Close()
	defer pull.Close()
	connect(b, push, bind(b, pull, "tcp://127.0.0.1:*"))
	available(b, push.out, 1)
	msg := make([]byte, 100)
	b.ReportAllocs()
	b.ResetTimer()
	go func() {
		for range b.N {
			_ = push.Send(context.Background(), msg)
		}
	}()
	for range b.N {
		if _, err := pull.Recv(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPubSub measures deliveries of 100-byte messages to 8 subscribers.
// The publisher keeps in step with the first, so that little is dropped.
func BenchmarkPubSub(b *testing.B) {
	pub := NewPub(soon())
	defer pub.Close()
	ep := bind(b, pub, "tcp://127.0.0.1:*")
	const subs = 8
	window := make(chan struct{}, 500)
	for i := range subs {
		s := NewSub(soon())
		defer s.Close()
		_ = s.Subscribe("")
		connect(b, s, ep)
		go func() {
			for {
				if _, err := s.Recv(context.Background()); err != nil {
					return
				}
				if i == 0 {
					<-window
				}
			}
		}()
	}
	wait(b, "all have subscribed", func() bool { return pub.Subscriptions() == subs })
	msg := make([]byte, 100)
	b.ReportAllocs()
	for b.Loop() {
		window <- struct{}{}
		if err := pub.Send(context.Background(), msg); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*subs-int(pub.Stats().DroppedFull))/b.Elapsed().Seconds(), "deliveries/s")
}

// BenchmarkDealerRouter measures a ping-pong with one message in flight.
func BenchmarkDealerRouter(b *testing.B) {
	dealer, router := NewDealer(soon()), NewRouter(soon())
	defer dealer.Close()
	defer router.Close()
	connect(b, dealer, bind(b, router, "tcp://127.0.0.1:*"))
	go func() {
		for {
			m, err := router.Recv(context.Background())
			if err != nil {
				return
			}
			_ = router.Send(context.Background(), m...)
		}
	}()
	msg := []byte("0123456789")
	b.ReportAllocs()
	for b.Loop() {
		if err := dealer.Send(context.Background(), nil, msg); err != nil {
			b.Fatal(err)
		}
		if _, err := dealer.Recv(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}

// A message costs the sender nothing but the copy into the queue, and the
// receiver its frames and the buffer they lie in.
func TestAllocations(t *testing.T) {
	pull, push := closing(t, NewPull(soon())), closing(t, NewPush(soon()))
	connect(t, push, bind(t, pull, anyEndpoint(t, "inproc")))
	available(t, push.out, 1)
	a, b := []byte("topic"), make([]byte, 100)
	ctx := context.Background()
	n := testing.AllocsPerRun(2000, func() {
		if push.Send(ctx, a, b) != nil {
			t.Fatal("not sent")
		}
		if _, err := pull.Recv(ctx); err != nil {
			t.Fatal(err)
		}
	})
	// The race detector and the odd growth of a buffer allow for one more; a
	// reader that parks gives its batch back and makes a new one.
	if n > 5 {
		t.Fatalf("%v allocations a message", n)
	}
}
