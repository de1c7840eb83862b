package socket

import (
	"fmt"
	"os"
	"testing"
)

// shortDir is a temporary directory with a path short enough for a socket.
func shortDir(t testing.TB) string {
	dir, err := os.MkdirTemp("", "zs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// TestPairs sends a message and, where the pattern answers, an answer, over
// every transport and with either side binding.
func TestPairs(t *testing.T) {
	type pair struct {
		name string
		run  func(t *testing.T, link func(a, b sock))
	}
	pairs := []pair{
		{"dealer-router", func(t *testing.T, link func(a, b sock)) {
			d, r := closing(t, NewDealer(soon())), closing(t, NewRouter(soon()))
			link(d, r)
			send(t, d, "", "ping")
			m := recvFrames(t, r)
			if id := m[0]; len(id) != 5 || id[0] != 0 || join(m[1:]) != "|ping" {
				t.Fatalf("got %q: an anonymous peer has an automatic id", m)
			}
			send(t, r, string(m[0]), "", "pong")
			wantRecv(t, "the routing id is stripped", d, "|pong")
		}},
		{"dealer-dealer", func(t *testing.T, link func(a, b sock)) {
			a, b := closing(t, NewDealer(soon())), closing(t, NewDealer(soon()))
			link(a, b)
			send(t, a, "x", "y", "z")
			wantRecv(t, "all frames", b, "x|y|z")
			send(t, b, "")
			wantRecv(t, "an empty message", a, "")
		}},
		{"router-router", func(t *testing.T, link func(a, b sock)) {
			oa, ob := soon(), soon()
			oa.Identity, ob.Identity = []byte("A"), []byte("B")
			a, b := closing(t, NewRouter(oa)), closing(t, NewRouter(ob))
			link(a, b)
			peers(t, a, 1)
			send(t, a, "B", "hi")
			wantRecv(t, "the sender's announced identity in front", b, "A|hi")
		}},
		{"push-pull", func(t *testing.T, link func(a, b sock)) {
			a, b := closing(t, NewPush(soon())), closing(t, NewPull(soon()))
			link(a, b)
			for i := range 100 {
				send(t, a, fmt.Sprint(i), "x")
			}
			for i := range 100 {
				wantRecv(t, "one sender's order is kept", b, fmt.Sprint(i)+"|x")
			}
		}},
		{"pub-sub", func(t *testing.T, link func(a, b sock)) {
			a, b := closing(t, NewPub(soon())), closing(t, NewSub(soon()))
			if err := b.Subscribe("a"); err != nil {
				t.Fatal(err)
			}
			link(a, b)
			wait(t, "the subscription arrives", func() bool { return a.Subscriptions() == 1 })
			send(t, a, "b1", "no")
			send(t, a, "a1", "yes")
			wantRecv(t, "only what was subscribed to", b, "a1|yes")
		}},
	}
	for _, p := range pairs {
		for _, scheme := range []string{"tcp", "ipc", "inproc"} {
			for _, order := range []string{"first binds", "second binds", "connect before bind"} {
				t.Run(p.name+"/"+scheme+"/"+order, func(t *testing.T) {
					t.Parallel()
					p.run(t, func(a, b sock) {
						if order == "second binds" {
							a, b = b, a
						}
						ep := anyEndpoint(t, scheme)
						if order == "connect before bind" {
							if scheme == "tcp" {
								ep = freePort(t)
							}
							connect(t, b, ep)
							bind(t, a, ep)
							return
						}
						connect(t, b, bind(t, a, ep))
					})
				})
			}
		}
	}
}

// freePort returns an endpoint that nobody is bound to at the moment.
func freePort(t testing.TB) string {
	s := New(Options{Type: "PAIR"})
	ep := bind(t, s, "tcp://127.0.0.1:0")
	s.Close()
	return ep
}
