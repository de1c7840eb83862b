package report

import (
	"math"
	"strings"
	"testing"

	"github.com/zrpc-go/zrpc/bench/internal/suite"
)

// TestTheFloorStandsBesideTheGoal: what raw TCP misses in the same run is said by its own
// figures, and what it would reach as well.
func TestTheFloorStandsBesideTheGoal(t *testing.T) {
	works, err := suite.Choose([]string{"pinned", "par64"}, false)
	if err != nil {
		t.Fatal(err)
	}
	r := &suite.Result{Works: works, Rounds: 1, Systems: []suite.System{{Name: "zrpc"}}}
	for _, s := range []suite.Sample{
		{Peer: "zrpc", Work: "pinned", P50: 9}, {Peer: "raw", Work: "pinned", P50: 10}, {Peer: "mux", Work: "pinned", P50: 11},
		{Peer: "gob", Work: "pinned", P50: 15}, {Peer: "libzmq", Work: "pinned", P50: 40},
		{Peer: "zrpc", Work: "par64", Ops: 400}, {Peer: "raw", Work: "par64", Ops: 900}, {Peer: "mux", Work: "par64", Ops: 450},
		{Peer: "gob", Work: "par64", Ops: 100}, {Peer: "libzmq", Work: "par64", Ops: 440},
	} {
		s.Seconds = 1
		r.Samples = append(r.Samples, s)
	}
	g, sum := goalTable(r)
	text := g.markdown() + sum
	for _, want := range []string{
		"| p50, 1 in flight, to raw TCP, on one CPU | ≤ 1.3 × | 0.90 × | – | met |", // itself to itself tells nothing
		"| p50, 1 in flight, to net/rpc, on one CPU | ≤ 0.4 × | 0.60 × | 0.67 × | missed by 50 %, by raw TCP too |",
		"| p50, 1 in flight, to libzmq in C, on one CPU | ≤ 0.3 × | 0.23 × | 0.25 × | met |",
		// With 64 in flight it is the one with numbered requests, not the pipeline.
		"| calls/s, 1 × 64, to net/rpc | ≥ 5 × | 4.00 × | 4.50 × (multiplexed) | missed by 20 %, by raw TCP too |",
		"| calls/s, 1 × 64, to libzmq in C | ≥ 1 × | 0.91 × | 1.02 × (multiplexed) | missed by 9 % |",
		"Of those missed, raw TCP in zrpc's place misses 2 in this run as well.",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no\n%s\nin\n%s", want, text)
		}
	}
}

// TestEveryFloorIsMeasured: raw TCP does the works that it has a figure of, and is never
// compared with itself.
func TestEveryFloorIsMeasured(t *testing.T) {
	floors := 0
	for _, g := range goals {
		for _, tm := range g.floor().of {
			floors++
			if tm.over.cell() == tm.base.cell() {
				t.Errorf("%s: the floor is compared with itself", g.what)
			}
			if p := tm.over.peer; p != raw && p != mux {
				t.Errorf("%s: %s is no floor", g.what, p)
			}
		}
	}
	if floors < 20 {
		t.Errorf("%d floors for %d goals: the table says nothing of the machine", floors, len(goals))
	}
}

// TestADoubtfulFloorExcusesNothing: nor does one that others have disturbed.
func TestADoubtfulFloorExcusesNothing(t *testing.T) {
	b, missed := atMost(1.25, "×"), outcome{value: 1.5}
	for _, tc := range []struct {
		floor outcome
		want  string
	}{
		{outcome{value: 2, low: 1.5, high: 3}, "missed by 20 %, by raw TCP too"},
		{outcome{value: 2, low: 1.1, high: 3}, "missed by 20 %"},
		{outcome{value: 2, dirty: true}, "missed by 20 %"},
		{outcome{value: 1}, "missed by 20 %"},
	} {
		if got := b.judge(missed, tc.floor); got != tc.want {
			t.Errorf("beside %+v it is %q, want %q", tc.floor, got, tc.want)
		}
	}
}

func TestWhatMightAsWellHaveComeOutIsSaid(t *testing.T) {
	b := atMost(1.25, "×")
	none := outcome{value: math.NaN()}
	for _, tc := range []struct {
		o    outcome
		text string // where the interval matters
		want string
	}{
		{outcome{value: 1.1, low: 1, high: 1.2}, "1.10 ×", "met"},
		{outcome{value: 1.1, low: 0.9, high: 1.6}, "1.10 × (0.90 to 1.60)", "met, open"},
		{outcome{value: 1.5, low: 1.1, high: 2}, "1.50 × (1.10 to 2.00)", "missed by 20 %, open"},
		{outcome{value: 1.5, low: 1.3, high: 2}, "1.50 ×", "missed by 20 %"},
		{outcome{value: 1.5}, "1.50 ×", "missed by 20 %"},
	} {
		if got := b.judge(tc.o, none); got != tc.want || tc.o.text("×", b.open(tc.o)) != tc.text {
			t.Errorf("%q, %q; want %q, %q", tc.o.text("×", b.open(tc.o)), got, tc.text, tc.want)
		}
	}
}
