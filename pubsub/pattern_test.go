package pubsub

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// patterns are the two, each with its sender and its receiver.
var patterns = []struct {
	name string
	make func() (linker, emitter, linker, source)
}{
	{"publish", func() (linker, emitter, linker, source) {
		p, s := NewPublisher(nil), NewSubscriber(nil)
		return p, p, s, s
	}},
	{"push", func() (linker, emitter, linker, source) {
		p, s := NewPusher(nil), NewPuller(nil)
		return p, p, s, s
	}},
}

// Either side may bind, over any transport, and events keep their order.
func TestEveryWayRound(t *testing.T) {
	for _, p := range patterns {
		for _, endpoint := range []string{"inproc", "tcp", "ipc"} {
			for _, senderBinds := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s %s, sender binds: %v", p.name, endpoint, senderBinds), func(t *testing.T) {
					at := map[string]string{"inproc": inproc(t), "tcp": "tcp://127.0.0.1:*", "ipc": "ipc://*"}[endpoint]
					from, out, to, in := p.make()
					closing(t, from)
					closing(t, to)
					if senderBinds {
						connect(t, to, bind(t, from, at))
					} else {
						connect(t, from, bind(t, to, at))
					}
					if pub, ok := from.(*Publisher); ok {
						await(t, pub, 1)
					}
					for i := range 500 { // fewer than any queue holds
						emit(t, out, "n", i)
					}
					for i := range 500 {
						if got, want := receive(t, in), fmt.Sprintf("n|%d", i); got != want {
							t.Fatalf("received %s, want %s", got, want)
						}
					}
					if s := from.Stats(); s.Emitted != 500 || s.Peers != 1 || s.Dropped != (Drops{}) {
						t.Errorf("sender: %+v", s)
					}
					if s := to.Stats(); s.Received != 500 || s.Peers != 1 || s.Dropped != (Drops{}) {
						t.Errorf("receiver: %+v", s)
					}
				})
			}
		}
	}
}

// Every subscriber gets every event; a pusher's go round.
func TestManyReceivers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pub, push := closing(t, NewPublisher(nil)), closing(t, NewPusher(nil))
		bind(t, pub, inproc(t)+"/pub")
		bind(t, push, inproc(t)+"/push")
		var subs []*Subscriber
		var pulls []*Puller
		for range 3 {
			sub, pull := closing(t, NewSubscriber(nil)), closing(t, NewPuller(nil))
			connect(t, sub, inproc(t)+"/pub")
			connect(t, pull, inproc(t)+"/push")
			subs, pulls = append(subs, sub), append(pulls, pull)
		}
		await(t, pub, 3)
		synctest.Wait() // all pullers are there
		for i := range 9 {
			emit(t, pub, "n", i)
			emit(t, push, "n", i)
		}
		for _, sub := range subs {
			for i := range 9 {
				if got := receive(t, sub); got != fmt.Sprintf("n|%d", i) {
					t.Fatalf("subscriber: %s, want number %d", got, i)
				}
			}
		}
		seen := map[string]bool{}
		for _, pull := range pulls {
			for range 3 { // its turn comes every third time
				seen[receive(t, pull)] = true
			}
		}
		if len(seen) != 9 {
			t.Errorf("pullers got %v, want each number once", seen)
		}
	})
}

// A pusher without pullers, or whose pullers are full, waits as long as its
// context; nothing that it took is lost when a puller comes late.
func TestPusherWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		push := closing(t, NewPusher(&Options{HWM: 4}))
		connect(t, push, inproc(t))
		ctx, cancel := contextFor(t, time.Minute)
		defer cancel()
		begun := time.Now()
		if err := push.Emit(ctx, "n", 0); !errors.Is(err, errDeadline) || time.Since(begun) != time.Minute {
			t.Fatalf("without a puller: %v after %v", err, time.Since(begun))
		}
		pull := closing(t, NewPuller(&Options{HWM: 4}))
		bind(t, pull, inproc(t))
		sent := 0
		payload := make([]byte, 32<<10) // two of them fill the pipe in between
		for {
			ctx, cancel := contextFor(t, time.Second)
			err := push.Emit(ctx, "n", sent, payload)
			cancel()
			if errors.Is(err, errDeadline) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			sent++
		}
		if sent < 8 || sent > 16 {
			t.Fatalf("%d events were taken; two queues of 4, a pipe of 2 and what is on its way hold a dozen", sent)
		}
		for i := range sent {
			if got := receive(t, pull); got != fmt.Sprintf("n|%d", i) {
				t.Fatalf("received %s, want number %d", got, i)
			}
		}
		if s := push.Stats(); s.Emitted != uint64(sent) || s.Dropped.Total() != 0 {
			t.Errorf("stats %+v, want %d emitted and none dropped", s, sent)
		}
	})
}

