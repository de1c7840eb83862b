package socket

import (
	"errors"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
)

// A hundred connections that never finish their handshake do not delay a good
// one, whether the limit has room for them or not.
func TestSlowHandshakers(t *testing.T) {
	for _, limit := range []int{0, 10} {
		o := soon()
		o.MaxHandshakes = limit
		pull := closing(t, NewPull(o))
		ep := bind(t, pull, "tcp://127.0.0.1:*")
		for i := range 100 {
			r := dialRaw(t, ep)
			r.write(greeting()[:i%64]) // some say nothing, some almost everything
		}
		start := time.Now()
		push := closing(t, NewPush(soon()))
		connect(t, push, ep)
		send(t, push, "x")
		wantRecv(t, "the good one is served", pull, "x")
		if d := time.Since(start); d > 5*time.Second {
			t.Errorf("limit %d: the good one took %v", limit, d)
		}
		if limit > 0 {
			wait(t, "the oldest are closed for newer ones", func() bool {
				st := pull.Stats()
				return st.EvictedHandshakes >= 90 && st.Handshaking <= 10 && st.HandshakeFailures >= 90
			})
		}
	}
}

// Connections beyond MaxConns are closed at once; one that goes makes room.
func TestMaxConns(t *testing.T) {
	o := soon()
	o.MaxConns = 2
	pull := closing(t, NewPull(o))
	ep := bind(t, pull, "tcp://127.0.0.1:*")
	a := dialRaw(t, ep).shake("PUSH", "")
	dialRaw(t, ep).shake("PUSH", "")
	peers(t, pull, 2)
	dialRaw(t, ep).ends("a third connection of two")
	wait(t, "it is counted, after it was closed", func() bool { return pull.Stats().RefusedConns == 1 })
	if st := pull.Stats(); st.Peers != 2 {
		t.Fatalf("counted %+v", st)
	}
	a.Close()
	push := closing(t, NewPush(soon()))
	connect(t, push, ep)
	send(t, push, "x")
	wantRecv(t, "there is room again", pull, "x")
}

// failing is a listener whose Accept fails a number of times.
type failing struct {
	net.Listener
	left  atomic.Int32
	calls atomic.Int32
}

