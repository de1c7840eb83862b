package report

import (
	"fmt"
	"io"

	"github.com/zrpc-go/zrpc/bench/internal/suite"
)

// headline is one column of the short table.
type headline struct {
	work   string
	head   string
	metric suite.Metric
	write  func(float64) string
}

// headlines are the columns, from what one call costs to what many together reach. The
// CPU time and the allocations are those of the unary echo, in which nothing is shared.
var headlines = []headline{
	{"unary", "p50 µs, 1 in flight", suite.P50, number},
	{"unary", "p99 µs", suite.P99, number},
	{"pinned", "p50 µs, on one CPU", suite.P50, number},
	{"unary", "CPU µs a call, both sides", suite.CPU, number},
	{"unary", "allocations a call, both sides", suite.Allocs, count},
	{"par64", "calls/s, 1 × 64", suite.Calls, number},
	{"par16x16", "calls/s, 16 × 16", suite.Calls, number},
	{"stream", "stream items/s", suite.Items, number},
	{"big", "1 MiB echo, MB/s", suite.MBs, number},
}

// Markdown writes the headline figures with their ratios, and their spread below.
func Markdown(out io.Writer, r *suite.Result, m Machine) {
	var cols []headline
	for _, h := range headlines {
		for _, w := range r.Works {
			if w.Name == h.work {
				cols = append(cols, h)
			}
		}
	}
	// Two tables: figures with ratios are what a reader looks for; with the extremes in
	// the same cells nobody could find them.
	main, spread := grid{{"echo of a 10-byte string"}}, grid{{"min–max"}}
	for _, c := range cols {
		main[0] = append(main[0], c.head)
		spread[0] = append(spread[0], c.head)
	}
	for _, s := range r.Systems {
		title := s.Title
		if s.Name == Base {
			title = "**" + title + "**"
		}
		row, range_ := []string{title}, []string{title}
		for _, c := range cols {
			f := measure(r, suite.Cell{Peer: s.Name, Work: c.work}, c.metric)
			text := f.median(c.write)
			if x := ratio(f.ratio); x != "" && f.N > 0 {
				text += " (" + x + ")"
			}
			row = append(row, text)
			range_ = append(range_, f.span(c.write))
		}
		main, spread = append(main, row), append(spread, range_)
	}
	fmt.Fprintf(out, "Medians of %d interleaved rounds; server and client are processes of their own on loopback TCP;\n"+
		"in brackets the ratio to %s (%s = 1). For µs and allocations less is better, for calls, items and MB a second more.\n"+
		"%s\n\n", r.Rounds, Base, Base, m)
	io.WriteString(out, main.markdown())
	io.WriteString(out, "\n<details><summary>Spread over the rounds</summary>\n\n")
	io.WriteString(out, spread.markdown())
	io.WriteString(out, "\n```\n"+Notes(r)+"```\n</details>\n")
}
