package stats

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestBucketsCoverEveryDuration(t *testing.T) {
	// Walk across every power of two, where an off-by-one would leave a gap or an overlap.
	prev := -1
	for shift := 1; shift < 42; shift++ {
		for _, off := range []int64{-1, 0, 1} {
			d := time.Duration(int64(1)<<shift + off)
			i := bucket(d)
			if i < 0 || i >= buckets {
				t.Fatalf("%d ns: bucket %d is outside 0 to %d", d, i, buckets-1)
			}
			if i < prev {
				t.Fatalf("%d ns: bucket %d is below the bucket %d of a shorter duration", d, i, prev)
			}
			prev = i
			if got := middle(i); math.Abs(float64(got-d)) > float64(d)/sub+1 {
				t.Errorf("%d ns is reported as %d ns, more than 1/%d away", d, got, sub)
			}
		}
	}
}

func TestMiddleIsInTheBucketItNames(t *testing.T) {
	for i := range buckets {
		if got := bucket(middle(i)); got != i {
			t.Fatalf("middle of bucket %d (%d ns) falls into bucket %d", i, middle(i), got)
		}
	}
}

func TestHistExtremes(t *testing.T) {
	var h Hist
	if got := h.Quantile(0.5); got != 0 {
		t.Errorf("median of an empty histogram is %v, want 0", got)
	}
	h.Add(-time.Second) // a clock that stepped back must not index below the array
	if got := h.Quantile(0.5); got != 0 {
		t.Errorf("a negative duration is reported as %v, want 0", got)
	}
	h.Add(math.MaxInt64) // nor one beyond the last bucket
	if got := h.Quantile(1); got < time.Hour {
		t.Errorf("the longest duration is reported as %v, want the last bucket", got)
	}
	if h.Count() != 2 {
		t.Errorf("count is %d, want 2", h.Count())
	}
}

func TestHistQuantilesMatchSortedValues(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2)) // fixed: the same values on every run
	var h, first, second Hist
	var all []time.Duration
	for i := range 20_000 {
		d := time.Duration(math.Exp(rng.NormFloat64()) * 50_000) // log-normal around 50 µs, as latencies are
		all = append(all, d)
		h.Add(d)
		if i%2 == 0 {
			first.Add(d)
		} else {
			second.Add(d)
		}
	}
	slices.Sort(all)
	first.Merge(&second)
	for _, q := range []float64{0, 0.5, 0.9, 0.99, 0.999, 1} {
		want := all[min(int(q*float64(len(all))), len(all)-1)]
		got := h.Quantile(q)
		if diff := math.Abs(float64(got - want)); diff > float64(want)/sub+1 {
			t.Errorf("q=%v: %v, sorted values say %v", q, got, want)
		}
		if m := first.Quantile(q); m != got {
			t.Errorf("q=%v: two merged halves say %v, the whole says %v", q, m, got)
		}
	}
}

func TestHistAddDoesNotAllocate(t *testing.T) {
	var h Hist
	if n := testing.AllocsPerRun(100, func() { h.Add(time.Microsecond) }); n != 0 {
		t.Errorf("Add allocates %v times: it would disturb the allocations it stands beside", n)
	}
}

func TestSummarize(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, tc := range []struct {
		why           string
		in            []float64
		med, min, max float64
		n             int
	}{
		{"odd count: the middle one", []float64{3, 1, 2}, 2, 1, 3, 3},
		{"even count: between the two in the middle", []float64{4, 1, 2, 3}, 2.5, 1, 4, 4},
		{"one repeat is its own median", []float64{7}, 7, 7, 7, 1},
		{"failed repeats are left out", []float64{nan, 5, inf, 6, nan}, 5.5, 5, 6, 2},
		{"an outlier moves the maximum and not the median", []float64{10, 11, 900}, 11, 10, 900, 3},
	} {
		in := slices.Clone(tc.in)
		got := Summarize(in)
		if got.Median != tc.med || got.Min != tc.min || got.Max != tc.max || got.N != tc.n {
			t.Errorf("%s: %+v, want median %v, min %v, max %v, n %d", tc.why, got, tc.med, tc.min, tc.max, tc.n)
		}
		for i := range in {
			if in[i] != tc.in[i] && !math.IsNaN(tc.in[i]) {
				t.Errorf("%s: the input was reordered; rounds are matched by position", tc.why)
			}
		}
	}
	for _, none := range [][]float64{nil, {nan}} {
		if got := Summarize(none); got.N != 0 || !math.IsNaN(got.Median) || !math.IsNaN(got.Min) || !math.IsNaN(got.Max) {
			t.Errorf("no repeats: %+v, want NaN and n 0, so that no figure is made up", got)
		}
	}
}

