package interop

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/internal/socket"
	"github.com/zrpc-go/zrpc/interop/peer"
)

// bound binds a socket of ours to a free port and closes it after the test.
func bound(t *testing.T, s goSocket) string {
	t.Helper()
	t.Cleanup(func() { s.Close() })
	at, err := s.Bind(anyPort)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// open opens a socket of libzmq's that the test closes.
func open(t *testing.T, d *peer.Driver, name, typ string, more peer.Args) string {
	t.Helper()
	args := peer.Args{"socket": name, "type": typ}
	for k, v := range more {
		args[k] = v
	}
	at := text(t, d.Must("open", args))
	t.Cleanup(func() { d.Must("close", peer.Args{"socket": name}) })
	return at
}

// TestPatterns are what a pair of sockets does beyond carrying messages.
func TestPatterns(t *testing.T) {
	t.Parallel()
	driver := peer.Sockets(t)
	for _, test := range []struct {
		name string
		test func(*testing.T, *peer.Driver)
	}{
		{"prefixes of our publisher", ourPrefixes},
		{"prefixes of their publisher", theirPrefixes},
		{"identities", identities},
		{"router to router", routerToRouter},
		{"their socket comes again", theyReconnect},
		{"our socket comes again", weReconnect},
		{"pings", pings},
		{"back pressure", backPressure},
	} {
		t.Run(test.name, func(t *testing.T) { test.test(t, driver.On(t)) })
	}
}

// ourPrefixes: a subscriber gets what begins with a prefix of its, and no more.
func ourPrefixes(t *testing.T, d *peer.Driver) {
	ours := socket.NewPub(socket.Options{})
	open(t, d, "S", "SUB", peer.Args{"connect": bound(t, ours)})
	p := pairTest{t, d, ours, "S"}
	d.Must("subscribe", with(p.args(), "topic", "a"))
	d.Must("subscribe", with(p.args(), "topic", "bc"))
	eventually(t, 10*time.Second, "both subscriptions", func() bool { return ours.Subscriptions() == 2 })
	for _, topic := range []string{"b", "a1", "x", "bcd", "bd", "a"} {
		p.weSend([][]byte{[]byte(topic), []byte("body")})
	}
	for _, want := range []string{"a1", "bcd", "a"} {
		p.get([][]byte{[]byte(want), []byte("body")})
	}
	d.Must("unsubscribe", with(p.args(), "topic", "a"))
	eventually(t, 10*time.Second, "one subscription is left", func() bool { return ours.Subscriptions() == 1 })
	p.weSend([][]byte{[]byte("a")})
	p.weSend([][]byte{[]byte("bc")})
	p.get([][]byte{[]byte("bc")})
}

// theirPrefixes: their XPUB shows what we subscribe to, filters by it, and hears
// of the end of it.
func theirPrefixes(t *testing.T, d *peer.Driver) {
	ours := socket.NewSub(socket.Options{})
	t.Cleanup(func() { ours.Close() })
	at := open(t, d, "P", "XPUB", peer.Args{"bind": anyPort})
	if err := ours.Connect(at); err != nil {
		t.Fatal(err)
	}
	p := pairTest{t, d, ours, "P"}
	if err := ours.Subscribe("a"); err != nil {
		t.Fatal(err)
	}
	p.get([][]byte{[]byte("\x01a")}) // so does XPUB tell of a subscription
	p.send([][]byte{[]byte("b")})
	p.send([][]byte{[]byte("a1"), nil})
	p.weGet([][]byte{[]byte("a1"), nil}, false)
	if err := ours.Unsubscribe("a"); err != nil {
		t.Fatal(err)
	}
	p.get([][]byte{[]byte("\x00a")})
}

// identities: what a peer calls itself is its routing id, on both sides.
func identities(t *testing.T, d *peer.Driver) {
	ours := socket.NewRouter(socket.Options{})
	open(t, d, "D", "DEALER", peer.Args{"connect": bound(t, ours), "options": peer.Args{"IDENTITY": "their-id"}})
	p := pairTest{t, d, ours, "D"}
	p.send([][]byte{[]byte("hello")})
	p.weGet([][]byte{[]byte("their-id"), []byte("hello")}, false)
	p.weSend([][]byte{[]byte("their-id"), []byte("back")})
	p.get([][]byte{[]byte("back")})

	dealer := socket.NewDealer(socket.Options{Identity: []byte("our-id")})
	t.Cleanup(func() { dealer.Close() })
	if err := dealer.Connect(open(t, d, "R", "ROUTER", peer.Args{"bind": anyPort})); err != nil {
		t.Fatal(err)
	}
	p = pairTest{t, d, dealer, "R"}
	p.weSend([][]byte{[]byte("hello")})
	p.get([][]byte{[]byte("our-id"), []byte("hello")})
	p.send([][]byte{[]byte("our-id"), []byte("back")})
	p.weGet([][]byte{[]byte("back")}, false)
}

// routerToRouter: two ROUTERs can only talk by identities known beforehand.
func routerToRouter(t *testing.T, d *peer.Driver) {
	ours := socket.NewRouter(socket.Options{Identity: []byte("ours"), Mandatory: true})
	open(t, d, "R", "ROUTER", peer.Args{"connect": bound(t, ours), "options": peer.Args{"IDENTITY": "theirs"}})
	p := pairTest{t, d, ours, "R"}
	eventually(t, 10*time.Second, "the peer can be routed to", func() bool {
		err := ours.Send(t.Context(), []byte("theirs"), []byte("hello"))
		if err != nil && !errors.Is(err, socket.ErrUnroutable) {
			t.Fatal(err)
		}
		return err == nil
	})
	p.get([][]byte{[]byte("ours"), []byte("hello")})
	p.send([][]byte{[]byte("ours"), []byte("back")})
	p.weGet([][]byte{[]byte("theirs"), []byte("back")}, false)
}

// theyReconnect: their bound socket goes and another comes at the same place.
func theyReconnect(t *testing.T, d *peer.Driver) {
	ours := socket.NewPush(socket.Options{})
	t.Cleanup(func() { ours.Close() })
	p := pairTest{t, d, ours, "L"}
	at := text(t, d.Must("open", peer.Args{"socket": "L", "type": "PULL", "bind": anyPort}))
	if err := ours.Connect(at); err != nil {
		t.Fatal(err)
	}
	p.weSend([][]byte{[]byte("1")})
	p.get([][]byte{[]byte("1")})
	d.Must("close", p.args())
	eventually(t, 10*time.Second, "the loss is noticed", func() bool { return ours.Stats().Peers == 0 })
	open(t, d, "L", "PULL", peer.Args{"bind": at})
	p.weSend([][]byte{[]byte("2")}) // waits for the new connection
	p.get([][]byte{[]byte("2")})
	if n := ours.Stats().Reconnects; n != 1 {
		t.Errorf("%d reconnects, want 1", n)
	}
}

// weReconnect: our bound socket goes and another comes at the same place.
func weReconnect(t *testing.T, d *peer.Driver) {
	ours := socket.NewPull(socket.Options{})
	at := bound(t, ours)
	open(t, d, "H", "PUSH", peer.Args{"connect": at})
	p := pairTest{t, d, ours, "H"}
	p.send([][]byte{[]byte("1")})
	p.weGet([][]byte{[]byte("1")}, false)
	ours.Close()
	again := socket.NewPull(socket.Options{})
	t.Cleanup(func() { again.Close() })
	if _, err := again.Bind(at); err != nil {
		t.Fatal(err)
	}
	eventually(t, 10*time.Second, "libzmq has come back", func() bool { return again.Stats().Peers == 1 })
	p.ours = again
	p.send([][]byte{[]byte("2")})
	p.weGet([][]byte{[]byte("2")}, false)
}

// pings: libzmq's ZMTP heartbeats are answered while nothing else is said, so
// the one connection lives through many of its timeouts.
func pings(t *testing.T, d *peer.Driver) {
	ours := socket.NewRouter(socket.Options{})
	at := bound(t, ours)
	options := peer.Args{"HEARTBEAT_IVL": 50, "HEARTBEAT_TIMEOUT": 800, "HEARTBEAT_TTL": 1000} // ms
	open(t, d, "D", "DEALER", peer.Args{"connect": at, "options": options})
	p := pairTest{t, d, ours, "D"}
	for range 2 {
		p.send([][]byte{[]byte("x")})
		p.weSend(p.weGet([][]byte{[]byte("x")}, true))
		p.get([][]byte{[]byte("x")})
		d.Must("poll", with(p.args(), "timeout", 1.2)) // nothing but pings
	}
	if s := ours.Stats(); s.Accepted != 1 {
		t.Errorf("%d connections came, want one that lasted", s.Accepted)
	}
}

// backPressure: with their queue full our Send waits, nothing is lost, and
// everything arrives in order once they read.
func backPressure(t *testing.T, d *peer.Driver) {
	ours := socket.NewPush(socket.Options{})
	at := bound(t, ours)
	open(t, d, "L", "PULL", peer.Args{"connect": at, "options": peer.Args{"RCVHWM": 10, "RCVBUF": 4096}})
	body := bytes.Repeat([]byte("b"), 4096)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	sent := 0
	for ; sent < 100000; sent++ {
		number := []byte{0, 0, byte(sent >> 8), byte(sent)}
		if err := ours.Send(ctx, body, number); err != nil {
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Fatal(err)
			}
			break
		}
	}
	if sent == 100000 {
		t.Fatal("100,000 messages of 4 KiB went to a peer that reads none")
	}
	got := d.Must("drain", peer.Args{"socket": "L", "count": sent + 1, "timeout": 2})
	same(t, "what arrived", got, fmt.Sprintf(`{"count": %d, "ordered": true}`, sent))
}
