package drive

import (
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zrpc-go/zrpc/bench/internal/peers"
	"github.com/zrpc-go/zrpc/bench/internal/wire"
)

// TestCallsGoOnBesideOthers covers the systems that are given this work. Of the others,
// go-zeromq/zmq4 would wait for ever: its sockets stall all peers for one.
func TestCallsGoOnBesideOthers(t *testing.T) {
	for _, name := range []string{"zrpc", "gob", "grpc"} {
		t.Run(name, func(t *testing.T) {
			p, _ := peers.Find(name)
			_, client := pairOf(t, p)
			open := wire.Command{Do: wire.Open, Work: wire.Echo, Conns: 1, Inflight: 4, Size: 10, Rate: 500}
			if r := client(open); r.Error != "" || r.Unsupported {
				t.Fatalf("open: %+v", r)
			}
			// Nothing, and back to nothing: the connection of the calls outlives its company.
			for _, beside := range []string{"", wire.Sleepers, wire.Deaf, ""} {
				if r := client(wire.Command{Do: wire.Beside, Beside: beside}); r.Error != "" || r.Unsupported {
					t.Fatalf("beside %q: %+v", beside, r)
				}
				r := client(wire.Command{Do: wire.Run, Millis: 20, Counts: true})
				if r.Error != "" || r.Ops == 0 {
					t.Errorf("run beside %q: %+v, want calls that are answered", beside, r)
				}
				sum := 0
				for _, p := range r.Counts {
					sum += p[1]
				}
				if int64(sum) < r.Ops { // those that nobody came to in time count as well
					t.Errorf("beside %q: the counts are of %d calls, fewer than the %d made", beside, sum, r.Ops)
				}
			}
			if r := client(wire.Command{Do: wire.Close}); r.Error != "" {
				t.Errorf("close: %+v", r)
			}
		})
	}
}

func TestWhatCannotGoOnBesideIsNamed(t *testing.T) {
	p, _ := peers.Find("mux")
	_, client := pairOf(t, p)
	beside := wire.Command{Do: wire.Beside, Beside: wire.Sleepers}
	if r := client(beside); r.Error == "" {
		t.Error("there is no connection yet to be beside of")
	}
	if r := client(wire.Command{Do: wire.Open, Work: wire.Echo, Conns: 1, Inflight: 1, Size: 10}); r.Error != "" {
		t.Fatalf("open: %+v", r)
	}
	if r := client(beside); !r.Unsupported {
		t.Errorf("%+v, want unsupported: raw TCP has one method", r)
	}
	beside.Beside = "nosuch"
	if r := client(beside); !strings.Contains(r.Error, "nosuch") {
		t.Errorf("%+v, want the name of what there is not", r)
	}
	// What was asked for in vain leaves the calls alone.
	if r := client(wire.Command{Do: wire.Run, Millis: 5}); r.Error != "" || r.Ops == 0 || r.Counts != nil {
		t.Errorf("%+v, want calls as before, without counts that nobody asked for", r)
	}
}

// TestADeafPeerStandsStill: what a run beside it shows is its company and not the work of
// its requests, which the server may take in with pauses.
func TestADeafPeerStandsStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const pause, last = stillTime / 2, 20
		d, start := &deaf{}, time.Now()
		go func() {
			for range last {
				time.Sleep(pause) // in a bubble
				d.asked.Add(1)
			}
		}()
		if !d.stands(time.After(deafTime)) {
			t.Fatal("it never stood still")
		}
		if took := time.Since(start); took < last*pause+stillTime || took > last*pause+stillTime+2*stillTick {
			t.Errorf("it stood still after %v, want %v after the last byte at %v", took, stillTime, last*pause)
		}
		if d.stands(time.After(stillTime / 2)) {
			t.Error("it stood still before anyone could know")
		}
	})
}

// TestADeafPeerHasAskedForMore than it was answered: the rest is what makes it deaf.
func TestADeafPeerHasAskedForMore(t *testing.T) {
	p, _ := peers.Find("zrpc")
	_, addr := script(t, func(in io.Reader, out io.Writer) error { return Serve(p, "127.0.0.1:0", in, out) })
	d, err := newDeaf(p, addr)
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	if n := d.asked.Load(); n < wire.DeafBytes {
		t.Errorf("%d bytes of requests went to the server, fewer than it has answered with", n)
	}
}

// TestWaysOfUsingZrpc: each does the works that name it, see package suite.
func TestWaysOfUsingZrpc(t *testing.T) {
	for name, work := range map[string]wire.Command{
		"zrpcpool":  {Work: wire.Echo, Conns: 1, Inflight: 64, Size: 10},
		"zrpc100":   {Work: wire.Stream, Conns: 1, Inflight: 1},
		"zrpclossy": {Work: wire.Stream, Conns: 1, Inflight: 1},
	} {
		p, ok := peers.Find(name)
		if !ok {
			t.Fatalf("no peer %q", name)
		}
		_, client := pairOf(t, p)
		work.Do = wire.Open
		if r := client(work); r.Error != "" || r.Unsupported {
			t.Fatalf("%s: open: %+v", name, r)
		}
		if r := client(wire.Command{Do: wire.Run, Millis: 20}); r.Error != "" || r.Ops == 0 || r.Seconds <= 0 || r.Lost != 0 {
			t.Errorf("%s: run: %+v, want calls or items, and none lost", name, r)
		}
	}
}
