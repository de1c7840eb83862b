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
	group  string
	beside string // of wire.Beside; works in turns only
	open   wire.Command
}

// The groups of works, which follow each other in the list. Each begins with new
// processes for all its systems, so that what these did before does not show.
const (
	// ends: a foreign program at one end or at both. Some are compiled while they run:
	// they warm up until that is done, and all others with them, see runner.settle.
	ends = "ends"
	// neighbours differ only in what goes on beside the calls. They are done in turns
	// of short runs on the same connection, see runner.inTurns.
	neighbours = "neighbours"
)

// long is how many times the length of a run it takes: programs that collect garbage and
// compile at their own times are steady over longer ones only.
func (w Work) long() int {
	if w.group == ends {
		return 2
	}
	return 1
}

// steps are the works of a group as they go around the systems: one by one or, where
// they are done in turns, all at once.
func steps(g []Work) (out [][]Work) {
	if g[0].group == neighbours {
		return [][]Work{g}
	}
	for i := range g {
		out = append(out, g[i:i+1])
	}
	return out
}

// ungrouped are the works of a round that use the processes it begins with.
func ungrouped(works []Work, round, rounds int) (some []Work) {
	for _, w := range works {
		if w.group == "" && round < w.rounds(rounds) {
			some = append(some, w)
		}
	}
	return some
}

// busy are the systems that do any of the works.
func busy(systems []System, works []Work) (some []System) {
	for _, s := range systems {
		if slices.ContainsFunc(works, func(w Work) bool { return w.Does(s) }) {
			some = append(some, s)
		}
	}
	return some
}

// grouped are the works in order, those of a group together.
func grouped(works []Work) (groups [][]Work) {
	for i, w := range works {
		if last := len(groups) - 1; i > 0 && w.group != "" && w.group == groups[last][0].group {
			groups[last] = append(groups[last], w)
		} else {
			groups = append(groups, []Work{w})
		}
	}
	return groups
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