func (l *failing) Accept() (net.Conn, error) {
	l.calls.Add(1)
	if l.left.Add(-1) >= 0 {
		return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	return l.Listener.Accept()
}

// Accept errors such as too many open files end neither the loop nor spin it,
// and whoever holds a descriptor without having said anything has to go.
func TestAcceptErrors(t *testing.T) {
	pull := closing(t, NewPull(soon()))
	silent := dialRaw(t, bind(t, pull, "tcp://127.0.0.1:*"))
	wait(t, "one is handshaking", func() bool { return pull.Stats().Handshaking == 1 })
	e, _ := parseEndpoint(anyEndpoint(t, "inproc"), true)
	inner, _, err := listen(e)
	if err != nil {
		t.Fatal(err)
	}
	ln := &failing{Listener: inner}
	ln.left.Store(5)
	l := &listener{s: pull.Socket, ln: ln, actual: e.raw}
	pull.mu.Lock()
	pull.listeners = append(pull.listeners, l)
	pull.mu.Unlock()
	if !pull.spawn(l.run) {
		t.Fatal("closed")
	}
	push := closing(t, NewPush(soon()))
	connect(t, push, e.raw)
	send(t, push, "x")
	wantRecv(t, "accepted once it is possible", pull, "x")
	if st := pull.Stats(); st.AcceptErrors != 5 || st.EvictedHandshakes != 1 {
		t.Fatalf("counted %+v", st)
	}
	if n := ln.calls.Load(); n > 8 {
		t.Fatalf("%d calls of Accept for 5 errors and a connection", n)
	}
	silent.ends("evicted")
	// Close ends the wait between two tries as well.
	ln.left.Store(1 << 30)
}

// Bytes that are no ZMTP, or break its rules, cost their sender its connection
// and nobody else anything.
func TestHostilePeers(t *testing.T) {
	router := closing(t, NewRouter(soon()))
	ep := bind(t, router, "tcp://127.0.0.1:*")
	dealer := closing(t, NewDealer(soon()))
	connect(t, dealer, ep)
	available(t, dealer.out, 1)
	shaken := append(greeting(), ready("DEALER", "")...)
	for _, tc := range []struct {
		why string
		in  []byte
	}{
		{"HTTP", []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n" + strings.Repeat("x", 64))},
		{"zeros", make([]byte, 4096)},
		{"a socket type that does not fit", append(greeting(), ready("PUB", "")...)},
		{"an identity in the place of automatic ones", append(greeting(), ready("DEALER", "\x00abcd")...)},
		{"a size of 2^62", append(shaken[:len(shaken):len(shaken)], 2, 0x40, 0, 0, 0, 0, 0, 0, 0)},
		{"reserved flags", append(shaken[:len(shaken):len(shaken)], 0xf8, 1, 'x')},
		{"frames without end", append(shaken[:len(shaken):len(shaken)], []byte(strings.Repeat("\x01\x00", 5000))...)},
	} {
		r := dialRaw(t, ep)
		_, _ = r.Write(tc.in)
		r.ends(tc.why)
	}
	peers(t, router, 1)
	send(t, dealer, "still here")
	if m := recvFrames(t, router); string(m[1]) != "still here" {
		t.Fatalf("got %q", m)
	}
	wait(t, "failures are counted", func() bool { return router.Stats().HandshakeFailures == 4 })
}

// Each connection is asked its security anew, and told which side it plays.
func TestSecurityPerConnection(t *testing.T) {
	var mu sync.Mutex
	asked := map[string]int{}
	with := func(name string) Options {
		o := soon()
		o.Security = func(accepted bool) (zmq4.Security, bool) {
			mu.Lock()
			defer mu.Unlock()
			if accepted {
				name = strings.ToUpper(name)
			}
			asked[name]++
			return nil, accepted
		}
		return o
	}
	pull, push := closing(t, NewPull(with("pull"))), closing(t, NewPush(with("push")))
	connect(t, push, bind(t, pull, "tcp://127.0.0.1:*"))
	send(t, push, "x")
	wantRecv(t, "no mechanism is NULL", pull, "x")
	mu.Lock()
	defer mu.Unlock()
	if len(asked) != 2 || asked["PULL"] != 1 || asked["push"] != 1 {
		t.Fatalf("asked %v", asked)
	}
}

// The routing ids of a socket are unique, also when the counter comes round.
func TestRoutingIDs(t *testing.T) {
	r := routingIDs{next: 1<<32 - 2}
	var taken peerSet
	for _, id := range []string{"\x00\xff\xff\xff\xff", "\x00\x00\x00\x00\x00"} {
		taken.put(&Peer{RoutingID: []byte(id)})
	}
	for _, want := range []string{"\x00\xff\xff\xff\xfe", "\x00\x00\x00\x00\x01", "\x00\x00\x00\x00\x02"} {
		if id := r.take(&taken); string(id) != want {
			t.Fatalf("got %x, want %x", id, want)
		}
	}
	starts := map[uint32]bool{}
	for range 4 {
		starts[newRoutingIDs().next] = true
	}
	if len(starts) < 3 { // one clash in 2^32 is chance, two are not
		t.Fatal("sockets start at the same id")
	}
}

// What cannot work is an error at once; what is closed stays closed.
func TestClosedSocket(t *testing.T) {
	s := NewRouter(Options{})
	s.Close()
	_, bindErr := s.Bind("inproc://closed")
	for why, err := range map[string]error{
		"Bind": bindErr, "Connect": s.Connect("inproc://closed"),
		"Send": s.Send(t.Context(), nil, nil),
		"Recv": second2(s.Recv(t.Context())),
		"Pub":  pubClosed(t), "Dealer": dealerClosed(t), "Sub": subClosed(),
	} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("%s of a closed socket: %v", why, err)
		}
	}
	if err := s.Connect("tcp://*:80"); !errors.Is(err, ErrEndpoint) {
		t.Errorf("Connect to what cannot work: %v", err)
	}
	select {
	case <-s.Done():
	default:
		t.Error("Done is open")
	}
	if s.spawn(func() {}) {
		t.Error("a goroutine after Close")
	}
}

func second2(_ [][]byte, err error) error { return err }

func pubClosed(t *testing.T) error {
	p := NewPub(Options{})
	p.Close()
	return p.Send(t.Context(), nil)
}

func dealerClosed(t *testing.T) error {
	d := NewDealer(Options{})
	d.Close()
	return d.Send(t.Context(), nil)
}

func subClosed() error {
	s := NewSub(Options{})
	s.Close()
	return s.Subscribe("")
}

// A peer may go at any byte of its handshake and first message. Nothing of it
// is delivered, nothing is left of it, and the next is served.
func TestEveryPrefix(t *testing.T) {
	pull := closing(t, NewPull(soon()))
	ep := bind(t, pull, anyEndpoint(t, "inproc"))
	e, _ := parseEndpoint(ep, false)
	whole := append(append(greeting(), ready("PUSH", "")...), frames("first", "last")...)
	for n := range len(whole) {
		nc, err := dialInproc(ctxT(t), e)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := nc.Write(whole[:n]); err != nil {
			t.Fatal(err)
		}
		nc.Close()
	}
	good := rawInproc(t, ep, "PUSH", "")
	good.write(frames("first", "last"))
	wantRecv(t, "the one that was whole", pull, "first|last")
	wait(t, "nothing is left", func() bool {
		st := pull.Stats()
		return st.Peers == 1 && st.Handshaking == 0 && int(st.HandshakeFailures+st.Accepted) == len(whole)+1
	})
	if n := queued(pull.in); n != 0 {
		t.Fatalf("%d more messages", n)
	}
}
