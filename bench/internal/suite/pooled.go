package suite

import (
	"math"

	"github.com/zrpc-go/zrpc/bench/internal/stats"
)

// turn is one of the short runs of works that are done in turns.
type turn struct {
	counts [][2]int // its latencies, see stats.Hist
	dirty  bool
}

// turnsOf are the turns of all rounds of a cell, in order; clean says whether any is.
func (r *Result) turnsOf(c Cell) (all []turn, clean bool) {
	for i := range r.Samples {
		if s := &r.Samples[i]; s.Peer == c.Peer && s.Work == c.Work {
			all = append(all, s.turns...)
		}
	}
	for _, t := range all {
		clean = clean || !t.dirty
	}
	return all, clean
}

// pooled is a quantile in µs of the calls of all turns of a cell, as Values returns it.
func (r *Result) pooled(c Cell, q float64) (v []float64, dirty bool) {
	all, clean := r.turnsOf(c)
	x := quantile(all, upTo(len(all)), clean, q)
	if math.IsNaN(x) {
		return nil, false
	}
	return []float64{x}, !clean
}

// PooledRatio is what a metric that pools all rounds is in one cell to what it is in
// another which was done in turns with it, and between which two values nine of ten such
// ratios would lie, as the turns differ among themselves. All are NaN if there is none.
func (r *Result) PooledRatio(over, base Cell, m Metric) (v, low, high float64) {
	a, cleanA := r.turnsOf(over)
	b, cleanB := r.turnsOf(base)
	n := min(len(a), len(b))
	ratio := func(turns []int) float64 {
		return quantile(a, turns, cleanA, m.pooled) / quantile(b, turns, cleanB, m.pooled)
	}
	if n == 0 {
		return math.NaN(), math.NaN(), math.NaN()
	}
	low, high = stats.Interval(n, ratio)
	return ratio(upTo(n)), low, high
}

// Pools says whether the metric is drawn from the calls of all rounds together.
func (m Metric) Pools() bool { return m.pooled > 0 }

// quantile pools some of the turns, of the clean ones alone if clean is set; NaN if there
// are no calls.
func quantile(all []turn, some []int, clean bool, q float64) float64 {
	var h stats.Hist
	for _, i := range some {
		if t := all[i]; !clean || !t.dirty {
			h.AddCounts(t.counts) // what cannot be added was refused when it came
		}
	}
	if h.Count() == 0 {
		return math.NaN()
	}
	return float64(h.Quantile(q)) / 1e3
}

// upTo lists 0 to n-1.
func upTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}
