package drive

import (
	"io"
	"testing"

	"github.com/zrpc-go/zrpc/bench/internal/peers"
	"github.com/zrpc-go/zrpc/bench/internal/wire"
)

// pairOf starts a server and a client of a peer.
func pairOf(t *testing.T, p peers.Peer) (server, client func(wire.Command) wire.Reply) {
	t.Helper()
	server, addr := script(t, func(in io.Reader, out io.Writer) error { return Serve(p, "127.0.0.1:0", in, out) })
	client, _ = script(t, func(in io.Reader, out io.Writer) error { return Drive(p, addr, in, out) })
	return server, client
}

func TestMessagesReachEverySubscriber(t *testing.T) {
	for _, p := range peers.All {
		t.Run(p.Name, func(t *testing.T) {
			server, client := pairOf(t, p)
			for _, w := range []wire.Command{
				{Work: wire.Pub, Conns: 1, Size: 100, Window: 3 * wire.ReceiptEvery},
				{Work: wire.Pub, Conns: 5, Size: 100, Window: 3 * wire.ReceiptEvery},
				{Work: wire.Push, Conns: 3, Size: 100},
			} {
				w.Do = wire.Open
				at := server(w)
				if p.Publish == nil || p.Name == "zmq4" && w.Work == wire.Push {
					if !at.Unsupported {
						t.Errorf("open %+v: %+v, want unsupported: there is no publisher", w, at)
					}
					continue
				}
				w.Addr = at.Ready
				receipts := client(w)
				if at.Error != "" || receipts.Error != "" {
					t.Fatalf("open %+v: %+v, %+v", w, at, receipts)
				}
				for range 3 { // the runs must not disturb each other
					sent := server(wire.Command{Do: wire.Run, Millis: 5, Size: w.Size, Window: w.Window, Addr: receipts.Ready})
					got := client(wire.Command{Do: wire.Run, N: int(sent.Ops)})
					want := sent.Ops
					if w.Work == wire.Pub {
						want *= int64(w.Conns)
					}
					if want == 0 || got.Ops != want || got.Lost != 0 {
						t.Errorf("%s to %d: sent %+v, arrived %+v, want %d and no loss below the high-water mark", w.Work, w.Conns, sent, got, want)
					}
				}
				if r := client(wire.Command{Do: wire.Close}); r.Error != "" {
					t.Errorf("close: %+v", r)
				}
				if r := server(wire.Command{Do: wire.Close}); r.Error != "" {
					t.Errorf("close: %+v", r)
				}
			}
		})
	}
}

func TestSubscribersCountWhatIsLost(t *testing.T) {
	s := &subscribers{size: 10, all: make([]subscriber, 2)}
	s.ready.Add(2)
	for i := range s.all {
		s.got(&s.all[i], make([]byte, wire.ProbeSize)) // a probe is no message
		s.got(&s.all[i], make([]byte, wire.ProbeSize)) // nor is a second one ready again
		s.got(&s.all[i], make([]byte, 10))
	}
	s.ready.Wait()
	r, err := s.await(3)
	if err != nil || r.Ops != 2 || r.Lost != 4 {
		t.Errorf("%+v, %v; want 2 of 6 messages, 4 lost", r, err)
	}
	s.got(&s.all[0], make([]byte, 10))
	if _, err := s.await(0); err == nil {
		t.Error("a message that was not sent has arrived, and nobody noticed")
	}
	if n := s.count(); n != 0 {
		t.Errorf("the next run begins with %d messages", n)
	}
}

func TestReceiptsFollowTheSlowest(t *testing.T) {
	s := &subscribers{size: 1 << 10, window: 1, all: make([]subscriber, 2)}
	s.ready.Add(2)
	msg := make([]byte, 1<<10)
	for range 2*wire.ReceiptEvery + 1 {
		s.got(&s.all[0], msg)
	}
	if s.owed != 0 {
		t.Errorf("%d receipts although one subscriber has nothing", s.owed)
	}
	for range wire.ReceiptEvery {
		s.got(&s.all[1], msg)
	}
	if s.owed != 1 {
		t.Errorf("%d receipts, want 1: the slower one has received %d", s.owed, wire.ReceiptEvery)
	}
}
