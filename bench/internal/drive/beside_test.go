package drive

import (
	"strings"
	"testing"

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
			for _, beside := range []string{wire.Sleepers, wire.Deaf} {
				open := wire.Command{Do: wire.Open, Work: wire.Echo, Conns: 1, Inflight: 4, Size: 10, Rate: 500, Beside: beside}
				if r := client(open); r.Error != "" || r.Unsupported {
					t.Fatalf("open beside %s: %+v", beside, r)
				}
				if r := client(wire.Command{Do: wire.Run, Millis: 20}); r.Error != "" || r.Ops == 0 {
					t.Errorf("run beside %s: %+v, want calls that are answered", beside, r)
				}
				if r := client(wire.Command{Do: wire.Close}); r.Error != "" {
					t.Errorf("close beside %s: %+v", beside, r)
				}
			}
		})
	}
}

func TestWhatCannotGoOnBesideIsNamed(t *testing.T) {
	p, _ := peers.Find("mux")
	_, client := pairOf(t, p)
	open := wire.Command{Do: wire.Open, Work: wire.Echo, Conns: 1, Inflight: 1, Size: 10, Beside: wire.Sleepers}
	if r := client(open); !r.Unsupported {
		t.Errorf("%+v, want unsupported: raw TCP has one method", r)
	}
	open.Beside = "nosuch"
	if r := client(open); !strings.Contains(r.Error, "nosuch") {
		t.Errorf("%+v, want the name of what there is not", r)
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
