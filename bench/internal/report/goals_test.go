package report

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/zrpc-go/zrpc/bench/internal/suite"
)

func TestGoalsAreMeasured(t *testing.T) {
	for _, g := range goals {
		for _, tm := range g.of {
			for _, f := range []figureOf{tm.over, tm.base} {
				if f.work == "" {
					continue
				}
				i := slices.IndexFunc(suite.Works, func(w suite.Work) bool { return w.Name == f.work })
				if i < 0 {
					t.Errorf("%s: there is no work %q", g.what, f.work)
					continue
				}
				if w := suite.Works[i]; !slices.Contains(suite.Names(), f.peer) || w.Peers != nil && !slices.Contains(w.Peers, f.peer) {
					t.Errorf("%s: %s does not do %s", g.what, f.peer, f.work)
				}
			}
		}
	}
}

func TestBounds(t *testing.T) {
	for _, tc := range []struct {
		b    bound
		v    float64
		want string
	}{
		{atMost(1.3, "×"), 1.2, "met"},
		{atMost(1.3, "×"), 1.301, "met"}, // written as 1.30: a reader could not tell
		{atMost(0.4, "×"), 0.8, "missed by 100 %"},
		{atLeast(5, "×"), 5.1, "met"},
		{atLeast(5, "×"), 2.5, "missed by 50 %"},
		{atMost(0, "%"), 0, "met"},
		{atMost(0, "%"), 0.1, "missed"},
		{atLeast(5, "×"), math.NaN(), "not measured"},
	} {
		if got := tc.b.verdict(tc.v); got != tc.want {
			t.Errorf("%v of %s is %q, want %q", tc.v, tc.b, got, tc.want)
		}
	}
}

// foreignPair is a benchmark of one pair with a zrpc end: faster by half in calls and
// times, and slower by a fifth in streams.
func foreignPair(t *testing.T) *suite.Result {
	t.Helper()
	works, err := suite.Choose([]string{"foreign1", "foreign64", "foreignstream"}, false)
	if err != nil {
		t.Fatal(err)
	}
	r := &suite.Result{Works: works, Rounds: 1, Systems: []suite.System{{Name: "python", Title: "Python"}, {Name: "zrpc-python", Title: "mixed", Apart: true}}}
	for _, s := range []suite.Sample{
		{Peer: "python", Work: "foreign1", P50: 150}, {Peer: "zrpc-python", Work: "foreign1", P50: 100},
		{Peer: "python", Work: "foreign64", Ops: 100}, {Peer: "zrpc-python", Work: "foreign64", Ops: 150},
		{Peer: "python", Work: "foreignstream", Ops: 100}, {Peer: "zrpc-python", Work: "foreignstream", Ops: 80, Dirty: true},
	} {
		s.Seconds = 1
		r.Samples = append(r.Samples, s)
	}
	return r
}

func TestTheWorstOfSeveralFiguresCounts(t *testing.T) {
	g, sum := goalTable(foreignPair(t))
	text := g.text() + sum
	if !strings.Contains(text, "≥ 1 ×  0.80! × (stream)             –  missed by 20 %") {
		t.Errorf("want the stream named, and marked as of a dirty run, in\n%s", text)
	}
	if !strings.Contains(text, "0 goals met, 1 missed, 4 not measured.") {
		t.Errorf("want the other pairs counted as not measured in\n%s", text)
	}
	r := foreignPair(t)
	r.Samples = r.Samples[:5]
	if g, _ := goalTable(r); strings.Contains(g.text(), "met\n") {
		t.Errorf("a goal was met though one of its figures is missing:\n%s", g.text())
	}
}

// TestDifference: what is the handler's own is no part of what a stream costs; without
// its figure nothing is.
func TestDifference(t *testing.T) {
	works, err := suite.Choose([]string{"idlestreams"}, false)
	if err != nil {
		t.Fatal(err)
	}
	r := &suite.Result{Works: works, Rounds: 1, Systems: []suite.System{{Name: Base}, {Name: raw}}}
	for _, s := range []suite.Sample{
		{Peer: Base, Work: "idlestreams", ServerKiB: 4, ClientKiB: 0.5},
		{Peer: raw, Work: "idlestreams", ServerKiB: 2.5},
	} {
		if g, _ := goalTable(r); strings.Contains(g.text(), "≤ 1 KiB  4") {
			t.Errorf("a goal without the figure to take off:\n%s", g.text())
		}
		s.Ops, s.Seconds = 1, 1
		r.Samples = append(r.Samples, s)
	}
	g, _ := goalTable(r)
	if text := strings.Join(strings.Fields(g.text()), " "); !strings.Contains(text, "≤ 1 KiB 1.50 KiB – missed by 50 %") {
		t.Errorf("want 1.5 KiB, missed, in\n%s", g.text())
	}
}

func TestGoalsAreInEveryReport(t *testing.T) {
	r := result(t)
	// Of the second system, to have something that is missed.
	r.Samples = append(r.Samples, suite.Sample{Peer: "gob", Work: "unary", Round: 0, Ops: 50, Seconds: 1, P50: 20, ClientCPU: 50, ServerCPU: 50})
	var md, js bytes.Buffer
	Markdown(&md, r, Machine{})
	for _, want := range []string{
		"| p50, 1 in flight, to net/rpc | ≤ 0.4 × | 0.50 × | – | missed by 25 % |",
		"| CPU a call, both sides, to net/rpc | ≤ 0.4 × | 0.10 × | – | met |",
		"| allocations a call, client | ≤ 4 | 2.00 | – | met |",
	} {
		if !strings.Contains(md.String(), want) {
			t.Errorf("there is no\n%s\nin\n%s", want, md.String())
		}
	}
	if strings.Contains(md.String(), "16 × 16") {
		t.Error("a goal of works that were not asked for")
	}
	if err := JSON(&js, r, suite.Plan{}, Machine{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(js.String(), `"goal": "CPU a call, both sides, to net/rpc"`) || !strings.Contains(js.String(), `"met": true`) {
		t.Errorf("no goals in\n%s", js.String())
	}
}
