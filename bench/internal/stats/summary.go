package stats

import (
	"math"
	"slices"
)

// Summary is what the repeats of one measurement come to. A measurement that does
// not exist is NaN in all fields; N tells how many repeats there were.
type Summary struct {
	Median, Min, Max float64
	N                int
}

// Missing is the summary of no repeats.
func Missing() Summary {
	return Summary{Median: math.NaN(), Min: math.NaN(), Max: math.NaN()}
}

// Summarize reduces repeats to their median and extremes. NaN and infinite values
// stand for repeats that measured nothing and are left out. The input is not changed.
func Summarize(v []float64) Summary {
	ok := make([]float64, 0, len(v))
	for _, x := range v {
		if !math.IsNaN(x) && !math.IsInf(x, 0) {
			ok = append(ok, x)
		}
	}
	if len(ok) == 0 {
		return Missing()
	}
	slices.Sort(ok)
	return Summary{Median: median(ok), Min: ok[0], Max: ok[len(ok)-1], N: len(ok)}
}

// median of sorted values: the middle one, or the mean of the two in the middle.
func median(s []float64) float64 {
	m := len(s) / 2
	if len(s)%2 == 1 {
		return s[m]
	}
	return (s[m-1] + s[m]) / 2
}

// Ratio compares two measurements that were taken in turns: v[r] and base[r] come
// from the same round. The median of the rounds' own ratios cancels the mood of the
// machine, which changes absolute figures by more than most systems differ. Rounds
// in which either measured nothing (NaN, or a base of 0) are left out; when no round
// has both, the ratio of the two medians serves, and NaN when there is none.
func Ratio(v, base []float64) float64 { return Ratios(v, base).Median }

// Ratios is Ratio with the least and the most of the rounds' own ratios. N is the number
// of these; where it is 0 there are no extremes.
func Ratios(v, base []float64) Summary {
	var r []float64
	for i := range min(len(v), len(base)) {
		if base[i] != 0 {
			r = append(r, v[i]/base[i])
		}
	}
	s := Summarize(r)
	if s.N > 0 {
		return s
	}
	if b := Summarize(base).Median; b != 0 {
		s.Median = Summarize(v).Median / b
	}
	return s
}
