package socket

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// These tests quote the clauses that they check, of RFC 28 (REQREP: DEALER and
// ROUTER), 29 (PUBSUB) and 30 (PIPELINE). Two clauses are not met on purpose:
//
//   - "SHALL maintain the queue whether or not the connection is established":
//     a connection that does not exist yet has no queue here, Send waits for it
//     (libzmq's ZMQ_IMMEDIATE). What waits is then never lost with a connection.
//   - "If this peer disconnects, … SHALL discard any messages it contains" is
//     met for outgoing messages. Received ones are still delivered, as libzmq
//     does: the peer may well have sent its last message and gone.

// available waits until a balancer has n peers.
func available(t testing.TB, b *balancer, n int) {
	t.Helper()
	wait(t, fmt.Sprintf("%d peers to send to", n), func() bool { return len(*b.peers.Load()) == n })
}

// rawInproc connects a peer to an inproc endpoint that the test plays itself.
// Its buffers are small and their size is known: 64 KiB each way.
func rawInproc(t testing.TB, ep, typ, identity string) *raw {
	t.Helper()
	e, err := parseEndpoint(ep, false)
	if err != nil {
		t.Fatal(err)
	}
	nc, err := dialInproc(ctxT(t), e)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	return (&raw{nc, t}).shake(typ, identity)
}

// big is a message of which a few fill an in-memory connection.
var big = make([]byte, 16<<10)

// "SHALL route outgoing messages to available peers using a round-robin
// strategy" (RFC 28 DEALER, RFC 30 PUSH).
func TestSpecRoundRobin(t *testing.T) {
	push := closing(t, NewPush(soon()))
	ep := bind(t, push, anyEndpoint(t, "inproc"))
	var pulls []*Pull
	for range 3 {
		p := closing(t, NewPull(soon()))
		connect(t, p, ep)
		pulls = append(pulls, p)
	}
	available(t, push.out, 3)
	for range 9 {
		send(t, push, "x")
	}
	for _, p := range pulls {
		for range 3 {
			wantRecv(t, "a third for each peer", p, "x")
		}
	}
}

// "SHALL consider a peer as available only when it has a outgoing queue that
// is not full"; "SHALL NOT discard messages that it cannot queue".
func TestSpecFullPeerIsPassedOver(t *testing.T) {
	o := soon()
	o.Conn.SendHWM = 4
	push := closing(t, NewPush(o))
	ep := bind(t, push, anyEndpoint(t, "inproc"))
	stalled := rawInproc(t, ep, "PULL", "") // never reads
	good := closing(t, NewPull(soon()))
	connect(t, good, ep)
	available(t, push.out, 2)

	const n = 200
	got := make(chan int)
	go func() {
		k := 0
		for ctx := ctxT(t); ; k++ {
			m, err := good.Recv(ctx)
			if err != nil || len(m[0]) == 0 {
				break
			}
		}
		got <- k
	}()
	for range n {
		if err := push.Send(ctxT(t), big); err != nil {
			t.Fatalf("one stalled peer of two holds up Send: %v", err)
		}
	}
	// The stalled peer has what fits its pipe and its queue, and what is being
	// written, at most a queue taken as a whole; the good one has all else.
	stuck := 64<<10/len(big) + 2*o.Conn.SendHWM + 1
	if err := push.Send(ctxT(t), nil); err != nil {
		t.Fatal(err)
	}
	if k := <-got; k < n-stuck {
		t.Fatalf("the good peer got %d of %d, at most %d can be with the stalled one", k, n, stuck)
	}
	_ = stalled
}

// A full peer's turns are shared by the others; they do not all go to the one
// behind it.
func TestSpecRoundRobinAroundFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := soon()
		o.Conn.SendHWM = 4
		push := closing(t, NewPush(o))
		ep := bind(t, push, anyEndpoint(t, "inproc"))
		rawInproc(t, ep, "PULL", "") // never reads
		available(t, push.out, 1)
		for full := false; !full; {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			full = push.Send(ctx, big) != nil
			cancel()
		}
		a, b := closing(t, NewPull(soon())), closing(t, NewPull(soon()))
		for i, p := range []*Pull{a, b} {
			connect(t, p, ep)
			available(t, push.out, 2+i)
		}
		for range 3 {
			send(t, push, "x")
			send(t, push, "x")
			wantRecv(t, "one of two", a, "x")
			wantRecv(t, "the other", b, "x")
		}
	})
}

