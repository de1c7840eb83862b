package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/zrpc-go/zrpc/bench/internal/stats"
	"github.com/zrpc-go/zrpc/bench/internal/suite"
)

// goal is one thing that the project has set out to reach: a figure of zrpc's, or its
// ratio to another, with a bound.
type goal struct {
	what  string
	bound bound
	// of are compared with the bound one by one; the worst counts, and is named.
	of []term
}

// term is a figure, or where it has a base a ratio or a difference.
type term struct {
	name string // where there are several
	over figureOf
	base figureOf // no work: none
	less bool     // the base is to be taken off
}

// figureOf names a median of a run.
type figureOf struct {
	peer, work string
	metric     suite.Metric
}

// bound is what a goal asks for.
type bound struct {
	limit float64
	most  bool   // at most, else at least
	unit  string // × for a ratio
}

func atMost(limit float64, unit string) bound  { return bound{limit, true, unit} }
func atLeast(limit float64, unit string) bound { return bound{limit, false, unit} }

func (b bound) String() string {
	sign := "≥"
	if b.most {
		sign = "≤"
	}
	return strings.TrimSpace(fmt.Sprintf("%s %g %s", sign, b.limit, b.unit))
}

// met compares; both sides of a figure that rounds to the bound are not told apart.
func (b bound) met(v float64) bool { return b.missed(v) < 0.005 }

// missed is by which share v misses the bound; negative if it does not.
func (b bound) missed(v float64) float64 {
	switch {
	case b.limit == 0:
		return v
	case b.most:
		return v/b.limit - 1
	}
	return 1 - v/b.limit
}

// outcome is what a benchmark says of a goal.
type outcome struct {
	value     float64 // NaN: nothing was measured
	low, high float64 // which of the same would not surprise; 0: not known
	name      string  // of the term that counts
	dirty     bool    // some of it is of dirty runs alone
}

// open says whether the bound lies among the values that might as well have come out.
func (b bound) open(o outcome) bool { return o.high > 0 && b.met(o.low) != b.met(o.high) }

// check draws the goal's figure out of the samples. A goal of several terms has none
// unless all were measured: the missing one might be the worst.
func (g goal) check(r *suite.Result) outcome {
	worst := outcome{value: math.NaN()}
	for i, t := range g.of {
		o := t.measured(r)
		if math.IsNaN(o.value) {
			return o
		}
		dirty := worst.dirty || o.dirty
		if i == 0 || g.bound.missed(o.value) > g.bound.missed(worst.value) {
			worst = o
		}
		worst.dirty = dirty
	}
	return worst
}

// cell is where the figure stands in the results.
func (f figureOf) cell() suite.Cell { return suite.Cell{Peer: f.peer, Work: f.work} }

// measured is the median, or the median of the rounds' own ratios, with the least and the
// most of the rounds, or how much more one median is than the other; of what is pooled
// over all rounds it is the one ratio, with the interval that its turns give it.
func (t term) measured(r *suite.Result) outcome {
	o := outcome{name: t.name}
	over, dirty := r.Values(t.over.cell(), t.over.metric)
	if o.dirty = dirty; t.base.work == "" {
		o.take(stats.Summarize(over))
		return o
	}
	base, dirty := r.Values(t.base.cell(), t.base.metric)
	o.dirty = o.dirty || dirty
	if t.less {
		o.value = stats.Summarize(over).Median - stats.Summarize(base).Median
		return o
	}
	if t.over.metric.Pools() {
		o.value, o.low, o.high = r.PooledRatio(t.over.cell(), t.base.cell(), t.over.metric)
		return o
	}
	o.take(stats.Ratios(over, base))
	return o
}

// take takes the rounds' median and, of several, their extremes.
func (o *outcome) take(s stats.Summary) {
	if o.value = s.Median; s.N > 1 {
		o.low, o.high = s.Min, s.Max
	}
}

// works are those that the goal's figures are of.
func (g goal) works() (names []string) {
	for _, t := range g.of {
		names = append(names, t.over.work)
		if t.base.work != "" {
			names = append(names, t.base.work)
		}
	}
	return names
}

// aims are the goals that a benchmark is about: some of their figures are of its works.
func aims(r *suite.Result) (some []goal) {
	done := func(name string) bool {
		return slices.ContainsFunc(r.Works, func(w suite.Work) bool { return w.Name == name })
	}
	for _, g := range goals {
		if slices.ContainsFunc(g.works(), done) {
			some = append(some, g)
		}
	}
	return some
}

// text is the figure in a table, with its interval where that matters to the bound.
func (o outcome) text(unit string, interval bool) string {
	if math.IsNaN(o.value) {
		return none
	}
	text := number(o.value)
	if o.dirty {
		text += loud
	}
	text = strings.TrimSpace(text + " " + unit)
	if interval {
		text += fmt.Sprintf(" (%s to %s)", number(o.low), number(o.high))
	}
	if o.name != "" {
		text += " (" + o.name + ")"
	}
	return text
}

// judge is the verdict on a goal beside which raw TCP's own figure stands.
func (b bound) judge(o, floor outcome) string {
	text := b.verdict(o.value)
	if b.open(o) {
		text += ", open"
	}
	if b.lost(o, floor) {
		text += ", by raw TCP too"
	}
	return text
}

// lost says whether the machine misses what zrpc misses, and there is no doubt about it.
func (b bound) lost(o, floor outcome) bool {
	if math.IsNaN(o.value) || math.IsNaN(floor.value) || floor.dirty || b.open(floor) {
		return false
	}
	return !b.met(o.value) && !b.met(floor.value)
}

// verdict says whether a goal was reached, and by how much not.
func (b bound) verdict(v float64) string {
	switch {
	case math.IsNaN(v):
		return "not measured"
	case b.met(v):
		return "met"
	case b.limit == 0:
		return "missed"
	}
	return fmt.Sprintf("missed by %.0f %%", 100*b.missed(v))
}

// goalTable has a row for each goal that the benchmark is about, and says how many were
// met.
func goalTable(r *suite.Result) (g grid, sum string) {
	g = grid{{"goal", "wanted", "measured", "raw TCP here", ""}}
	met, missed, open, unsure, too := 0, 0, 0, 0, 0
	for _, a := range aims(r) {
		o, floor := a.check(r), a.floor().check(r)
		switch {
		case math.IsNaN(o.value):
			open++
		case a.bound.met(o.value):
			met++
		default:
			missed++
			if a.bound.lost(o, floor) {
				too++
			}
		}
		if a.bound.open(o) {
			unsure++
		}
		g = append(g, []string{a.what, a.bound.String(), o.text(a.bound.unit, a.bound.open(o)),
			floor.text(a.bound.unit, false), a.bound.judge(o, floor)})
	}
	sum = fmt.Sprintf("%d goals met, %d missed, %d not measured.", met, missed, open)
	if unsure > 0 {
		sum += fmt.Sprintf(" %d of these verdicts are open: the rounds differ about them.", unsure)
	}
	if too > 0 {
		sum += fmt.Sprintf(" Of those missed, raw TCP in zrpc's place misses %d in this run as well.", too)
	}
	return g, sum + "\n"
}
