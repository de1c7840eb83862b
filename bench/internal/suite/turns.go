package suite

import (
	"errors"
	"slices"
	"time"

	"github.com/zrpc-go/zrpc/bench/internal/stats"
	"github.com/zrpc-go/zrpc/bench/internal/wire"
)

const (
	// turnTime is the length of one run of works in turns: short beside the moods of the
	// machine, and long beside its own edges.
	turnTime = 500 * time.Millisecond
	// turnRest is run without counting after what goes on beside the calls has changed:
	// what it leaves behind is to be collected, and connections are to be closed.
	turnRest = 150 * time.Millisecond
	// ourTurns and theirTurns are how often each work has its turn in a round. A p99 of
	// ours is a goal: over three rounds it is of 100,000 calls.
	ourTurns, theirTurns = 14, 2
	// turnCost is what a turn takes beyond its own time, its share of the rests included.
	turnCost = 200 * time.Millisecond
)

// turns is how often a system does each work of a group in a round.
func turns(s System) int {
	if s.Name == ours {
		return ourTurns
	}
	return theirTurns
}

// turnTime is shorter where the user asked for it.
func (p *Plan) turnTime() time.Duration {
	if p.Asked {
		return min(p.Time, turnTime)
	}
	return turnTime
}

// inTurns does works that differ only in what goes on beside the calls, on one connection
// of one pair of processes, there and back again: A B C, C B A, A B C, … A machine that
// becomes slower or faster meanwhile does so for all. The calls of each work are pooled:
// a p99 of a short run is that of its worst moment alone. Runs that others have disturbed
// are left out, unless all of a work's were. What the system cannot do has no sample.
func (r *runner) inTurns(p *pair, works []Work, turns int) ([]Sample, error) {
	open := works[0].open
	open.Do = wire.Open
	if _, err := p.client.ask(open); err != nil {
		return nil, err
	}
	run := func(d time.Duration) (wire.Reply, error) {
		return p.client.ask(wire.Command{Do: wire.Run, Millis: millis(d), Counts: true})
	}
	// The processes are new: without this the first work's first turn would pay for that.
	if _, err := run(r.turnTime()); err != nil {
		return nil, err
	}
	clean, dirty := make([]pool, len(works)), make([]pool, len(works))
	lacks := make([]bool, len(works))
	all := make([][]turn, len(works))
	order, now := upTo(len(works)), -1
	for range turns {
		for _, i := range order {
			if lacks[i] {
				continue
			}
			if i != now {
				now = i
				_, err := p.client.ask(wire.Command{Do: wire.Beside, Beside: works[i].beside})
				if lacks[i] = errors.Is(err, errUnsupported); lacks[i] {
					continue
				}
				if err == nil {
					_, err = run(min(turnRest, r.turnTime()))
				}
				if err != nil {
					return nil, err
				}
			}
			s, err := r.timed(p, run, r.turnTime())
			if err != nil {
				return nil, err
			}
			sum := &clean[i]
			if s.Dirty {
				sum = &dirty[i]
			}
			if err := sum.add(s); err != nil {
				return nil, err
			}
			all[i] = append(all[i], turn{s.counts, s.Dirty})
		}
		slices.Reverse(order)
	}
	if _, err := p.client.ask(wire.Command{Do: wire.Close, Millis: millis(holdTime)}); err != nil {
		return nil, err
	}
	var samples []Sample
	for i, w := range works {
		if lacks[i] {
			continue
		}
		s := clean[i].sample()
		if clean[i].runs == 0 {
			s = dirty[i].sample()
			s.Dirty = true
		}
		s.Work, s.Size, s.turns = w.Name, w.open.Size, all[i]
		s.Turns, s.Left = len(all[i]), dirty[i].runs
		s.Foreign = max(clean[i].sum.Foreign, dirty[i].sum.Foreign)
		samples = append(samples, s)
	}
	return samples, nil
}

// pool adds up runs of one work. Their latencies are pooled, and what an op costs is
// weighed with the number of ops.
type pool struct {
	runs int
	sum  Sample // all that is per op is in total here
	hist stats.Hist
}

func (p *pool) add(s Sample) error {
	p.runs++
	n, t := float64(s.Ops), &p.sum
	t.Ops += s.Ops
	t.Seconds += s.Seconds
	t.Lost += s.Lost
	t.ClientCPU += s.ClientCPU * n
	t.ServerCPU += s.ServerCPU * n
	t.Foreign = max(t.Foreign, s.Foreign)
	for _, f := range []struct {
		sum **float64
		one *float64
	}{{&t.ClientAllocs, s.ClientAllocs}, {&t.ServerAllocs, s.ServerAllocs}, {&t.ClientBytes, s.ClientBytes}, {&t.ServerBytes, s.ServerBytes}} {
		if f.one == nil {
			continue
		}
		if *f.sum == nil {
			*f.sum = new(float64)
		}
		**f.sum += *f.one * n
	}
	return p.hist.AddCounts(s.counts)
}

// sample is the sum as one sample.
func (p *pool) sample() Sample {
	s, n := p.sum, float64(max(p.sum.Ops, 1))
	s.ClientCPU /= n
	s.ServerCPU /= n
	for _, f := range []*float64{s.ClientAllocs, s.ServerAllocs, s.ClientBytes, s.ServerBytes} {
		if f != nil {
			*f /= n
		}
	}
	µs := func(q float64) float64 { return float64(p.hist.Quantile(q)) / 1e3 }
	s.P50, s.P99, s.P999 = µs(0.5), µs(0.99), µs(0.999)
	return s
}
