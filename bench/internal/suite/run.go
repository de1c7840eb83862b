package suite

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/zrpc-go/zrpc/bench/internal/machine"
	"github.com/zrpc-go/zrpc/bench/internal/wire"
)

// Plan says how to run the benchmark.
type Plan struct {
	Systems []System
	Works   []Work
	Rounds  int
	Warm    time.Duration // before each run
	Time    time.Duration // of each run
	Asked   bool          // Time is what the user asked for, and bounds all runs
	Procs   int           // GOMAXPROCS of every Go process
	Dirty   float64       // share of all CPUs that others may use during a run
	Until   time.Time     // no run starts later
	// Progress is told in a few words what is being done.
	Progress func(string)
}

// maxFailures of one cell end its tries: what failed twice will fail again, and each
// failure may take as long as a timeout.
const maxFailures = 2

// runner holds the state of one benchmark.
type runner struct {
	Plan
	res   *Result
	pairs map[string]*pair // running now, by system; absent: not started or given up
	fails map[Cell]int
}

// Run runs all rounds. In each round every system's processes are started afresh, as
// where the scheduler happens to place a pair of processes decides over latencies;
// then each work goes once around the systems: A B C, A B C, …
func Run(ctx context.Context, p Plan) *Result {
	r := &runner{Plan: p, pairs: map[string]*pair{}, fails: map[Cell]int{},
		res: &Result{Systems: p.Systems, Works: p.Works, None: map[Cell]bool{}}}
	defer r.stopAll()
	for round := range p.Rounds {
		r.res.Rounds = round + 1
		r.Progress(fmt.Sprintf("round %d of %d: starting processes", round+1, p.Rounds))
		r.start(round, busy(p.Systems, ungrouped(p.Works, round, p.Rounds)))
		for _, g := range grouped(p.Works) {
			if round >= g[0].rounds(p.Rounds) {
				continue
			}
			if g[0].group != "" {
				r.renew(round, busy(p.Systems, g))
			}
			for _, works := range steps(g) {
				if r.res.Stopped = r.around(ctx, round, works); r.res.Stopped != "" {
					return r.res
				}
			}
		}
		r.stopAll()
	}
	return r.res
}

// around goes once around the systems with one work, or with several that are done in
// turns. It says why the benchmark must end; empty if it need not.
func (r *runner) around(ctx context.Context, round int, works []Work) (stopped string) {
	for _, s := range busy(r.Systems, works) {
		switch {
		case ctx.Err() != nil:
			return fmt.Sprintf("interrupted in round %d of %d", round+1, r.Rounds)
		case time.Now().After(r.Until):
			return fmt.Sprintf("out of time in round %d of %d", round+1, r.Rounds)
		}
		r.Progress(fmt.Sprintf("round %d of %d: %s, %s", round+1, r.Rounds, works[0].Name, s.Name))
		r.cell(ctx, round, works, s)
	}
	return ""
}

// start starts pairs side by side: most of it is waiting for interpreters.
func (r *runner) start(round int, systems []System) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	for _, s := range systems {
		wg.Go(func() {
			p, err := startPair(s, r.Procs)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				r.res.Failed = append(r.res.Failed, Failure{Cell{Peer: s.Name}, round, err})
				return
			}
			r.pairs[s.Name] = p
		})
	}
	wg.Wait()
}

// renew replaces the processes of some systems, of those that have any or had none yet.
func (r *runner) renew(round int, systems []System) {
	old := map[string]*pair{}
	for _, s := range systems {
		if p := r.pairs[s.Name]; p != nil {
			old[s.Name] = p
			delete(r.pairs, s.Name)
		}
	}
	stop(old)
	r.start(round, systems)
}

// stopAll ends all processes.
func (r *runner) stopAll() {
	stop(r.pairs)
	clear(r.pairs)
}

// stop ends pairs side by side and waits for them.
func stop(pairs map[string]*pair) {
	var wg sync.WaitGroup
	for _, p := range pairs {
		wg.Go(p.stop)
	}
	wg.Wait()
}

// cell runs one work on one system, or works in turns. After a failure the pair is
// started afresh, so that the next work finds it in order.
func (r *runner) cell(ctx context.Context, round int, works []Work, s System) {
	w := works[0]
	c := Cell{s.Name, w.Name}
	p := r.pairs[s.Name]
	if p == nil || r.res.None[c] || r.fails[c] >= maxFailures {
		return
	}
	if w.fresh {
		if p = r.restart(round, s); p == nil {
			return
		}
	}
	var samples []Sample
	var err error
	if w.group == neighbours {
		samples, err = r.inTurns(p, works, turns(s))
	} else {
		samples = make([]Sample, 1)
		samples[0], err = r.measure(p, w, w.settles(s))
		samples[0].Work = w.Name
	}
	if errors.Is(err, errUnsupported) {
		r.res.None[c] = true
		return
	}
	if err == nil {
		for _, sample := range samples {
			sample.Peer, sample.Round = s.Name, round
			r.res.Samples = append(r.res.Samples, sample)
		}
		return
	}
	if ctx.Err() != nil {
		return // the interrupt has reached the children as well: no failure of theirs
	}
	r.fails[c]++
	r.res.Failed = append(r.res.Failed, Failure{c, round, err})
	r.restart(round, s)
}

// restart replaces a system's processes; nil if the new ones do not start.
func (r *runner) restart(round int, s System) *pair {
	r.pairs[s.Name].stop()
	delete(r.pairs, s.Name)
	p, err := startPair(s, r.Procs)
	if err != nil {
		r.res.Failed = append(r.res.Failed, Failure{Cell{Peer: s.Name}, round, err})
		return nil
	}
	r.pairs[s.Name] = p
	return p
}

// timed is a run that counts, between two readings of everything.
func (r *runner) timed(p *pair, do func(time.Duration) (wire.Reply, error), d time.Duration) (s Sample, err error) {
	var usage [2][2]wire.Reply // before and after; server and client
	read := func(i int) {
		for j, c := range p.both() {
			if err == nil {
				usage[i][j], err = c.ask(wire.Command{Do: wire.Usage})
			}
		}
	}
	// The machine's counters are read outermost, so that they contain all that the
	// processes' own contain; a run never looks dirtier for its own work.
	load0, okLoad := machine.ReadLoad()
	own, start := machine.CPUTime(), time.Now()
	read(0)
	if err != nil {
		return s, err
	}
	run, err := do(d)
	if err != nil {
		return s, err
	}
	if run.Ops == 0 || run.Seconds <= 0 {
		return s, fmt.Errorf("%s: run: not one call came back in %v", p.client.name, d)
	}
	read(1)
	if err != nil {
		return s, err
	}
	wall := time.Since(start)
	own = machine.CPUTime() - own
	load1, _ := machine.ReadLoad()

	s = Sample{Ops: run.Ops, Seconds: run.Seconds, P50: run.P50, P99: run.P99, P999: run.P999, Lost: run.Lost, counts: run.Counts}
	s.ServerCPU, s.ServerAllocs, s.ServerBytes = perOp(usage[0][0], usage[1][0], run.Ops)
	s.ClientCPU, s.ClientAllocs, s.ClientBytes = perOp(usage[0][1], usage[1][1], run.Ops)
	if okLoad {
		used := (s.ServerCPU + s.ClientCPU) * float64(run.Ops) // µs
		own += time.Duration(used * float64(time.Microsecond))
		s.Foreign = machine.Foreign(load0, load1, own, wall, machine.CPUs())
		s.Dirty = s.Foreign > r.Dirty
	}
	return s, nil
}
