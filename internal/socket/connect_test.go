package socket

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zrpc-go/zrpc/internal/zmtp"
)

// A client may be started before its server. With the default options it finds
// it within the wait of one attempt.
func TestLateServer(t *testing.T) {
	for _, scheme := range []string{"tcp", "ipc"} {
		t.Run(scheme, func(t *testing.T) {
			failed := make(chan error, 1000)
			dealer := closing(t, NewDealer(Options{OnConnectError: func(ep string, err error) { failed <- err }}))
			ep := anyEndpoint(t, scheme)
			if scheme == "tcp" {
				ep = freePort(t)
			}
			connect(t, dealer, ep)
			for range 3 {
				if ee, ok := errors.AsType[*EndpointError](<-failed); !ok || ee.Endpoint != ep || ee.Op != "connect" {
					t.Fatalf("a failed attempt is reported as %v", ee)
				}
			}
			router := closing(t, NewRouter(Options{}))
			bind(t, router, ep)
			start := time.Now()
			available(t, dealer.out, 1)
			// One wait is 150 ms at most, as TestBackoff shows; the rest is a loaded
			// machine's.
			if d := time.Since(start); d > 5*time.Second {
				t.Fatalf("found after %v", d)
			}
			if st := dealer.Stats(); st.ConnectFailures < 3 || st.Connected != 1 || st.Reconnects != 0 {
				t.Fatalf("counted %+v", st)
			}
		})
	}
}

// A server that comes back is found again, as is one that is only cut off.
func TestServerRestart(t *testing.T) {
	for _, scheme := range []string{"tcp", "ipc", "inproc"} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			router := NewRouter(Options{})
			ep := bind(t, router, anyEndpoint(t, scheme))
			dealer := closing(t, NewDealer(Options{}))
			connect(t, dealer, ep)
			for i := range 3 {
				send(t, dealer, fmt.Sprint(i))
				m := recvFrames(t, router)
				send(t, router, string(m[0]), "answer to "+string(m[1]))
				router.Close() // lingers: the answer is not lost
				wantRecv(t, "each generation answers", dealer, fmt.Sprint("answer to ", i))
				available(t, dealer.out, 0)
				router = NewRouter(Options{})
				bind(t, router, ep)
				available(t, dealer.out, 1)
			}
			router.Close()
			if st := dealer.Stats(); st.Connected != 4 || st.Reconnects != 3 {
				t.Fatalf("counted %+v", st)
			}
		})
	}
}

// playServer accepts inproc connections and answers each with the bytes of
// answer, then waits for the other side to close.
func playServer(t *testing.T, ep string, answer []byte) (attempts func() []time.Time, stop func()) {
	e, err := parseEndpoint(ep, true)
	if err != nil {
		t.Fatal(err)
	}
	ln, _, err := listenInproc(e)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var at []time.Time
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			at = append(at, time.Now())
			mu.Unlock()
			wg.Go(func() {
				defer nc.Close()
				_, _ = nc.Write(answer)
				_, _ = nc.Read(make([]byte, 64)) // its greeting
				for {
					if _, err := nc.Read(make([]byte, 512)); err != nil {
						return
					}
				}
			})
		}
	})
	return func() []time.Time { mu.Lock(); defer mu.Unlock(); return at }, func() { ln.Close(); wg.Wait() }
}

// Who is refused, or is connected to the wrong kind of socket, hears of it and
// goes on trying, but seldom. Who meets nonsense tries as for a lost server.
func TestPermanentFailures(t *testing.T) {
	for _, tc := range []struct {
		why    string
		answer []byte
		is     error // nil: a RefusedError
		most   int   // attempts within five minutes
	}{
		{"ERROR", append(greeting(), "\x04\x0a\x05ERROR\x03400"...), nil, 14},
		{"a socket type that does not fit", append(greeting(), ready("PUB", "")...), zmtp.ErrIncompatible, 14},
		{"another mechanism", append(append([]byte(nil), greeting()[:12]...), append([]byte("PLAIN"), make([]byte, 47)...)...), zmtp.ErrMechanism, 14},
		{"HTTP", []byte("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"), zmtp.ErrNotZMTP, 130},
	} {
		t.Run(tc.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ep := "inproc://" + t.Name()
				attempts, stop := playServer(t, ep, tc.answer)
				defer stop()
				var last error
				d := NewDealer(Options{OnConnectError: func(_ string, err error) { last = err }})
				defer d.Close()
				connect(t, d, ep)
				<-time.After(5 * time.Minute)
				synctest.Wait()
				refused, ok := errors.AsType[*zmtp.RefusedError](last)
				if tc.is == nil && (!ok || refused.Reason != "400") || tc.is != nil && !errors.Is(last, tc.is) {
					t.Fatalf("reported as %v", last)
				}
				n := len(attempts())
				if n < 10 || n > tc.most {
					t.Fatalf("%d attempts in five minutes, want 10 to %d", n, tc.most)
				}
				if f := d.Stats().ConnectFailures; f != uint64(n) {
					t.Fatalf("%d failures counted, %d attempts", f, n)
				}
			})
		})
	}
}

