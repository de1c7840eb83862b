package drive

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/zrpc-go/zrpc/bench/internal/peers"
	"github.com/zrpc-go/zrpc/bench/internal/wire"
)

// losing is a system that loses the last tenth of every stream and takes long to notice.
type losing struct{ peers.Conn }

func (losing) StreamLossy(n int) (int, time.Duration, error) {
	time.Sleep(200 * time.Millisecond) // in a bubble
	return n - n/10, 10 * time.Millisecond, nil
}

func TestLostItemsAreCountedAndTheWaitForThemIsNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &session{work: wire.Command{Work: wire.Stream}, conns: []peers.Conn{losing{}}}
		r, err := s.calls(time.Millisecond, false)
		if err != nil {
			t.Fatal(err)
		}
		if r.Ops != 900 || r.Lost != 100 {
			t.Errorf("%d items and %d lost, want 900 and 100 of one stream of %d", r.Ops, r.Lost, wire.FirstItems)
		}
		if r.Seconds < 0.0099 || r.Seconds > 0.0101 {
			t.Errorf("%v s, want the 10 ms until the last item", r.Seconds)
		}
	})
}
