package suite

import (
	"context"
	"fmt"
	"math"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/bench/internal/wire"
)

// company are three works in turns.
func company() []Work {
	open := wire.Command{Work: wire.Echo, Conns: 1, Inflight: 1, Size: 10, Rate: 1000}
	return []Work{
		{Name: "calm", Headline: PooledP99, group: neighbours, open: open},
		{Name: "slowcall", Headline: PooledP99, group: neighbours, beside: wire.Sleepers, open: open},
		{Name: "slowpeer", Headline: PooledP99, group: neighbours, beside: wire.Deaf, open: open},
	}
}

// TestWorksInTurns: the fake client of "turns" puts the calls of its n-th run into bucket
// n, and says n of a run that nobody counts, after its company has changed.
func TestWorksInTurns(t *testing.T) {
	p := only(company(), fakeSystem(t, "a", "turns"))
	p.Rounds, p.Asked = 1, true
	r := Run(context.Background(), p)
	if len(r.Failed) != 0 || len(r.Samples) != 3 {
		t.Fatalf("failed %v, %d samples; want one of each work", r.Failed, len(r.Samples))
	}
	// Each run has two calls. Run 1 is the warm-up; 2, 4, 6, 9 and 11 follow a change.
	for i, want := range [][]int{{3, 12}, {5, 10}, {7, 8}} {
		s := r.Samples[i]
		var got []int
		for _, t := range s.turns {
			got = append(got, t.counts[0][0])
		}
		if !slices.Equal(got, want) || s.Turns != 2 || s.Ops != 4 || s.Seconds != 1 {
			t.Errorf("%s: runs %v, %+v; want runs %v, of 2 calls and half a second each: there and back again", s.Work, got, s, want)
		}
		if s.P99 != float64(want[1])/1e3 || s.ClientCPU != 50 || *s.ClientAllocs != 100 {
			t.Errorf("%s: %+v; want the slowest call of both runs, and 100 µs and 200 allocations a run shared by 2 calls", s.Work, s)
		}
	}
}

func TestWhatASystemLacksIsLeftOutOfTheTurns(t *testing.T) {
	p := only(company(), fakeSystem(t, "a", "turns, no sleepers"))
	p.Rounds, p.Asked = 1, true
	r := Run(context.Background(), p)
	if len(r.Failed) != 0 || len(r.Samples) != 2 || r.Samples[1].Work != "slowpeer" || r.Samples[1].Turns != 2 {
		t.Errorf("failed %v, samples %+v; want the two other works", r.Failed, r.Samples)
	}
}

// TestAGroupBeginsWithNewProcesses, whatever its systems did before; systems that do
// nothing else are not started for the other works.
func TestAGroupBeginsWithNewProcesses(t *testing.T) {
	starts := map[string]int{}
	counted := func(name string) System {
		s := fakeSystem(t, name, "well")
		server := s.server
		s.server = func() *exec.Cmd { starts[name]++; return server() }
		return s
	}
	a := counted("a") // the systems of a start run side by side: one alone may count
	b := fakeSystem(t, "b", "well")
	b.Apart = true
	p := only([]Work{
		{Name: "one", Headline: P50, open: echo(1, 1)},
		{Name: "two", Headline: P50, group: ends, Peers: []string{"a", "b"}, Rounds: 1, open: echo(1, 1)},
		{Name: "three", Headline: P50, group: ends, Peers: []string{"a", "b"}, Rounds: 1, open: echo(1, 1)},
	}, a, b)
	r := Run(context.Background(), p)
	var order []string
	for _, s := range r.Samples {
		order = append(order, fmt.Sprint(s.Round, s.Work, s.Peer))
	}
	if want := []string{"0onea", "0twoa", "0twob", "0threea", "0threeb", "1onea"}; !slices.Equal(order, want) || len(r.Failed) != 0 {
		t.Errorf("%v (failed %v), want %v", order, r.Failed, want)
	}
	if starts["a"] != 3 {
		t.Errorf("%d starts, want one a round and one for the group", starts["a"])
	}
}

func TestPooledFiguresLeaveDirtyTurnsOut(t *testing.T) {
	of := func(buckets ...int) (turns []turn) {
		for _, b := range buckets {
			turns = append(turns, turn{counts: [][2]int{{b, 10}}})
		}
		return turns
	}
	dirty := turn{counts: [][2]int{{60, 10}}, dirty: true}
	r := &Result{Rounds: 2, Samples: []Sample{
		{Peer: "a", Work: "calm", Round: 0, turns: of(20, 20)},
		{Peer: "a", Work: "calm", Round: 1, turns: append(of(20), dirty)},
		{Peer: "a", Work: "slowpeer", Round: 0, turns: of(20, 30)},
		{Peer: "a", Work: "slowpeer", Round: 1, turns: of(20, 20)},
		{Peer: "b", Work: "calm", Round: 0, turns: []turn{dirty}},
	}}
	calm, beside := Cell{"a", "calm"}, Cell{"a", "slowpeer"}
	if v, d := r.Values(calm, PooledP99); d || len(v) != 1 || v[0] != 0.02 {
		t.Errorf("%v (dirty %v), want one figure of the clean turns of both rounds", v, d)
	}
	if v, d := r.Values(Cell{"b", "calm"}, PooledP99); !d || v[0] != 0.06 {
		t.Errorf("%v (dirty %v), want the dirty turn, marked: there is no other", v, d)
	}
	if v, _ := r.Values(Cell{"c", "calm"}, PooledP99); len(v) != 0 {
		t.Errorf("%v of nothing", v)
	}
	v, low, high := r.PooledRatio(beside, calm, PooledP99)
	if v != 1.5 || low != 1 || high != 1.5 {
		t.Errorf("%v (%v to %v), want 1.5, which hangs on one turn of four: at times it was not there", v, low, high)
	}
	if v, _, _ := r.PooledRatio(beside, Cell{"c", "calm"}, PooledP99); !math.IsNaN(v) {
		t.Errorf("%v to nothing", v)
	}
}

// TestTheGoalsOfTurnsAreOfEnoughCalls: a p99 needs calls beyond it.
func TestTheGoalsOfTurnsAreOfEnoughCalls(t *testing.T) {
	for _, w := range Works {
		if w.group != neighbours {
			continue
		}
		d := time.Duration(w.rounds(5)*turns(System{Name: ours})) * turnTime
		if n := int(d.Seconds() * float64(w.open.Rate)); n < 100_000 {
			t.Errorf("%s: %d calls in a full run, want 100,000", w.Name, n)
		}
	}
}
