package plot

import (
	"io"
	"math"
)

// Bar is one system's figure.
type Bar struct {
	Label string
	Value float64 // positive; others are not drawn
	Text  string  // at its end
	Ours  bool
}

// Panel is one comparison: bars on a logarithmic scale of their own.
type Panel struct {
	Title string
	Bars  []Bar
}

const (
	barHeight, barGap     = 13.0, 4.0
	panelWidth, panelGap  = 430.0, 20.0
	panelHead, panelFoot  = 26.0, 14.0
	labelWidth, textWidth = 142.0, 92.0
	margin, titleHeight   = 16.0, 34.0
)

// Bars draws panels, two in a row.
func Bars(out io.Writer, title string, panels []Panel) error {
	var c canvas
	c.bold(margin, margin+12, 15, "start", ink, title)
	y := margin + titleHeight
	for i := 0; i < len(panels); i += 2 {
		row := panels[i:min(i+2, len(panels))]
		tallest := 0.0
		for j, p := range row {
			tallest = max(tallest, c.panel(p, margin+float64(j)*(panelWidth+panelGap), y))
		}
		y += tallest
	}
	return c.writeTo(out, title, 2*margin+2*panelWidth+panelGap, y+margin)
}

// panel draws one at x, y and returns its height.
func (c *canvas) panel(p Panel, x, y float64) float64 {
	c.bold(x, y+12, 12, "start", ink, p.Title)
	values := make([]float64, len(p.Bars))
	for i, b := range p.Bars {
		values[i] = b.Value
	}
	s := newScale(values, x+labelWidth, x+panelWidth-textWidth)
	// A bar begins left of the first power of ten, so that the least figure has one.
	s.lo /= math.Pow(s.hi/s.lo, 0.08)
	top := y + panelHead
	bottom := top + float64(len(p.Bars))*(barHeight+barGap)
	for i, b := range p.Bars {
		fill, put := grey, c.text
		if b.Ours {
			fill, put = ours, c.bold
		}
		at := top + float64(i)*(barHeight+barGap)
		put(s.a-6, at+barHeight-3, 11, "end", ink, b.Label)
		if !(b.Value > 0) || math.IsInf(b.Value, 0) {
			continue
		}
		end := s.at(b.Value)
		c.rect(s.a, at, max(1, end-s.a), barHeight, fill)
		put(max(end, s.a)+4, at+barHeight-3, 11, "start", ink, b.Text)
	}
	return panelHead + bottom - top + panelFoot
}
