package suite

import (
	"context"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/bench/internal/machine"
	"github.com/zrpc-go/zrpc/bench/internal/wire"
)

// only is a plan with the works given instead of its own.
func only(works []Work, systems ...System) Plan {
	p := plan(systems...)
	p.Works = works
	return p
}

func TestPublishingIsMeasuredAtBothEnds(t *testing.T) {
	w := Work{Name: "pub", Headline: Deliveries, open: wire.Command{Work: wire.Pub, Conns: 8, Size: 100, Window: 1}}
	r := Run(context.Background(), only([]Work{w}, fakeSystem(t, "a", "fans")))
	if len(r.Failed) != 0 || len(r.Samples) != 2 {
		t.Fatalf("failed %v, %d samples, want one a round", r.Failed, len(r.Samples))
	}
	s := r.Samples[0]
	if s.Ops != 30 || s.Lost != 2 || s.Seconds != 0.75 || s.Size != 100 {
		t.Errorf("%+v, want the client's 30 messages and 2 lost, over the server's 0.5 s and the client's 0.25", s)
	}
	if got := Lost.Of(&s); got != 100*2.0/32 {
		t.Errorf("%v %% lost, want 2 of 32", got)
	}
	if !w.Losing() || w.Calls() || w.Scheduled() {
		t.Errorf("%+v is taken for calls", w)
	}
}

func TestIdleThingsAreMeasuredInNewProcesses(t *testing.T) {
	if !machine.CanPin {
		t.Log("no memory of processes on this system") // Choose leaves the work out
		return
	}
	w := Work{Name: "idle", Headline: ServerKiB, Rounds: 1, fresh: true, open: wire.Command{Work: wire.IdleConns, Conns: 100}}
	starts := 0
	s := fakeSystem(t, "a", "well")
	server := s.server
	s.server = func() *exec.Cmd { starts++; return server() } // one system: never two at once
	r := Run(context.Background(), only([]Work{w}, s))
	if len(r.Failed) != 0 || len(r.Samples) != 1 || r.Samples[0].Ops != 100 {
		t.Errorf("failed %v, samples %+v; want one of 100 connections, in the first of two rounds", r.Failed, r.Samples)
	}
	if starts != 2 {
		t.Errorf("%d servers started, want one for the round that has something to do and one for the memory", starts)
	}
	if w.Timed() {
		t.Error("an idle work has no time")
	}
}

func TestOnlyTheSystemsNamedDoAWork(t *testing.T) {
	p := plan(fakeSystem(t, "a", "well"), fakeSystem(t, "b", "well"))
	p.Works[0].Peers = []string{"b"}
	p.Works[0].Rounds = 1
	r := Run(context.Background(), p)
	var order []string
	for _, s := range r.Samples {
		order = append(order, s.Work+s.Peer)
	}
	if got := strings.Join(order, " "); got != "unaryb streama streamb streama streamb" {
		t.Errorf("%s: want the first work once, by b alone", got)
	}
	if n := p.runs(); n != 5 {
		t.Errorf("the plan counts %d runs, want 5", n)
	}
}

func TestTheWholeFits(t *testing.T) {
	var systems []System
	for i, n := range Names() {
		systems = append(systems, System{Name: n, Apart: i >= len(Names())-len(apart)})
	}
	for _, tc := range []struct {
		quick  bool
		rounds int
		budget time.Duration
	}{{true, 3, 78 * time.Second}, {false, 5, 9 * time.Minute}} {
		works, err := Choose(nil, tc.quick)
		if err != nil {
			t.Fatal(err)
		}
		p := Plan{Systems: systems, Works: works, Rounds: tc.rounds}
		p.Fit(tc.budget, 0)
		if p.Time < 2*minRun {
			t.Errorf("quick %v: runs of %v in %v are too short to tell anything", tc.quick, p.Time, tc.budget)
		}
	}
}

func TestWorksAreWellFormed(t *testing.T) {
	known := strings.Join(Names(), " ") + " "
	seen := map[string]bool{}
	for _, w := range Works {
		if w.Name == "" || w.Title == "" || w.Headline.Name == "" || seen[w.Name] {
			t.Errorf("%+v lacks something, or is there twice", w)
		}
		seen[w.Name] = true
		for _, p := range w.Peers {
			if !strings.Contains(known, p+" ") {
				t.Errorf("%s is for %q, which is no peer", w.Name, p)
			}
		}
		if len(w.Peers) > 0 && !w.Does(System{Name: "zrpc"}) {
			t.Errorf("%s leaves out zrpc, so that it has no ratios", w.Name)
		}
	}
	for _, p := range apart {
		if !slices.ContainsFunc(Works, func(w Work) bool { return w.Does(System{Name: p.name, Apart: true}) }) {
			t.Errorf("%s stands apart, and no work names it", p.name)
		}
	}
	for _, name := range []string{Payload, Connections} {
		s := Series(Works, name)
		for i := 1; i < len(s); i++ {
			if s[i].X <= s[i-1].X {
				t.Errorf("series %s does not rise at %s", name, s[i].Name)
			}
		}
		if len(s) < 4 {
			t.Errorf("series %s has %d points", name, len(s))
		}
	}
}
