package zmtp

import (
	"net"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-zeromq/zmq4"
)

// TestSlowPeerInHandshake: however slowly a peer says its part, the handshake
// ends at its deadline.
func TestSlowPeerInHandshake(t *testing.T) {
	for _, timeout := range []time.Duration{0, 3 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			nc, far := net.Pipe()
			var peer sync.WaitGroup
			peer.Go(func() {
				for _, b := range unhex(t, greetingHex+readyDealer) {
					time.Sleep(200 * time.Millisecond)
					if _, err := far.Write([]byte{b}); err != nil {
						return
					}
				}
			})
			peer.Go(func() {
				for buf := make([]byte, 100); ; {
					if _, err := far.Read(buf); err != nil {
						far.Close()
						return
					}
				}
			})
			defer peer.Wait()
			start := time.Now()
			_, err := Handshake(nc, &Config{Type: zmq4.Router, HandshakeTimeout: timeout})
			wantErr(t, "a byte every 200 ms", err, os.ErrDeadlineExceeded)
			want := timeout
			if want == 0 {
				want = DefaultHandshakeTimeout
			}
			if took := time.Since(start); took != want {
				t.Errorf("took %v, want %v", took, want)
			}
			if Permanent(err) {
				t.Error("a slow peer may be faster next time")
			}
		})
	}
}

// TestSilentPeerInHandshake: nothing comes at all, not even a reader.
func TestSilentPeerInHandshake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nc, far := net.Pipe()
		defer far.Close()
		_, err := Handshake(nc, &Config{Type: zmq4.Router})
		wantErr(t, "silence", err, os.ErrDeadlineExceeded)
	})
}

// TestTimeToLive: RFC 37, "if nothing arrives for the TTL the peer is gone".
// Any byte counts; a later PING changes it.
func TestTimeToLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nc, far := memPair(1 << 10)
		c := reading(t, nc, Config{})
		ended := make(chan time.Time, 1)
		var err error
		go func() {
			_, err = collect(c)
			ended <- time.Now()
		}()
		far.Write(unhex(t, "04070450494e47001e")) // 3 s
		for range 5 {
			time.Sleep(2900 * time.Millisecond)
			far.Write(unhex(t, "000161"))
		}
		synctest.Wait()
		must(t, "a peer that speaks every 2.9 s", c.Err())
		far.Write(unhex(t, "04070450494e470000")) // off
		time.Sleep(time.Hour)
		must(t, "TTL 0 is none", c.Err())
		far.Write(unhex(t, "04070450494e470005")) // 0.5 s
		start := time.Now()
		if took := (<-ended).Sub(start); took != 500*time.Millisecond+ttlGrace {
			t.Errorf("closed after %v", took)
		}
		wantErr(t, "silence", err, ErrSilent)
		wantErr(t, "Err", c.Err(), ErrSilent)
	})
}

// TestTimeToLiveAfterStop: when this process did not run for longer than the
// TTL, input that has come meanwhile counts before the clock does.
func TestTimeToLiveAfterStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nc, far := memPair(1 << 10)
		c := reading(t, nc, Config{})
		far.Write(unhex(t, "04070450494e47000a"))
		must(t, "Fill", c.Fill())
		_, _, err := c.Next()
		must(t, "Next", err)
		time.Sleep(time.Minute) // the user does something else
		far.Write(unhex(t, "000161"))
		m, err := recv(c)
		must(t, "recv", err)
		if show(&m) != "61" {
			t.Errorf("got %q", show(&m))
		}
		// Interrupt wins over the time to live, and Resume brings it back.
		c.Interrupt()
		wantErr(t, "Fill", c.Fill(), ErrInterrupted)
		c.Resume()
		wantErr(t, "Fill", c.Fill(), ErrSilent)
	})
}

// TestStalledPeer: a peer that takes no byte for WriteStall is closed, one that
// takes a few now and then is not.
func TestStalledPeer(t *testing.T) {
	for _, conns := range []struct {
		name string
		pair func() (a, b net.Conn)
	}{
		{"with TryWrite", func() (a, b net.Conn) { return memPair(1000) }},
		{"without", net.Pipe},
	} {
		t.Run(conns.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				nc, far := conns.pair()
				c := reading(t, nc, Config{WriteStall: 20 * time.Second})
				must(t, "Send", c.Send(always, nil, make([]byte, 5000), Now))
				for range 10 {
					time.Sleep(19 * time.Second)
					far.Read(make([]byte, 100))
				}
				synctest.Wait()
				must(t, "a slow peer", c.Err())
				start := time.Now()
				<-c.Done()
				wantErr(t, "a stalled peer", c.Err(), ErrStalled)
				if took := time.Since(start); took < 20*time.Second || took > 25*time.Second {
					t.Errorf("closed after %v", took)
				}
			})
		})
	}
}

// TestLinger: what is queued goes out, for as long as CloseLinger was told.
func TestLinger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nc, far := memPair(100)
		c := reading(t, nc, Config{})
		must(t, "Send", c.Send(always, nil, make([]byte, 5000), Later))
		var slow sync.WaitGroup
		defer slow.Wait()
		slow.Go(func() {
			for range 100 {
				time.Sleep(time.Second)
				if n, _ := far.Read(make([]byte, 100)); n == 0 {
					return
				}
			}
		})
		start := time.Now()
		done := make(chan error, 1)
		go func() { done <- c.CloseLinger(10 * time.Second) }()
		synctest.Wait()
		wantErr(t, "Send while lingering", c.Send(always, nil, nil, Now), ErrClosed)
		if c.TrySend(nil, nil, Now) {
			t.Error("TrySend while lingering succeeded")
		}
		<-done
		if took := time.Since(start); took != 10*time.Second {
			t.Errorf("a peer that is too slow: took %v", took)
		}
		wantErr(t, "Err", c.Err(), ErrClosed)
	})
}

// TestLingerEndsEarly: once the queue is empty there is nothing to wait for.
func TestLingerEndsEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nc, far := memPair(100)
		c := reading(t, nc, Config{})
		must(t, "Send", c.Send(always, nil, make([]byte, 500), Later))
		total := make(chan int, 1)
		go func() {
			n := 0
			for buf := make([]byte, 100); ; {
				k, err := far.Read(buf)
				if n += k; err != nil {
					total <- n
					return
				}
			}
		}()
		start := time.Now()
		must(t, "CloseLinger", c.CloseLinger(10*time.Second))
		if n := <-total; n != 509 || time.Since(start) != 0 {
			t.Errorf("%d of 509 bytes after %v", n, time.Since(start))
		}
		must(t, "again", c.CloseLinger(10*time.Second))
		must(t, "without time", reading(t, nc, Config{}).CloseLinger(0))
	})
}
