package suite

import (
	"time"

	"github.com/zrpc-go/zrpc/bench/internal/wire"
)

const (
	// settleRise is by how much a window must beat the best before it to count as faster:
	// the best of many noisy windows creeps upwards by itself.
	settleRise = 1.05
	// settleWindows without a faster one in a row end the warm-up. Compilers replace code
	// in steps: between two of them zerorpc-node went up to four windows of 100 ms alike.
	settleWindows = 5
	// settleCalls must have been made in any case: compilers count calls, not seconds. For
	// systems slower than a thousand a second the bound in time comes first.
	settleCalls = 2000
	// settleWindow and settleMost bound one window and the whole.
	settleWindow, settleMost = 100 * time.Millisecond, 3 * time.Second
)

// warm runs a work without looking at its figures: for a fixed time, or, where a program
// may still be compiled by its own calls, until it goes no faster. Whoever has done other
// work before then settles at once, and has no lead over who has not.
func (r *runner) warm(run func(time.Duration) (wire.Reply, error), settles bool) error {
	if !settles {
		_, err := run(r.Warm)
		return err
	}
	best, same, ops := 0.0, 0, int64(0)
	for end := time.Now().Add(r.settleMost()); (same < settleWindows || ops < settleCalls) && time.Now().Before(end); {
		got, err := run(r.settleWindow())
		if err != nil {
			return err
		}
		ops += got.Ops
		if rate := float64(got.Ops) / max(got.Seconds, 1e-9); rate > best*settleRise {
			best, same = rate, 0
		} else {
			same++
		}
	}
	return nil
}

// settleWindow is shorter where the whole benchmark is, as in tests.
func (p *Plan) settleWindow() time.Duration { return min(settleWindow, 2*p.Warm) }

// settleMost is in proportion.
func (p *Plan) settleMost() time.Duration { return settleMost * p.settleWindow() / settleWindow }

// settles says whether the system warms up in the work until it goes no faster. With one
// call in flight zerorpc-node mostly waits, compiled or not.
func (w Work) settles(s System) bool {
	return w.group == ends || s.Learns && (w.Crowded() || w.open.Work == wire.Stream)
}
