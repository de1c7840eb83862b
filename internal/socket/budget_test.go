package socket

import (
	"testing"
)

// Peers that never read hold a publisher's or router's memory up to one limit
// for all of them, and those that read do not notice.
func TestBudget(t *testing.T) {
	const stalled = 80 // each could hold 1 MiB by itself
	pub := closing(t, NewPub(Options{Linger: -1}))
	ep := bind(t, pub, anyEndpoint(t, "inproc"))
	for range stalled {
		rawInproc(t, ep, "SUB", "").write(subMsg("a"))
	}
	good := closing(t, NewSub(soon()))
	if err := good.Subscribe(""); err != nil {
		t.Fatal(err)
	}
	connect(t, good, ep)
	wait(t, "all have subscribed", func() bool { return pub.Subscriptions() == stalled+1 })
	total := func() (n int) {
		for _, p := range pub.Peers() {
			_, k := p.Queued()
			n += k
		}
		return n
	}
	for range 200 {
		if err := pub.Send(t.Context(), []byte("a"), big); err != nil {
			t.Fatal(err)
		}
		if m := recvFrames(t, good); len(m[1]) != len(big) {
			t.Fatalf("the good one got %d bytes", len(m[1]))
		}
		if n := total(); n > sendBytesAll+auditEvery+stalled*(len(big)+messageHead) {
			t.Fatalf("%d bytes are queued", n)
		}
	}
	if pub.budget.share.Load() == 0 || pub.Stats().DroppedFull == 0 {
		t.Fatal("the limit was not reached; the test shows nothing")
	}
	for _, p := range pub.Peers() {
		if _, n := p.Queued(); n > 0 {
			_ = p.Close(nil)
		}
	}
	peers(t, pub, 1)
	for range auditEvery/len(big) + 1 {
		send(t, pub, "a", string(big))
		recv(t, good)
	}
	if pub.budget.share.Load() != 0 {
		t.Fatal("the limit is lifted when the queues have gone")
	}
}