// A server that is away for an hour is tried less and less, and found again.
func TestLongAbsence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Time
		d := NewDealer(Options{OnConnectError: func(string, error) { at = append(at, time.Now()) }})
		defer d.Close()
		// No such file: every attempt fails at once, without a clock of its own.
		connect(t, d, "ipc://"+filepath.Join(t.TempDir(), "s"))
		<-time.After(time.Hour)
		synctest.Wait()
		if n := len(at); n < 180 || n > 280 {
			t.Fatalf("%d attempts in an hour", n)
		}
		if gap := at[len(at)-1].Sub(at[len(at)-2]); gap < 15*time.Second || gap > 30*time.Second {
			t.Fatalf("a gap of %v at the end", gap)
		}
	})
}

// Connect and Bind of one socket go together, many of each.
func TestManyEndpoints(t *testing.T) {
	hub := closing(t, NewRouter(soon()))
	const n = 4
	var leaves []*Dealer
	for i := range n {
		o := soon()
		o.Identity = fmt.Appendf(nil, "leaf%d", i)
		l := closing(t, NewDealer(o))
		leaves = append(leaves, l)
		scheme := []string{"tcp", "ipc", "inproc"}[i%3]
		if i%2 == 0 {
			connect(t, l, bind(t, hub, anyEndpoint(t, scheme)))
			// A second connection to the same place.
			connect(t, l, bind(t, hub, anyEndpoint(t, scheme)))
		} else {
			connect(t, hub, bind(t, l, anyEndpoint(t, scheme)))
		}
	}
	peers(t, hub, n+n/2)
	if got := len(hub.Peers()); got != n+n/2 {
		t.Fatalf("%d peers listed", got)
	}
	for i, l := range leaves {
		send(t, l, fmt.Sprint(i))
	}
	seen := map[string]bool{}
	for range leaves {
		seen[string(recvFrames(t, hub)[1])] = true
	}
	if len(seen) != n {
		t.Fatalf("heard %v", seen)
	}
	p := hub.Peer([]byte("leaf1"))
	if p == nil || p.Accepted || p.Endpoint == "" {
		t.Fatalf("the peer that we connected to is %+v", p)
	}
}

// A dialer that waits for an inproc name goes when it is told to, and a name
// nobody waits for any more is forgotten.
func TestInprocWaiters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		name := t.Name()
		a, b := NewPush(Options{}), NewPush(Options{})
		connect(t, a, "inproc://"+name)
		connect(t, b, "inproc://"+name)
		synctest.Wait()
		a.Close()
		pull := NewPull(Options{})
		bind(t, pull, "inproc://"+name)
		synctest.Wait()
		send(t, b, "x")
		wantRecv(t, "the one that still waited", pull, "x")
		pull.Close()
		synctest.Wait()
		b.Close()
		inproc.mu.Lock()
		defer inproc.mu.Unlock()
		if inproc.await[name] != nil || inproc.bound[name] != nil {
			t.Fatal("the name is still known")
		}
	})
	// A dialer between bind and accept.
	e := endpoint{scheme: "inproc", name: t.Name() + "2"}
	ln, _, err := listenInproc(e)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := dialInproc(ctx, e); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("nobody accepts: %v", err)
	}
	ln.Close()
	if _, err := ln.Accept(); !errors.Is(err, net.ErrClosed) || ln.Addr().Network() != "inproc" {
		t.Fatalf("Accept after Close: %v", err)
	}
}
