package hedge

import (
	"slices"
	"sync"
	"time"
)

const (
	// window is how many answers of a method are remembered: enough for its 99th
	// percentile, few enough to forget a bad hour within a second's calls.
	window = 128

	// enough is how many must be known before they count.
	enough = 16

	// refresh is after how many answers the order is made anew, which costs
	// microseconds.
	refresh = 16
)

// latency is how long the last answers of a method took. It may be used
// concurrently.
type latency struct {
	mu     sync.Mutex // guards the fields below
	last   [window]time.Duration
	n      int // ever
	sorted []time.Duration
}

func (l *latency) add(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last[l.n%window] = d
	l.n++
	if l.n%refresh == 0 {
		l.sorted = append(l.sorted[:0], l.last[:min(l.n, window)]...)
		slices.Sort(l.sorted)
	}
}

// percentile returns how long the share p of answers took at most; 0 if that is
// not known, or p is negative.
func (l *latency) percentile(p float64) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p < 0 || len(l.sorted) < enough {
		return 0
	}
	return l.sorted[min(len(l.sorted)-1, int(p*float64(len(l.sorted))))]
}

// saved bounds the additional attempts that may come in one go after a quiet
// time.
const saved = 10

// budget lets a share of calls have additional attempts.
type budget struct {
	ratio float64 // set at creation; negative: no bound

	mu     sync.Mutex // guards tokens
	tokens float64
}

func (b *budget) called() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tokens = min(saved, b.tokens+b.ratio)
}

func (b *budget) spend() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ratio < 0 {
		return true
	}
	// The sum of ten tenths is a little less than one.
	const rounding = 1e-9
	if b.tokens < 1-rounding {
		return false
	}
	b.tokens--
	return true
}
