package suite

import (
	"math"

	"github.com/zrpc-go/zrpc/bench/internal/stats"
)

// Result is all that a benchmark brought out.
type Result struct {
	Systems []System
	Works   []Work
	Rounds  int // begun
	Samples []Sample
	Skipped []Skipped
	Failed  []Failure
	// None lists what systems do not have, keyed by Cell.
	None map[Cell]bool
	// Stopped says why the benchmark ended before its last round; empty if it did not.
	Stopped string
}

// Cell names one system's one work.
type Cell struct{ Peer, Work string }

// Failure is a run that brought no figures.
type Failure struct {
	Cell
	Round int
	Err   error
}

// Values returns metric m of every round of a cell, by round; rounds that were dirty,
// failed or not run are NaN. When all runs of the cell were dirty they are all there
// is: they are returned, and dirty is true. Of a metric that pools all rounds there is
// one value, as of the first.
func (r *Result) Values(c Cell, m Metric) (v []float64, dirty bool) {
	if m.pooled > 0 {
		return r.pooled(c, m.pooled)
	}
	v = make([]float64, r.Rounds)
	all := make([]float64, r.Rounds)
	for i := range v {
		v[i], all[i] = math.NaN(), math.NaN()
	}
	clean := 0
	for i := range r.Samples {
		s := &r.Samples[i]
		if s.Peer != c.Peer || s.Work != c.Work {
			continue
		}
		all[s.Round] = m.Of(s)
		if !s.Dirty || m.Steady {
			v[s.Round] = m.Of(s)
			clean++
		}
	}
	if clean == 0 && stats.Summarize(all).N > 0 {
		return all, true
	}
	return v, false
}
