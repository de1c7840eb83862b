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
		r.startAll(round)
		for _, w := range p.Works {
			if round >= w.rounds(p.Rounds) {
				continue
			}
			for _, s := range p.Systems {
				switch {
				case !w.Does(s):
					continue
				case ctx.Err() != nil:
					r.res.Stopped = fmt.Sprintf("interrupted in round %d of %d", round+1, p.Rounds)
					return r.res
				case time.Now().After(p.Until):
					r.res.Stopped = fmt.Sprintf("out of time in round %d of %d", round+1, p.Rounds)
					return r.res
				}
				r.Progress(fmt.Sprintf("round %d of %d: %s, %s", round+1, p.Rounds, w.Name, s.Name))
				r.cell(ctx, round, w, s)
			}
		}
		r.stopAll()
	}
	return r.res
}

// startAll starts the pairs side by side: most of it is waiting for interpreters.
func (r *runner) startAll(round int) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	for _, s := range r.Systems {
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

// stopAll ends all processes side by side and waits for them.
func (r *runner) stopAll() {
	var wg sync.WaitGroup
	for name, p := range r.pairs {
		wg.Go(p.stop)
		delete(r.pairs, name)
	}
	wg.Wait()
}

// cell runs one work on one system. After a failure the pair is started afresh, so
// that the next work finds it in order.
func (r *runner) cell(ctx context.Context, round int, w Work, s System) {
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
	sample, err := r.measure(p, w)
	if errors.Is(err, errUnsupported) {
		r.res.None[c] = true
		return
	}
	if err == nil {
		sample.Peer, sample.Work, sample.Round = s.Name, w.Name, round
		r.res.Samples = append(r.res.Samples, sample)
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

// timed is the run that counts, between two readings of everything.
func (r *runner) timed(p *pair, do func(time.Duration) (wire.Reply, error)) (s Sample, err error) {
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
	run, err := do(r.Time)
	if err != nil {
		return s, err
	}
	if run.Ops == 0 || run.Seconds <= 0 {
		return s, fmt.Errorf("%s: run: not one call came back in %v", p.client.name, r.Time)
	}
	read(1)
	if err != nil {
		return s, err
	}
	wall := time.Since(start)
	own = machine.CPUTime() - own
	load1, _ := machine.ReadLoad()

	s = Sample{Ops: run.Ops, Seconds: run.Seconds, P50: run.P50, P99: run.P99, P999: run.P999, Lost: run.Lost}
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