func TestRatio(t *testing.T) {
	nan := math.NaN()
	for _, tc := range []struct {
		why     string
		v, base []float64
		want    float64
	}{
		{"each round is compared within itself: the second ran on a machine half as fast", []float64{20, 40, 20}, []float64{10, 20, 10}, 2},
		{"the base against itself", []float64{1, 9, 4}, []float64{1, 9, 4}, 1},
		{"a round that one of them lost is left out", []float64{20, nan, 60}, []float64{10, 10, nan}, 2},
		{"no round in common: the medians serve", []float64{30, nan}, []float64{nan, 10}, 3},
		{"a base of zero says nothing", []float64{5}, []float64{0}, nan},
		{"nothing measured", nil, []float64{1}, nan},
		{"no base", []float64{5}, nil, nan},
	} {
		got := Ratio(tc.v, tc.base)
		if got != tc.want && !(math.IsNaN(got) && math.IsNaN(tc.want)) {
			t.Errorf("%s: %v, want %v", tc.why, got, tc.want)
		}
	}
}

func TestHistTravelsAsCounts(t *testing.T) {
	var here, there Hist
	for _, d := range []time.Duration{3, 3, time.Microsecond, time.Second} {
		here.Add(d)
	}
	there.Add(3)
	if err := there.AddCounts(here.Counts()); err != nil {
		t.Fatal(err)
	}
	if there.Count() != 5 || there.Quantile(0.5) != 3 || there.Quantile(1) != here.Quantile(1) {
		t.Errorf("%d durations, median %v, most %v; want the 5 of both", there.Count(), there.Quantile(0.5), there.Quantile(1))
	}
	// Another process sends them: nothing that it may say breaks a histogram.
	for _, bad := range [][2]int{{-1, 1}, {buckets, 1}, {0, -1}, {3, 1 << 32}} {
		if there.AddCounts([][2]int{bad}) == nil {
			t.Errorf("%v was accepted", bad)
		}
	}
	if there.Count() != 5 {
		t.Errorf("%d durations after what was refused, want the 5 still", there.Count())
	}
}

func TestIntervalHoldsWhatMightHaveComeOut(t *testing.T) {
	v := []float64{10, 11, 12, 13, 14, 15, 16, 17, 18, 100}
	mean := func(blocks []int) float64 {
		sum := 0.0
		for _, i := range blocks {
			sum += v[i]
		}
		return sum / float64(len(blocks))
	}
	low, high := Interval(len(v), mean)
	if low < 11 || low > 16 || high < 25 || high > 50 {
		t.Errorf("%v to %v: want the one outlier to widen the interval upwards alone", low, high)
	}
	if l, h := Interval(len(v), mean); l != low || h != high {
		t.Errorf("%v to %v the second time: the same report must say the same", l, h)
	}
	if l, h := Interval(5, func([]int) float64 { return 7 }); l != 7 || h != 7 {
		t.Errorf("%v to %v of what is always 7", l, h)
	}
	if l, _ := Interval(3, func([]int) float64 { return math.NaN() }); !math.IsNaN(l) {
		t.Errorf("%v of nothing", l)
	}
}

func TestRatiosHaveTheExtremesOfTheRounds(t *testing.T) {
	nan := math.NaN()
	if s := Ratios([]float64{10, 30, nan, 8}, []float64{10, 10, 1, 0}); s.Median != 2 || s.Min != 1 || s.Max != 3 || s.N != 2 {
		t.Errorf("%+v, want 1 and 3 of the rounds that have both", s)
	}
	if s := Ratios([]float64{nan, 6}, []float64{3, nan}); s.Median != 2 || s.N != 0 || !math.IsNaN(s.Min) {
		t.Errorf("%+v, want the ratio of the medians, of which there are no extremes", s)
	}
}
