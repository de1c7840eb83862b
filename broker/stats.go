package broker

import (
	"math/bits"
	"sync"
	"sync/atomic"
	"time"
)

// counter counts events since the broker was made.
type counter = atomic.Uint64

// counters is what the broker counts.
type counters struct {
	workers                counter // connections of workers; also their ids
	calls                  counter // opened
	moved                  counter // sent to another worker
	lost                   counter // failed with their worker
	abandoned              counter // whose caller went or gave up
	idle                   counter // ended for want of heartbeats
	malformed, stray, late counter // events dropped: unreadable; of no open channel
	fullWorker, fullClient counter // channels ended by a full queue

	mu     sync.Mutex
	errors map[string]uint64 // answers of the broker's own, by name; mu guards it
}

// refused counts an ERR of the broker's own. There are six names.
func (c *counters) refused(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.errors == nil {
		c.errors = map[string]uint64{}
	}
	c.errors[name]++
}

// methodStats is what is known of one method. The broker's mu guards it. There
// are as many as methods that workers have offered, not as callers have named.
type methodStats struct {
	calls, done, failed, errors uint64 // errors: ended with the method's own ERR

	all       histogram     // since the start, for Prometheus
	now, last histogram     // of this minute and the one before
	turned    time.Duration // when now was begun

	second  time.Duration // when the youngest sample was taken
	samples [rateSeconds + 1]uint64
	nth     int
	seconds int     // that samples cover
	rate    float64 // calls ended a second, over the last of them
	total   time.Duration
}

const (
	rateSeconds = 10
	statMinute  = time.Minute
)

// maxStats bounds the methods with figures of their own, 3 KiB each.
const maxStats = 5_000

func (p *pool) statsOf(method string) *methodStats {
	s := p.stats[method]
	if s == nil && len(p.stats) < maxStats {
		s = new(methodStats)
		p.stats[method] = s
	}
	return s
}

// ended notes a call that took so long, in the queue and at the worker.
func (s *methodStats) ended(took time.Duration, failed bool) {
	s.done++
	if failed {
		s.errors++
	}
	s.total += took
	i := bucketOf(took)
	s.all[i]++
	s.now[i]++
}

// onTick turns the windows of rate and percentiles.
func (s *methodStats) onTick(now time.Duration) {
	if now-s.turned >= statMinute {
		s.last, s.now, s.turned = s.now, histogram{}, now
	}
	if now-s.second < time.Second {
		return
	}
	oldest := s.samples[(s.nth+1)%len(s.samples)]
	s.nth = (s.nth + 1) % len(s.samples)
	s.samples[s.nth] = s.done
	s.second = now
	s.seconds = min(s.seconds+1, rateSeconds)
	s.rate = float64(s.done-oldest) / float64(s.seconds)
}

// histogram counts durations in four buckets for each power of two
// microseconds, so a percentile is at most a fifth too large.
type histogram [4 * 28]uint64 // up to 2^27 µs, two minutes; beyond: the last

// bucketOf is the bucket of a duration.
func bucketOf(d time.Duration) int {
	us := uint64(max(d.Microseconds(), 0))
	if us < 4 {
		return int(us)
	}
	power := bits.Len64(us) - 1
	return min(4*(power-1)+int(us>>(power-2)&3), len(histogram{})-1)
}

// bound is the upper bound of a bucket.
func bound(i int) time.Duration {
	if i < 4 {
		return time.Duration(i+1) * time.Microsecond
	}
	power := i/4 + 1
	return time.Duration(uint64(4+i%4+1)<<(power-2)) * time.Microsecond
}

// quantile returns the bound below which the fraction q of two histograms
// lies, 0 if they are empty.
func quantile(x, y *histogram, q float64) time.Duration {
	var n uint64
	for i := range x {
		n += x[i] + y[i]
	}
	if n == 0 {
		return 0
	}
	rank := uint64(q*float64(n-1)) + 1
	for i := range x {
		if c := x[i] + y[i]; c >= rank {
			return bound(i)
		} else {
			rank -= c
		}
	}
	return bound(len(x) - 1)
}
