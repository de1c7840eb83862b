// Package report writes what the benchmark measured: tables for a terminal, tables in
// Markdown for the README, and everything in JSON.
package report

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/zrpc-go/zrpc/bench/internal/stats"
	"github.com/zrpc-go/zrpc/bench/internal/suite"
)

// Base is the system that ratios are relative to.
const Base = "zrpc"

const (
	none = "–" // the system has no such thing, or it was not measured
	// loud marks figures of runs during which others used the machine.
	loud = "!"
)

// number writes v with three significant digits, thousands as k and millions as M.
func number(v float64) string {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return none
	case math.Abs(v) >= 999_500:
		return digits(v/1e6) + "M"
	case math.Abs(v) >= 9_995:
		return digits(v/1e3) + "k"
	}
	return digits(v)
}

// digits writes v with three significant digits, or as a whole number from 100.
func digits(v float64) string {
	switch a := math.Abs(v); {
	case a >= 99.95:
		return fmt.Sprintf("%.0f", v)
	case a >= 9.995:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// count writes a number of allocations: whole, unless there is less than one in
// two operations.
func count(v float64) string {
	if !math.IsNaN(v) && v >= 0.5 {
		return fmt.Sprintf("%.0f", v)
	}
	return number(v)
}

// ratio writes v with a cross and two significant digits below 1, as the share of a
// slow system is a small number; an empty string if there is none.
func ratio(v float64) string {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return ""
	case v < 0.00995:
		return fmt.Sprintf("%.4f×", v)
	case v < 0.0995:
		return fmt.Sprintf("%.3f×", v)
	}
	return digits(v) + "×"
}

// figure is one measurement, ready to be written.
type figure struct {
	stats.Summary
	ratio float64 // to Base; NaN if there is none
	dirty bool    // of dirty runs alone
}

// measure draws the figure of one cell out of all samples, with its ratio to Base.
func measure(r *suite.Result, c suite.Cell, m suite.Metric) figure {
	v, dirty := r.Values(c, m)
	base, _ := r.Values(suite.Cell{Peer: Base, Work: c.Work}, m)
	f := figure{stats.Summarize(v), stats.Ratio(v, base), dirty}
	if m.Plain {
		f.ratio = math.NaN()
	}
	return f
}

// median is the figure in a table, marked if it comes from dirty runs alone.
func (f figure) median(write func(float64) string) string {
	if f.N == 0 {
		return none
	}
	if f.dirty {
		return write(f.Median) + loud
	}
	return write(f.Median)
}

// span is the least and the most of the rounds; empty where there was only one.
func (f figure) span(write func(float64) string) string {
	if f.N < 2 {
		return ""
	}
	return write(f.Min) + "–" + write(f.Max)
}

// grid is a table of text; its first row is the head.
type grid [][]string

// text aligns the columns with spaces: the first to the left, all others to the right.
func (g grid) text() string {
	width := make([]int, len(g[0]))
	for _, row := range g {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, row := range g {
		var line strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				line.WriteString(cell + pad)
			} else {
				line.WriteString("  " + pad + cell)
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return b.String()
}

// markdown writes the table in Markdown, aligned the same way.
func (g grid) markdown() string {
	var b strings.Builder
	for i, row := range g {
		b.WriteString("| " + strings.Join(row, " | ") + " |\n")
		if i == 0 {
			b.WriteString("|---" + strings.Repeat("|--:", len(row)-1) + "|\n")
		}
	}
	return b.String()
}
