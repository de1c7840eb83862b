package drive

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/zrpc-go/zrpc/bench/internal/peers"
	"github.com/zrpc-go/zrpc/bench/internal/wire"
)

// streams runs one stream after another; see wire.Stream for their length.
func (s *session) streams(w *worker, do func(n int) (int, error), stop *atomic.Bool) error {
	for more := true; more; more = !stop.Load() {
		t0 := time.Now()
		n, err := do(s.items)
		w.ops += int64(n)
		if err != nil {
			return fmt.Errorf("stream, item %d of %d: %w", n, s.items, err)
		}
		if n != s.items {
			return fmt.Errorf("stream ended after %d of %d items", n, s.items)
		}
		if time.Since(t0) < wire.GrowMillis*time.Millisecond && s.items < wire.MaxItems {
			s.items *= 2
		}
	}
	return nil
}

// lossy runs streams from a server that loses items, the more the longer they are: so
// they stay short, what is lost is counted, and the wait that finds out about a lost end
// is no part of the time. zerorpc-node's own client is measured alike.
func (w *worker) lossy(c peers.LossyStreamer, stop *atomic.Bool) error {
	for more := true; more; more = !stop.Load() {
		t0 := time.Now()
		got, took, err := c.StreamLossy(wire.FirstItems)
		if err != nil {
			return fmt.Errorf("stream, item %d of %d: %w", got, wire.FirstItems, err)
		}
		w.ops += int64(got)
		w.lost += int64(wire.FirstItems - got)
		if got < wire.FirstItems {
			w.waited += time.Since(t0) - took
		}
	}
	return nil
}
