package plot

import (
	"cmp"
	"fmt"
	"io"
	"slices"
)

// Point is one measurement; both coordinates are positive.
type Point struct{ X, Y float64 }

// Line is one system's measurements, by rising X.
type Line struct {
	Label  string
	Points []Point
	Ours   bool
}

// Chart is lines over logarithmic axes.
type Chart struct {
	Title, X, Y string
	// Name writes a value of an axis; nil: as a number.
	NameX, NameY func(float64) string
	Lines        []Line
}

const (
	chartWidth, chartHeight = 880.0, 440.0
	left, right             = 70.0, 170.0
	head, foot              = 52.0, 50.0
	lineSpacing             = 14.0 // of the labels at the right
)

// Lines draws a chart. Each line is named at its end; the names keep their order and
// are moved apart where they would overlap.
func Lines(out io.Writer, ch Chart) error {
	var c canvas
	var xs, ys []float64
	for _, l := range ch.Lines {
		for _, p := range l.Points {
			xs, ys = append(xs, p.X), append(ys, p.Y)
		}
	}
	sx := newScale(xs, left, chartWidth-right)
	sy := newScale(ys, chartHeight-foot, head)
	c.axes(ch, sx, sy)
	type label struct {
		y     float64
		text  string
		color string
		ours  bool
	}
	var labels []label
	for i, l := range ch.Lines {
		if len(l.Points) == 0 {
			continue
		}
		color, width := palette[i%len(palette)], 1.6
		if l.Ours {
			color, width = ours, 3.2
		}
		fmt.Fprintf(&c.b, `<polyline fill="none" stroke="%s" stroke-width="%g" points="`, color, width)
		for _, p := range l.Points {
			fmt.Fprintf(&c.b, "%.1f,%.1f ", sx.at(p.X), sy.at(p.Y))
		}
		c.b.WriteString("\"/>\n")
		for _, p := range l.Points {
			fmt.Fprintf(&c.b, `<circle cx="%.1f" cy="%.1f" r="%g" fill="%s"/>`+"\n", sx.at(p.X), sy.at(p.Y), 1.2+width/2, color)
		}
		labels = append(labels, label{sy.at(l.Points[len(l.Points)-1].Y), l.Label, color, l.Ours})
	}
	slices.SortStableFunc(labels, func(a, b label) int { return cmp.Compare(a.y, b.y) })
	for i := range labels {
		if i > 0 {
			labels[i].y = max(labels[i].y, labels[i-1].y+lineSpacing)
		}
	}
	for i := len(labels) - 1; i >= 0; i-- { // those pushed below the axis go up again
		limit := chartHeight - foot
		if i < len(labels)-1 {
			limit = labels[i+1].y - lineSpacing
		}
		labels[i].y = min(labels[i].y, limit)
	}
	for _, l := range labels {
		put := c.text
		if l.ours {
			put = c.bold
		}
		put(chartWidth-right+12, l.y+4, 12, "start", l.color, l.text)
	}
	return c.writeTo(out, ch.Title, chartWidth, chartHeight)
}

// axes draws the title, the grid at powers of ten, and what they stand for.
func (c *canvas) axes(ch Chart, sx, sy scale) {
	name := func(f func(float64) string, v float64) string {
		if f == nil {
			return fmt.Sprintf("%g", v)
		}
		return f(v)
	}
	c.bold(margin, margin+12, 15, "start", ink, ch.Title)
	for _, v := range sx.ticks() {
		c.line(sx.at(v), head, sx.at(v), chartHeight-foot, faint)
		c.text(sx.at(v), chartHeight-foot+16, 11, "middle", ink, name(ch.NameX, v))
	}
	for _, v := range sy.ticks() {
		c.line(left, sy.at(v), chartWidth-right, sy.at(v), faint)
		c.text(left-6, sy.at(v)+4, 11, "end", ink, name(ch.NameY, v))
	}
	c.text((left+chartWidth-right)/2, chartHeight-12, 12, "middle", ink, ch.X)
	c.text(margin, head-8, 12, "start", ink, ch.Y)
}