// A subscriber gets what is emitted after its subscription has come, and nothing
// from before.
func TestLateSubscriber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pub := closing(t, NewPublisher(nil))
		bind(t, pub, inproc(t))
		emit(t, pub, "early")
		ctx, cancel := contextFor(t, time.Second)
		defer cancel()
		if err := pub.AwaitSubscriptions(ctx, 1); !errors.Is(err, errDeadline) {
			t.Fatalf("nobody has subscribed: %v", err)
		}
		sub := closing(t, NewSubscriber(nil))
		connect(t, sub, inproc(t))
		await(t, pub, 1)
		emit(t, pub, "late")
		if got := receive(t, sub); got != "late|<nil>" {
			t.Errorf("received %s first", got)
		}
	})
}

// When a bound side goes and another comes at the same place, the connected side
// finds it and subscribes again.
func TestReconnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sub, pull := closing(t, NewSubscriber(nil)), closing(t, NewPuller(nil))
		if err := sub.Subscribe("a"); err != nil {
			t.Fatal(err)
		}
		connect(t, sub, inproc(t)+"/pub")
		connect(t, pull, inproc(t)+"/push")
		for i := range 3 {
			pub, push := NewPublisher(nil), NewPusher(nil)
			bind(t, pub, inproc(t)+"/pub")
			bind(t, push, inproc(t)+"/push")
			await(t, pub, 1)
			emit(t, pub.Topic("a"), "n", i)
			emit(t, push, "n", i)
			// Close lets what is queued go out.
			pub.Close()
			push.Close()
			if got := receive(t, sub); got != fmt.Sprintf("a|n|%d", i) {
				t.Fatalf("subscriber received %s", got)
			}
			if got := receive(t, pull); got != fmt.Sprintf("n|%d", i) {
				t.Fatalf("puller received %s", got)
			}
		}
	})
}

// Unbind and Disconnect end what Bind and Connect began.
func TestUnbindAndDisconnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		push, pull := closing(t, NewPusher(nil)), closing(t, NewPuller(nil))
		bind(t, pull, inproc(t))
		connect(t, push, inproc(t))
		emit(t, push, "n", 1)
		if got := receive(t, pull); got != "n|1" {
			t.Fatalf("received %s", got)
		}
		if err := errors.Join(push.Disconnect(inproc(t)), pull.Unbind(inproc(t))); err != nil {
			t.Fatal(err)
		}
		wait(t, "the connection ends", func() bool { return pull.Stats().Peers == 0 })
		if push.Disconnect(inproc(t)) == nil || pull.Unbind(inproc(t)) == nil {
			t.Error("doing it twice is no error")
		}
	})
}

// What is closed says so.
func TestClosed(t *testing.T) {
	pub, push, sub := NewPublisher(nil), NewPusher(nil), NewSubscriber(nil)
	for range 2 { // the second time nothing is left to do
		pub.Close()
		push.Close()
		sub.Close()
	}
	_, bindErr := pub.Bind("inproc://closed")
	for what, err := range map[string]error{
		"publish":     pub.Emit(t.Context(), "n"),
		"push":        push.Emit(t.Context(), "n"),
		"await":       pub.AwaitSubscriptions(t.Context(), 1),
		"subscribe":   sub.Subscribe("a"),
		"unsubscribe": sub.Unsubscribe(""),
		"bind":        bindErr,
		"connect":     push.Connect("inproc://closed"),
	} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("%s: %v, want ErrClosed", what, err)
		}
	}
	if _, err := next(t.Context(), sub); !errors.Is(err, ErrClosed) {
		t.Errorf("receiving: %v, want ErrClosed", err)
	}
}
