package socket

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Close lets queued messages go out, for as long as Linger says. The bubble
// fails if a goroutine of a closed socket is left.
func TestLinger(t *testing.T) {
	for _, tc := range []struct {
		why    string
		linger time.Duration
		reads  bool // whether the peer reads
		want   time.Duration
	}{
		{"all goes out at once", time.Hour, true, 0},
		{"a peer that does not read is waited for", 0, false, defaultLinger},
		{"a shorter linger", 10 * time.Millisecond, false, 10 * time.Millisecond},
		{"none", -1, false, 0},
	} {
		t.Run(tc.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				push := NewPush(Options{Linger: tc.linger})
				ep := bind(t, push, "inproc://"+t.Name())
				peer := rawInproc(t, ep, "PULL", "")
				synctest.Wait()
				const n = 20 // five times what the pipe takes
				for range n {
					send(t, push, string(big))
				}
				var wg sync.WaitGroup
				if tc.reads {
					wg.Go(func() {
						got := peer.read(n * (9 + len(big)))
						if !bytes.HasSuffix(got, big) {
							t.Error("the last message is not whole")
						}
						peer.ends("everything has been sent")
						peer.Close()
					})
				}
				start := time.Now()
				push.Close()
				if d := time.Since(start); d != tc.want {
					t.Errorf("Close took %v, want %v", d, tc.want)
				}
				wg.Wait()
				peer.Close()
			})
		})
	}
}

// Close ends whatever waits: Recv, Send, a dial, a handshake on either side, a
// reader whose queue is full, and a second Close.
func TestCloseEndsAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		name := "inproc://" + t.Name()
		_, stop := playServer(t, name+"-silent", nil)
		router, dealer := NewRouter(Options{RecvHWM: 1}), NewDealer(Options{})
		bind(t, router, name)
		half, err := dialInproc(t.Context(), endpoint{name: name[len("inproc://"):]})
		if err != nil {
			t.Fatal(err)
		}
		connect(t, dealer, name+"-never-bound")
		connect(t, dealer, name+"-silent")
		talker := rawInproc(t, name, "DEALER", "")
		for range 10 {
			talker.write(frames("x"))
		}
		synctest.Wait()
		var wg sync.WaitGroup
		want := func(why string, f func() error) {
			wg.Go(func() {
				if err := f(); !errors.Is(err, ErrClosed) {
					t.Errorf("%s: %v, want ErrClosed", why, err)
				}
			})
		}
		want("Send waits for a peer", func() error { return dealer.Send(t.Context(), nil) })
		want("Recv waits for a message", func() error { return second2(dealer.Recv(t.Context())) })
		want("another Recv", func() error { return second2(dealer.Recv(t.Context())) })
		synctest.Wait()
		start := time.Now()
		for range 2 {
			wg.Go(func() { router.Close() })
			wg.Go(func() { dealer.Close() })
		}
		wg.Wait()
		if d := time.Since(start); d > defaultLinger {
			t.Errorf("closing took %v", d)
		}
		// What was received before is still there, then the end.
		wantRecv(t, "received before Close", router, join([][]byte{recvID(router), []byte("x")}))
		for err == nil {
			_, err = router.Recv(t.Context())
		}
		if !errors.Is(err, ErrClosed) {
			t.Errorf("in the end: %v", err)
		}
		half.Close()
		talker.Close()
		stop()
	})
}

// recvID returns the routing id of the message that Recv would return.
func recvID(r *Router) []byte {
	r.in.mu.Lock()
	defer r.in.mu.Unlock()
	b := r.in.head.msgs.head
	id, _ := b.msgs[b.at].First()
	return id
}

// A cancelled call takes nothing with it.
func TestContexts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pull, push := NewPull(Options{}), NewPush(Options{})
		defer pull.Close()
		defer push.Close()
		var wg sync.WaitGroup
		ctx, cancel := context.WithCancel(t.Context())
		for range 3 {
			wg.Go(func() {
				if _, err := pull.Recv(ctx); err != context.Canceled {
					t.Errorf("a cancelled Recv: %v", err)
				}
				if err := push.Send(ctx, nil); err != context.Canceled {
					t.Errorf("a cancelled Send: %v", err)
				}
			})
		}
		synctest.Wait()
		cancel()
		wg.Wait()
		connect(t, push, bind(t, pull, "inproc://"+t.Name()))
		send(t, push, "x")
		wantRecv(t, "the cancelled ones took nothing", pull, "x")
		pub := NewPub(Options{})
		defer pub.Close()
		router := NewRouter(Options{})
		defer router.Close()
		if pub.Send(ctx, nil) != context.Canceled || router.Send(ctx, nil, nil) != context.Canceled {
			t.Error("what does not wait looks at its context before")
		}
	})
}

// Many receivers share a queue: every message goes to one of them.
func TestManyReceivers(t *testing.T) {
	pull := closing(t, NewPull(soon()))
	ep := bind(t, pull, anyEndpoint(t, "tcp"))
	const senders, receivers, each = 4, 8, 500
	got := make(chan string, senders*each)
	var wg sync.WaitGroup
	ctx, cancel := context.WithCancel(ctxT(t))
	for range receivers {
		wg.Go(func() {
			for {
				m, err := pull.Recv(ctx)
				if err != nil {
					return
				}
				got <- join(m)
			}
		})
	}
	for s := range senders {
		push := closing(t, NewPush(soon()))
		connect(t, push, ep)
		wg.Go(func() {
			for i := range each {
				send(t, push, fmt.Sprint(s), fmt.Sprint(i))
			}
		})
	}
	seen := map[string]bool{}
	for range senders * each {
		select {
		case m := <-got:
			seen[m] = true
		case <-ctx.Done():
			t.Fatalf("%d of %d arrived", len(seen), senders*each)
		}
	}
	cancel()
	wg.Wait()
	if len(seen) != senders*each {
		t.Fatalf("%d different ones of %d", len(seen), senders*each)
	}
}

