package report

import (
	"fmt"
	"io"

	"github.com/zrpc-go/zrpc/bench/internal/suite"
)

// Markdown writes the headline figures with their ratios, and their spread below.
func Markdown(out io.Writer, r *suite.Result, m Machine) {
	fmt.Fprintf(out, "Medians of %d interleaved rounds; server and client are processes of their own on loopback TCP;\n"+
		"in brackets the ratio to %s (%s = 1). For µs, KiB, %% and allocations less is better, for what is counted a second more.\n"+
		"%s\n", r.Rounds, Base, Base, m)
	var spreads []grid
	for i, t := range tables {
		cols := t.present(r)
		if len(cols) == 0 {
			continue
		}
		figures, spread := t.grids(r, cols, i == 0)
		spreads = append(spreads, spread)
		io.WriteString(out, "\n"+figures.markdown())
	}
	if goals, sum := goalTable(r); len(goals) > 1 {
		fmt.Fprintf(out, "\nWhat the project has set out to reach, and what this run says of it:\n\n%s\n%s", goals.markdown(), sum)
	}
	io.WriteString(out, "\n<details><summary>Spread over the rounds</summary>\n")
	for _, s := range spreads {
		io.WriteString(out, "\n"+s.markdown())
	}
	io.WriteString(out, "\n```\n"+Notes(r)+"```\n</details>\n")
}

// grids are two tables: figures with ratios are what a reader looks for; with the
// extremes in the same cells nobody could find them. Systems without any figure have a
// row only if all is set: a reader must find them once.
func (t table) grids(r *suite.Result, cols []headline, all bool) (figures, spread grid) {
	figures, spread = grid{{t.title}}, grid{{"min–max"}}
	for _, c := range cols {
		figures[0] = append(figures[0], c.head)
		spread[0] = append(spread[0], c.head)
	}
	for _, s := range r.Systems {
		title := s.Title
		if s.Name == Base {
			title = "**" + title + "**"
		}
		row, range_, any := []string{title}, []string{title}, false
		for _, c := range cols {
			f := measure(r, suite.Cell{Peer: s.Name, Work: c.work}, c.metric)
			text := f.median(c.write)
			if x := ratio(f.ratio); x != "" && f.N > 0 {
				text += " (" + x + ")"
			}
			any = any || f.N > 0
			row = append(row, text)
			range_ = append(range_, f.span(c.write))
		}
		if any || all && !s.Apart {
			figures, spread = append(figures, row), append(spread, range_)
		}
	}
	return figures, spread
}