// "SHALL block on sending, or return a suitable error, when it has no
// available peers"; "SHALL not accept further messages".
func TestSpecNoPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dealer := closing(t, NewDealer(soon()))
		short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if err := dealer.Send(short, []byte("lost")); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("Send without a peer: %v", err)
		}
		ep := bind(t, dealer, anyEndpoint(t, "inproc"))
		sent := make(chan error)
		go func() { sent <- dealer.Send(ctxT(t), []byte("kept")) }()
		router := closing(t, NewRouter(soon()))
		connect(t, router, ep)
		if err := <-sent; err != nil {
			t.Fatalf("the peer that comes ends the wait: %v", err)
		}
		if m := recvFrames(t, router); string(m[1]) != "kept" {
			t.Fatalf("got %q, but the message whose Send failed was not accepted", m)
		}
	})
}

// Send waits while all peers are full and goes on when one of them reads.
func TestSpecAllFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := soon()
		o.Conn.SendHWM = 2
		push := closing(t, NewPush(o))
		ep := bind(t, push, anyEndpoint(t, "inproc"))
		peer := rawInproc(t, ep, "PULL", "")
		available(t, push.out, 1)
		fill := func() (n int) {
			for {
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				err := push.Send(ctx, big)
				cancel()
				if errors.Is(err, context.DeadlineExceeded) {
					return n
				}
				if err != nil {
					t.Fatal(err)
				}
				n++
			}
		}
		if n := fill(); n < 2 || n > 64<<10/len(big)+2*o.Conn.SendHWM+1 {
			t.Fatalf("%d messages of 16 KiB fit a pipe of 64 KiB and a queue of 2, beside what is being written", n)
		}
		sent := make(chan error)
		go func() { sent <- push.Send(ctxT(t), big) }()
		for range 5 {
			peer.read(9 + len(big))
		}
		if err := <-sent; err != nil {
			t.Fatalf("room ends the wait: %v", err)
		}
	})
}

// "SHALL receive incoming messages from its peers using a fair-queuing
// strategy" (DEALER, ROUTER, PULL, SUB share the queue).
func TestSpecFairQueue(t *testing.T) {
	router := closing(t, NewRouter(soon()))
	ep := bind(t, router, anyEndpoint(t, "inproc"))
	const n = 50
	for i := range 3 {
		p := rawInproc(t, ep, "DEALER", fmt.Sprintf("peer%d", i))
		for range n * (i + 1) { // the third sends most
			p.write(frames("m"))
		}
	}
	wait(t, "all are queued", func() bool { return queued(router.in) == 6*n })
	var order []string
	for range 3 * n {
		order = append(order, string(recvFrames(t, router)[0]))
	}
	for i := 0; i < len(order); i += 3 {
		a, b, c := order[i], order[i+1], order[i+2]
		if a == b || b == c || a == c {
			t.Fatalf("turn %d went to %s %s %s: each peer with input has one", i/3, a, b, c)
		}
	}
}

// queued counts the messages in a fair queue.
func queued(q *fairQueue) (n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for in := q.head; in != nil; in = in.next {
		n += in.msgs.n
	}
	return n
}

// "SHOULD constrain incoming … queue sizes to a runtime-configurable limit":
// the connection is then not read, and its neighbour is.
func TestSpecReceiveLimit(t *testing.T) {
	for _, tc := range []struct {
		why  string
		o    Options
		size int
	}{
		{"messages", Options{RecvHWM: 4}, 1},
		{"bytes", Options{RecvBytes: 64 << 10}, len(big)},
	} {
		t.Run(tc.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pull := closing(t, NewPull(tc.o))
				ep := bind(t, pull, anyEndpoint(t, "inproc"))
				eager := closing(t, NewPush(Options{}))
				connect(t, eager, ep)
				available(t, eager.out, 1)
				// The sender's queue, the pipe and the receiver's queue fill up.
				ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
				defer cancel()
				for eager.Send(ctx, big[:tc.size]) == nil {
				}
				if q := queued(pull.in); q == 0 || q > 8 {
					t.Fatalf("%d messages are queued, the limit is 4", q)
				}
				modest := closing(t, NewPush(soon()))
				connect(t, modest, ep)
				send(t, modest, "small")
				wait(t, "its message is read", func() bool {
					pull.in.mu.Lock()
					defer pull.in.mu.Unlock()
					return pull.in.head != pull.in.tail
				})
				first, second := recv(t, pull), recv(t, pull)
				if first != "small" && second != "small" {
					t.Fatal("the modest peer did not get its turn")
				}
			})
		})
	}
}

