// Package plot draws the benchmark's charts as SVG: dark text on white, no script, no
// fonts or files of others, so that a README can show them on any background.
package plot

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"math"
)

// Colours: ours stands out, the others stay apart for the colour-blind (Okabe and Ito's
// palette without its yellow, which is too pale for lines on white).
const (
	ink   = "#1b1b1b"
	faint = "#d5d5d5"
	ours  = "#0057b8"
	grey  = "#8c8c8c"
)

var palette = []string{"#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#5e3c99", "#7f5539", "#4d4d4d", "#9acd32"}

// canvas collects elements; coordinates are pixels from the top left.
type canvas struct{ b bytes.Buffer }

func (c *canvas) rect(x, y, w, h float64, fill string) {
	fmt.Fprintf(&c.b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>`+"\n", x, y, w, h, fill)
}

func (c *canvas) line(x1, y1, x2, y2 float64, stroke string) {
	fmt.Fprintf(&c.b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s"/>`+"\n", x1, y1, x2, y2, stroke)
}

// text writes s with its baseline at y; anchor is start, middle or end.
func (c *canvas) text(x, y, size float64, anchor, fill, s string) {
	fmt.Fprintf(&c.b, `<text x="%.1f" y="%.1f" font-size="%g" text-anchor="%s" fill="%s">%s</text>`+"\n", x, y, size, anchor, fill, html.EscapeString(s))
}

// bold is text that stands out.
func (c *canvas) bold(x, y, size float64, anchor, fill, s string) {
	fmt.Fprintf(&c.b, `<text x="%.1f" y="%.1f" font-size="%g" font-weight="bold" text-anchor="%s" fill="%s">%s</text>`+"\n", x, y, size, anchor, fill, html.EscapeString(s))
}

// writeTo writes the document, title first for those who cannot see it.
func (c *canvas) writeTo(out io.Writer, title string, width, height float64) error {
	_, err := fmt.Fprintf(out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" font-family="Helvetica, Arial, sans-serif" role="img">
<title>%s</title>
<rect width="100%%" height="100%%" fill="#ffffff"/>
%s</svg>
`, width, height, width, height, html.EscapeString(title), c.b.Bytes())
	return err
}

// scale maps the positive values from lo to hi to pixels from a to b, by their
// logarithm: systems differ by powers of ten.
type scale struct{ lo, hi, a, b float64 }

// newScale makes room for all values, to the next power of ten at both ends, and at
// least one power.
func newScale(values []float64, a, b float64) scale {
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if v > 0 && !math.IsInf(v, 0) { // NaN is not > 0
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	if hi < lo {
		lo, hi = 1, 10
	}
	lo, hi = math.Floor(math.Log10(lo)+1e-9), math.Ceil(math.Log10(hi)-1e-9)
	if hi <= lo {
		hi = lo + 1
	}
	return scale{math.Pow(10, lo), math.Pow(10, hi), a, b}
}

func (s scale) at(v float64) float64 {
	return s.a + (s.b-s.a)*math.Log(v/s.lo)/math.Log(s.hi/s.lo)
}

// ticks are the powers of ten in the scale.
func (s scale) ticks() (t []float64) {
	for v := s.lo; v <= s.hi*1.0001; v *= 10 {
		t = append(t, v)
	}
	return t
}
