package report

import (
	"fmt"
	"io"
	"math"

	"github.com/zrpc-go/zrpc/bench/internal/plot"
	"github.com/zrpc-go/zrpc/bench/internal/suite"
)

// Plot is one SVG file.
type Plot struct {
	Name  string // of the file
	Write func(io.Writer) error
}

// better tells the direction of a figure.
func better(m suite.Metric) string {
	if m.Higher {
		return "more is better"
	}
	return "less is better"
}

// Plots are the charts that the works done make possible: one of bars for each table
// of the Markdown, and one of lines for each series.
func Plots(r *suite.Result) (all []Plot) {
	for _, t := range tables {
		var panels []plot.Panel
		for _, h := range t.present(r) {
			if bars := barsOf(r, h); len(bars) > 1 && !h.metric.Plain { // one alone compares nothing
				panels = append(panels, plot.Panel{Title: t.lead + h.head + " (" + better(h.metric) + ")", Bars: bars})
			}
		}
		if len(panels) > 0 {
			all = append(all, Plot{t.file + ".svg", func(out io.Writer) error {
				return plot.Bars(out, t.plotTitle+"; in brackets the ratio to "+Base+"; logarithmic", panels)
			}})
		}
	}
	for _, c := range charts {
		lines := linesOf(r, c)
		if len(lines) > 0 {
			c.chart.Lines = lines
			all = append(all, Plot{c.series + ".svg", func(out io.Writer) error { return plot.Lines(out, c.chart) }})
		}
	}
	return all
}

// barsOf are the systems that have the figure.
func barsOf(r *suite.Result, h headline) (bars []plot.Bar) {
	for _, s := range r.Systems {
		f := measure(r, suite.Cell{Peer: s.Name, Work: h.work}, h.metric)
		if f.N == 0 || !(f.Median > 0) {
			continue
		}
		text := f.median(h.write)
		if x := ratio(f.ratio); x != "" {
			text += " (" + x + ")"
		}
		bars = append(bars, plot.Bar{Label: s.Title, Value: f.Median, Text: text, Ours: s.Name == Base})
	}
	return bars
}

// power names a power of ten on an axis: 10, 100, 1k … 10M.
func power(v float64) string {
	switch {
	case v >= 999_999:
		return fmt.Sprintf("%.0fM", v/1e6)
	case v >= 999:
		return fmt.Sprintf("%.0fk", v/1e3)
	}
	return fmt.Sprintf("%g", math.Round(v*1e6)/1e6) // repeated multiplication leaves traces
}

// chart is how a series of works is drawn.
type chart struct {
	series string
	metric suite.Metric
	chart  plot.Chart
}

var charts = []chart{
	{suite.Payload, suite.CPU, plot.Chart{Title: "Cost of an echo as its payload grows (less is better)",
		X: "bytes", Y: "µs of CPU time, both sides", NameX: power, NameY: power}},
	{suite.Connections, suite.Calls, plot.Chart{Title: "Echoes a second as connections grow, about 256 calls in flight (more is better)",
		X: "connections", Y: "calls/s", NameX: power, NameY: power}},
}

// linesOf are the systems that have at least two points of the series. A work of the
// series that was measured belongs to it whatever its own headline is.
func linesOf(r *suite.Result, c chart) (lines []plot.Line) {
	for _, s := range r.Systems {
		l := plot.Line{Label: s.Title, Ours: s.Name == Base}
		for _, w := range suite.Series(r.Works, c.series) {
			f := measure(r, suite.Cell{Peer: s.Name, Work: w.Name}, c.metric)
			if f.N > 0 && f.Median > 0 && !math.IsInf(f.Median, 0) {
				l.Points = append(l.Points, plot.Point{X: w.X, Y: f.Median})
			}
		}
		if len(l.Points) > 1 {
			lines = append(lines, l)
		}
	}
	return lines
}
