package suite

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/zrpc-go/zrpc/bench/internal/machine"
	"github.com/zrpc-go/zrpc/bench/internal/wire"
)

// Work is one kind of work that systems are given.
type Work struct {
	Name  string // on the command line
	Title string // in tables
	// Headline is the figure that the short table shows and ratios compare.
	Headline Metric
	Pinned   bool // both processes share one CPU, and GOMAXPROCS is 1
	Quick    bool // done by -quick
	// Rounds bounds how often it is done, as what takes long or is steady needs fewer
	// rounds; 0: as often as all.
	Rounds int
	// Peers are the systems that do it; nil: all but those apart. A system that is named
	// and cannot says so.
	Peers []string
	// Series and X place the work in a plot of lines: which, and where on its axis.
	Series string
	X      float64
	fresh  bool // needs new processes: their memory is measured
	open   wire.Command
}

// Calls says whether the work is made of single calls, which have latencies.
func (w Work) Calls() bool {
	return w.open.Work == wire.Echo || w.open.Work == wire.Bytes || w.open.Work == wire.Dial
}

// Timed says whether CPU time and allocations are taken; else it is memory.
func (w Work) Timed() bool { return !w.idle() }

// Scheduled says whether calls are made when they are due, not when the last is answered.
func (w Work) Scheduled() bool { return w.open.Rate > 0 }

// Losing says whether messages may be lost.
func (w Work) Losing() bool { return w.fans() }

func (w Work) idle() bool { return w.open.Work == wire.IdleConns || w.open.Work == wire.IdleStreams }
func (w Work) fans() bool { return w.open.Work == wire.Pub || w.open.Work == wire.Push }

// Crowded says whether calls wait for each other, so that the slowest tell of fairness.
func (w Work) Crowded() bool { return w.open.Work == wire.Echo && w.open.Inflight > 1 }

// Does says whether the system is to do it.
func (w Work) Does(s System) bool {
	if w.Peers == nil {
		return !s.Apart
	}
	return slices.Contains(w.Peers, s.Name)
}

// rounds is how often it is done in a benchmark of so many rounds.
func (w Work) rounds(all int) int {
	if w.Rounds > 0 {
		return min(w.Rounds, all)
	}
	return all
}

// Choose returns the works of those names, in the order of the tables; if names is
// empty, all that this machine can do, or the quick ones of those.
func Choose(names []string, quick bool) ([]Work, error) {
	var known []string
	for _, w := range Works {
		known = append(known, w.Name)
	}
	for _, n := range names {
		if !slices.Contains(known, n) {
			return nil, fmt.Errorf("no work %q; there are %s", n, strings.Join(known, ", "))
		}
	}
	var out []Work
	for _, w := range Works {
		needs := ""
		switch {
		case w.Pinned && !machine.CanPin:
			needs = "pins processes to a CPU"
		case w.idle() && !machine.CanPin:
			needs = "reads the memory of processes"
		}
		switch {
		case len(names) > 0 && !slices.Contains(names, w.Name), len(names) == 0 && quick && !w.Quick:
		case needs != "":
			if len(names) > 0 {
				return nil, fmt.Errorf("work %q %s, which needs Linux", w.Name, needs)
			}
		default:
			out = append(out, w)
		}
	}
	return out, nil
}

// Series returns the works of a series by rising X.
func Series(works []Work, name string) (out []Work) {
	for _, w := range works {
		if w.Series == name {
			out = append(out, w)
		}
	}
	slices.SortFunc(out, func(a, b Work) int { return cmp.Compare(a.X, b.X) })
	return out
}