// "SHALL prefix each incoming message with a frame containing the identity of
// the originating double queue"; "SHALL identify each double queue using a
// unique identity"; "SHOULD allow the peer to specify its identity".
func TestSpecIdentity(t *testing.T) {
	router := closing(t, NewRouter(soon()))
	ep := bind(t, router, anyEndpoint(t, "inproc"))
	first := rawInproc(t, ep, "DEALER", "me")
	peers(t, router, 1)
	second := rawInproc(t, ep, "DEALER", "me")
	first.write(frames("1"))
	wantRecv(t, "the first to announce a name has it", router, "me|1")
	second.write(frames("2"))
	m := recvFrames(t, router)
	if id := m[0]; len(id) != 5 || id[0] != 0 {
		t.Fatalf("the second has id %q, want one of its own", id)
	}
	send(t, router, "me", "to first")
	send(t, router, string(m[0]), "to second")
	if got := string(first.read(10)[2:]); got != "to first" {
		t.Fatalf("first got %q", got)
	}
	if got := string(second.read(11)[2:]); got != "to second" {
		t.Fatalf("second got %q", got)
	}
}

// "SHALL either silently drop the message, or return an error, depending on
// configuration, if the queue does not exist, or is full"; "SHALL NOT block".
func TestSpecRouterDrops(t *testing.T) {
	for _, mandatory := range []bool{false, true} {
		t.Run(fmt.Sprintf("mandatory=%v", mandatory), func(t *testing.T) {
			o := soon()
			o.Conn.SendHWM, o.Mandatory = 2, mandatory
			router := closing(t, NewRouter(o))
			want := func(why string, got, want error) {
				t.Helper()
				if !mandatory {
					want = nil
				}
				if !errors.Is(got, want) {
					t.Fatalf("%s: %v, want %v", why, got, want)
				}
			}
			want("nobody is there", router.Send(t.Context(), []byte("who"), big), ErrUnroutable)
			ep := bind(t, router, anyEndpoint(t, "inproc"))
			peer := rawInproc(t, ep, "DEALER", "stalled")
			peers(t, router, 1)
			wait(t, "a peer that does not read is full", func() bool {
				err := router.Send(t.Context(), []byte("stalled"), big)
				if err != nil && !(mandatory && err == ErrFull) {
					t.Fatal(err)
				}
				return router.Stats().DroppedFull > 0
			})
			want("the queue is full", router.Send(t.Context(), []byte("stalled"), big), ErrFull)
			_ = peer.Close()
			peers(t, router, 0)
			want("the peer has gone", router.Send(t.Context(), []byte("stalled"), big), ErrUnroutable)
			if st := router.Stats(); st.DroppedUnroutable != 2 || st.DroppedFull < 2 {
				t.Fatalf("counted %+v", st)
			}
		})
	}
}

// "If this peer disconnects, the … socket SHALL destroy its double queue":
// what comes back is a new peer.
func TestSpecDisconnectedPeerLeavesBalance(t *testing.T) {
	dealer := closing(t, NewDealer(soon()))
	ep := bind(t, dealer, anyEndpoint(t, "inproc"))
	gone := rawInproc(t, ep, "ROUTER", "")
	available(t, dealer.out, 1)
	gone.write(frames("last words"))
	gone.Close()
	available(t, dealer.out, 0)
	wantRecv(t, "what it had sent is delivered", dealer, "last words")
}

// A source of connections that plays the server byte by byte.
func listenRaw(t testing.TB) (net.Listener, string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return ln, "tcp://" + ln.Addr().String()
}

func acceptRaw(t testing.TB, ln net.Listener) *raw {
	t.Helper()
	_ = ln.(*net.TCPListener).SetDeadline(time.Now().Add(patience))
	nc, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	_ = nc.SetDeadline(time.Now().Add(patience))
	return &raw{nc, t}
}
