package plot

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
)

// element is what the tests look at.
type element struct {
	name, text string
	attr       map[string]string
}

// parse reads a document, which must be well-formed.
func parse(t *testing.T, b []byte) (all []element) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(b))
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, b)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			e := element{name: tok.Name.Local, attr: map[string]string{}}
			for _, a := range tok.Attr {
				e.attr[a.Name.Local] = a.Value
			}
			all = append(all, e)
		case xml.CharData:
			if len(all) > 0 && strings.TrimSpace(string(tok)) != "" {
				all[len(all)-1].text += string(tok)
			}
		}
	}
}

func count(all []element, name, attr, value string) (n int) {
	for _, e := range all {
		if e.name == name && (attr == "" || e.attr[attr] == value) {
			n++
		}
	}
	return n
}

func TestBarsDrawWhatThereIs(t *testing.T) {
	var b bytes.Buffer
	err := Bars(&b, "a < b & c", []Panel{
		{"first", []Bar{{"ours", 10, "10 (1×)", true}, {"other", 1000, "1000", false}, {"absent", math.NaN(), "", false}}},
		{"second", []Bar{{"ours", 5, "5", true}}},
		{"third", []Bar{{"endless", math.Inf(1), "", false}, {"none", 0, "", false}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	all := parse(t, b.Bytes())
	if n := count(all, "rect", "fill", ours); n != 2 {
		t.Errorf("%d bars of ours, want 2", n)
	}
	if n := count(all, "rect", "fill", grey); n != 1 {
		t.Errorf("%d bars of others, want 1: what was not measured has none", n)
	}
	if n := count(all, "rect", "fill", "#ffffff"); n != 1 {
		t.Error("there is no white background: a dark page would hide the text")
	}
	if strings.Contains(b.String(), "NaN") || strings.Contains(b.String(), "Inf") {
		t.Error("a coordinate is no number")
	}
	if all[1].name != "title" || all[1].text != "a < b & c" {
		t.Errorf("the title is %+v", all[1])
	}
}

func TestLinesAreNamedWithoutOverlap(t *testing.T) {
	ch := Chart{Title: "cost", X: "bytes", Y: "µs"}
	for _, l := range []string{"a", "b", "c"} { // all end at the same place, at the lower edge
		ch.Lines = append(ch.Lines, Line{Label: l, Ours: l == "b", Points: []Point{{10, 100}, {1000, 1}}})
	}
	ch.Lines = append(ch.Lines, Line{Label: "nothing"})
	var b bytes.Buffer
	if err := Lines(&b, ch); err != nil {
		t.Fatal(err)
	}
	all := parse(t, b.Bytes())
	if n := count(all, "polyline", "", ""); n != 3 {
		t.Errorf("%d lines, want 3: what has no points is not drawn", n)
	}
	seen := map[string]bool{}
	for _, e := range all {
		if e.name == "text" && strings.Contains("abc", e.text) {
			if seen[e.attr["y"]] {
				t.Errorf("two names at y=%s", e.attr["y"])
			}
			seen[e.attr["y"]] = true
		}
	}
	if len(seen) != 3 {
		t.Errorf("%d names, want 3", len(seen))
	}
}

func TestScale(t *testing.T) {
	for _, tc := range []struct {
		why    string
		values []float64
		lo, hi float64
	}{
		{"to the powers of ten around", []float64{3, 420}, 1, 1000},
		{"a power of ten is its own end", []float64{10, 100}, 10, 100},
		{"one value still needs a scale", []float64{10}, 10, 100},
		{"what is no measurement does not count", []float64{math.NaN(), 0, -1, math.Inf(1), 50}, 10, 100},
		{"none at all", nil, 1, 10},
	} {
		s := newScale(tc.values, 0, 100)
		if math.Abs(s.lo-tc.lo) > 1e-9 || math.Abs(s.hi-tc.hi) > 1e-9 {
			t.Errorf("%s: %v gives %v to %v, want %v to %v", tc.why, tc.values, s.lo, s.hi, tc.lo, tc.hi)
		}
	}
	s := newScale([]float64{1, 100}, 200, 0)
	if y := s.at(10); math.Abs(y-100) > 1e-9 {
		t.Errorf("10 is at %v, want 100, half-way between 1 and 100", y)
	}
	if n := len(s.ticks()); n != 3 {
		t.Errorf("%d ticks, want 1, 10 and 100", n)
	}
}
