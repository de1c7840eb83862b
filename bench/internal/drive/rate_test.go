package drive

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/bench/internal/peers"
	"github.com/zrpc-go/zrpc/bench/internal/wire"
)

// stalling is a system whose first call takes a while; the others take no time.
type stalling struct {
	calls atomic.Int64
	stall time.Duration
}

func (c *stalling) Echo(s string) (string, error) {
	if c.calls.Add(1) == 1 {
		<-time.After(c.stall)
	}
	return s, nil
}

func (*stalling) Close() error { return nil }

func TestAStallCostsEveryCallThatWasDue(t *testing.T) {
	c := &stalling{stall: 50 * time.Millisecond}
	s := &session{work: wire.Command{Work: wire.Echo, Inflight: 1, Size: 10, Rate: 1000}, conns: []peers.Conn{c}}
	r, err := s.calls(100 * time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if r.Ops != 100 {
		t.Errorf("%d calls, want the 100 that were due", r.Ops)
	}
	// In a closed loop one call of 100 would be slow. Here 50 were due during the stall.
	if r.P50 > 50_000 || r.P99 < 25_000 {
		t.Errorf("p50 %.0f µs, p99 %.0f µs: the calls due during a stall of 50 ms must count", r.P50, r.P99)
	}
	if r.P999 < 40_000 {
		t.Errorf("p99.9 %.0f µs, want the stall itself", r.P999)
	}
}

func TestCallsThatCannotBeMadeCountAsLate(t *testing.T) {
	c := &stalling{stall: 150 * time.Millisecond} // beyond twice the run's time
	s := &session{work: wire.Command{Work: wire.Echo, Inflight: 1, Size: 10, Rate: 1000}, conns: []peers.Conn{c}}
	r, err := s.calls(50 * time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if r.Ops != 1 {
		t.Errorf("%d calls, want 1: the others were given up", r.Ops)
	}
	if r.P50 < 100_000 {
		t.Errorf("p50 %.0f µs, want what those that were given up have waited", r.P50)
	}
}