// Frames belong to the receiver, small ones and such as come in a buffer of
// their own: later messages leave them alone, and so does appending to one.
func TestFramesAreOwned(t *testing.T) {
	pull, push := closing(t, NewPull(soon())), closing(t, NewPush(soon()))
	connect(t, push, bind(t, pull, anyEndpoint(t, "tcp")))
	router, dealer := closing(t, NewRouter(soon())), closing(t, NewDealer(soon()))
	connect(t, dealer, bind(t, router, anyEndpoint(t, "tcp")))
	var kept [][][]byte
	for i := range 50 {
		a, b := fmt.Sprint(i), bytes.Repeat([]byte{byte(i)}, 1+i*3000) // up to 150 KB
		send(t, push, a, string(b))
		send(t, dealer, a, string(b))
		kept = append(kept, recvFrames(t, pull), recvFrames(t, router)[1:])
	}
	for k, m := range kept {
		i := k / 2
		_ = append(m[0], "overwrites"...)
		if string(m[0]) != fmt.Sprint(i) || !bytes.Equal(m[1], bytes.Repeat([]byte{byte(i)}, 1+i*3000)) {
			t.Fatalf("message %d was changed after it was received", i)
		}
	}
}

// A peer's id in a message is a copy: writing to it harms nobody.
func TestRoutingIDIsACopy(t *testing.T) {
	router := closing(t, NewRouter(soon()))
	peer := rawInproc(t, bind(t, router, anyEndpoint(t, "inproc")), "DEALER", "me")
	for _, size := range []int{1, 100} {
		peer.write(frames(string(make([]byte, size))))
		m := recvFrames(t, router)
		m[0][0] = 'X'
		if router.Peer([]byte("me")) == nil || string(router.Peers()[0].RoutingID) != "me" {
			t.Fatal("the peer's own id was changed")
		}
	}
}

// What peers leave behind is bounded in all.
func TestOrphans(t *testing.T) {
	pull := closing(t, NewPull(Options{RecvBytes: 8 << 20}))
	ep := bind(t, pull, anyEndpoint(t, "inproc"))
	const each = 100
	for i := range 12 { // 12 times 1.6 MB; 16 MiB are kept
		peer := rawInproc(t, ep, "PUSH", "")
		for range each {
			peer.write(append([]byte{2, 0, 0, 0, 0, 0, 0, 0x40, 0}, big...))
		}
		// Closed only when all is in, so that the count below is certain.
		wait(t, "all of it is queued", func() bool { return queued(pull.in) == min(i+1, 11)*each || queued(pull.in) == (i+1)*each })
		peer.Close()
		peers(t, pull, 0)
	}
	wait(t, "what is too much is dropped and counted", func() bool { return pull.Stats().DroppedGone > 0 })
	n := 0
	for ; queued(pull.in) > 0; n++ {
		recvFrames(t, pull)
	}
	if want := orphanBytesAll / (each * (len(big) + messageCost)) * each; n != want || int(pull.Stats().DroppedGone) != 12*each-want {
		t.Fatalf("%d received and %d dropped, want %d of %d", n, pull.Stats().DroppedGone, want, 12*each)
	}
	pull.in.mu.Lock()
	defer pull.in.mu.Unlock()
	if pull.in.inboxes != 0 || pull.in.orphanBytes != 0 || pull.in.tail != nil {
		t.Fatalf("left: %d inboxes, %d bytes", pull.in.inboxes, pull.in.orphanBytes)
	}
}

// The receive queues of all peers share one limit.
func TestSharedLimit(t *testing.T) {
	q := newFairQueue(New(Options{}))
	in := &inbox{room: make(chan struct{}, 1)}
	one := []Received{{}}
	in.msgs.push(one)
	in.bytes = defaultRecvBytes / 2
	for _, tc := range []struct {
		inboxes int
		full    bool
	}{{1, false}, {32, false}, {100, true}} {
		if q.inboxes = tc.inboxes; (q.roomLocked(in, one) == 0) != tc.full {
			t.Errorf("with %d peers half a MiB is full: %v", tc.inboxes, !tc.full)
		}
	}
	if q.inboxes = 1 << 20; q.roomLocked(&inbox{}, one) == 0 {
		t.Error("an empty inbox takes one message, however many there are")
	}
}

// A socket without Serve reads and drops; Serve is given every peer.
func TestServe(t *testing.T) {
	idle := closing(t, New(Options{Type: "PULL"}))
	push := closing(t, NewPush(soon()))
	connect(t, push, bind(t, idle, anyEndpoint(t, "inproc")))
	for range 5000 { // more than all queues between hold
		send(t, push, "dropped")
	}
	came := make(chan *Peer)
	s := closing(t, New(Options{Type: "ROUTER", Serve: func(p *Peer) {
		came <- p
		discard(p)
		came <- p
	}}))
	ep := bind(t, s, anyEndpoint(t, "inproc"))
	raw := rawInproc(t, ep, "DEALER", "me")
	p := <-came
	if string(p.RoutingID) != "me" || p.Endpoint != ep || !p.Accepted || s.Peer([]byte("me")) != p {
		t.Fatalf("Serve was given %+v", p)
	}
	raw.Close()
	<-came
	wait(t, "the peer is gone when Serve returns", func() bool { return s.Peer([]byte("me")) == nil })
}
