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
	value float64 // NaN: nothing was measured
	name  string  // of the term that counts
	dirty bool    // some of it is of dirty runs alone
}

// check draws the goal's figure out of the samples. A goal of several terms has none
// unless all were measured: the missing one might be the worst.
func (g goal) check(r *suite.Result) outcome {
	worst := outcome{value: math.NaN()}
	for i, t := range g.of {
		v, dirty := t.value(r)
		if math.IsNaN(v) {
			return outcome{value: v}
		}
		if i == 0 || g.bound.missed(v) > g.bound.missed(worst.value) {
			worst.value, worst.name = v, t.name
		}
		worst.dirty = worst.dirty || dirty
	}
	return worst
}

// value is the median, or the median of the rounds' own ratios, or how much more one
// median is than the other.
func (t term) value(r *suite.Result) (v float64, dirty bool) {
	over, dirty := r.Values(suite.Cell{Peer: t.over.peer, Work: t.over.work}, t.over.metric)
	if t.base.work == "" {
		return stats.Summarize(over).Median, dirty
	}
	base, other := r.Values(suite.Cell{Peer: t.base.peer, Work: t.base.work}, t.base.metric)
	if t.less {
		return stats.Summarize(over).Median - stats.Summarize(base).Median, dirty || other
	}
	return stats.Ratio(over, base), dirty || other
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

// text is the figure in a table.
func (o outcome) text(unit string) string {
	if math.IsNaN(o.value) {
		return none
	}
	text := number(o.value)
	if o.dirty {
		text += loud
	}
	text = strings.TrimSpace(text + " " + unit)
	if o.name != "" {
		text += " (" + o.name + ")"
	}
	return text
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
	g = grid{{"goal", "wanted", "measured", ""}}
	met, missed, open := 0, 0, 0
	for _, a := range aims(r) {
		o := a.check(r)
		switch {
		case math.IsNaN(o.value):
			open++
		case a.bound.met(o.value):
			met++
		default:
			missed++
		}
		g = append(g, []string{a.what, a.bound.String(), o.text(a.bound.unit), a.bound.verdict(o.value)})
	}
	return g, fmt.Sprintf("%d goals met, %d missed, %d not measured.\n", met, missed, open)
}
