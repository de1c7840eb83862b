// Package stats holds the arithmetic of the benchmark: a histogram of latencies
// and the order statistics that the report shows.
package stats

import (
	"fmt"
	"math"
	"math/bits"
	"time"
)

// Buckets of a Hist are linear inside each power of two: 64 a power keeps every
// reported latency within 1/64 (1.6 %) of the truth, well under the noise of any run.
const (
	subBits = 6
	sub     = 1 << subBits
	// buckets covers 0 ns to 2^42 ns (73 minutes), longer than a run may take.
	buckets = (42 - subBits + 1) * sub
)

// Hist is a histogram of durations. The zero value is empty and ready. It allocates
// nothing after creation, so that recording does not disturb what is measured.
// One goroutine at a time may use it.
type Hist struct {
	n      uint64
	counts [buckets]uint32
}

// Add records one duration. Negative ones (a clock stepped back) count as zero.
func (h *Hist) Add(d time.Duration) {
	h.counts[bucket(d)]++
	h.n++
}

// Count is the number of durations recorded.
func (h *Hist) Count() uint64 { return h.n }

// Merge adds the content of o, which stays as it is.
func (h *Hist) Merge(o *Hist) {
	for i, c := range o.counts {
		h.counts[i] += c
	}
	h.n += o.n
}

// Counts returns the buckets that are not empty, as pairs of index and count by rising
// index; see AddCounts.
func (h *Hist) Counts() (pairs [][2]int) {
	for i, c := range h.counts {
		if c > 0 {
			pairs = append(pairs, [2]int{i, int(c)})
		}
	}
	return pairs
}

// AddCounts adds the content of another histogram, which may be of another process. A
// pair that no histogram can have is an error; those before it were added.
func (h *Hist) AddCounts(pairs [][2]int) error {
	for _, p := range pairs {
		if p[0] < 0 || p[0] >= buckets || p[1] < 0 || int64(p[1]) > math.MaxUint32-int64(h.counts[p[0]]) {
			return fmt.Errorf("a histogram has no bucket %d with %d more", p[0], p[1])
		}
		h.counts[p[0]] += uint32(p[1])
		h.n += uint64(p[1])
	}
	return nil
}

// Quantile returns the duration that a share q (0 to 1) of those recorded does not
// exceed: the middle of its bucket. It is 0 when nothing was recorded.
func (h *Hist) Quantile(q float64) time.Duration {
	if h.n == 0 {
		return 0
	}
	rank := uint64(q * float64(h.n))
	if rank >= h.n {
		rank = h.n - 1
	}
	var seen uint64
	for i, c := range h.counts {
		if seen += uint64(c); seen > rank {
			return middle(i)
		}
	}
	return middle(buckets - 1)
}

// bucket is the index of the bucket that d belongs to.
func bucket(d time.Duration) int {
	if d < 0 {
		d = 0
	}
	v := uint64(d)
	if v < sub {
		return int(v) // below 64 ns each nanosecond has its own
	}
	shift := bits.Len64(v) - subBits - 1
	i := (shift+1)*sub + int(v>>shift) - sub
	return min(i, buckets-1)
}

// middle is the duration in the middle of bucket i, the inverse of bucket.
func middle(i int) time.Duration {
	if i < sub {
		return time.Duration(i)
	}
	shift := i/sub - 1
	low := uint64(i%sub+sub) << shift
	return time.Duration(low + (uint64(1)<<shift)/2)
}
