package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/zrpc-go/zrpc/bench/internal/suite"
)

// column is one column of a work's table for the terminal.
type column struct {
	head   string
	metric suite.Metric
	write  func(float64) string
}

// columns are what follows the headline: latencies where single calls have them, then
// what a call (or an item) costs.
func columns(w suite.Work) []column {
	if !w.Timed() {
		return []column{{"client KiB", suite.ClientKiB, number}}
	}
	var c []column
	if w.Calls() {
		for _, l := range []column{{"p50 µs", suite.P50, number}, {"p99 µs", suite.P99, number}, {"p99.9 µs", suite.P999, number}} {
			if l.metric.Name != w.Headline.Name {
				c = append(c, l)
			}
		}
	}
	if w.Crowded() {
		c = append(c, column{"p99/p50", suite.Tail, number})
	}
	if w.Scheduled() {
		c = append(c, column{"calls/s", suite.Calls, number})
	}
	if w.Losing() {
		c = append(c, column{"lost %", suite.Lost, number})
	}
	return append(c,
		column{"CPU client", suite.ClientCPU, number},
		column{"CPU server", suite.ServerCPU, number},
		column{"allocs client", suite.ClientAllocs, count},
		column{"server", suite.ServerAllocs, count})
}

// Text writes one table for each work, then what went wrong.
func Text(out io.Writer, r *suite.Result) {
	for _, w := range r.Works {
		fmt.Fprintf(out, "\n%s\n", w.Title)
		cols := columns(w)
		unit := strings.Replace(w.Headline.Name+" "+w.Headline.Unit, " 1/s", "/s", 1) // calls/s
		head := []string{"", unit, "min–max", "× " + Base}
		for _, c := range cols {
			head = append(head, c.head)
		}
		g := grid{head}
		for _, s := range r.Systems {
			if !w.Does(s) {
				continue
			}
			cell := suite.Cell{Peer: s.Name, Work: w.Name}
			f := measure(r, cell, w.Headline)
			row := []string{s.Title, f.median(number), f.span(number), ratio(f.ratio)}
			for _, c := range cols {
				// A system that does not do this work gets one dash, not a row of them.
				if f.N == 0 {
					row = append(row, "")
					continue
				}
				row = append(row, measure(r, cell, c.metric).median(c.write))
			}
			g = append(g, row)
		}
		io.WriteString(out, g.text())
	}
	if goals, sum := goalTable(r); len(goals) > 1 {
		io.WriteString(out, "\n"+goals.text()+sum)
	}
	io.WriteString(out, "\n"+Notes(r))
}

// Notes says what a reader must know about the figures: what was left out and why.
func Notes(r *suite.Result) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	for _, s := range r.Skipped {
		line("%s: %s", s.Name, s.Reason)
	}
	for _, f := range r.Failed {
		where := f.Peer
		if f.Work != "" {
			where += ", " + f.Work
		}
		line("%s, round %d: FAILED: %v", where, f.Round+1, f.Err)
	}
	runs, dirty, worst := 0, 0, 0.0
	lost := map[string]int64{}
	for _, s := range r.Samples {
		runs += max(1, s.Turns)
		if dirty += s.Left; s.Dirty && s.Turns == 0 {
			dirty++
		}
		worst = max(worst, s.Foreign)
		lost[s.Peer] += s.Lost
	}
	for _, s := range r.Systems {
		if lost[s.Name] > 0 {
			line("%s: %d items or messages were sent and never came", s.Name, lost[s.Name])
		}
	}
	line("%d runs, %d of them dropped because others used the CPUs meanwhile (the most in one run: %.0f %% of all CPUs).",
		runs, dirty, worst*100)
	if allDirty(r) {
		line("%s: every run of this figure was such a run; it is the median of those.", loud)
	}
	if r.Stopped != "" {
		line("The benchmark ended early: %s.", r.Stopped)
	}
	return b.String()
}

// allDirty says whether any cell has dirty runs alone.
func allDirty(r *suite.Result) bool {
	for _, s := range r.Systems {
		for _, w := range r.Works {
			if _, dirty := r.Values(suite.Cell{Peer: s.Name, Work: w.Name}, w.Headline); dirty {
				return true
			}
		}
	}
	return false
}
