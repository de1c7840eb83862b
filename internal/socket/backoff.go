package socket

import (
	"math/rand/v2"
	"time"
)

// backoff computes the waits between attempts to connect. It holds no timer;
// its user says what time it is.
//
//	first 10 s of failing   min … 1.5·min   a server that is just starting is found at once
//	then                    doubles to max  a server that is gone costs little
//	after a refusal         max             it will not help, but configurations get mended
//
// All waits are jittered, so that the clients of a server that died do not
// come back in step.
type backoff struct {
	// set at creation
	min, max time.Duration
	rand     func() float64 // in [0,1); nil: math/rand

	since time.Time     // when this run of failures began; zero: none yet
	base  time.Duration // present wait without jitter
}

// reset is called when a handshake has succeeded.
func (b *backoff) reset() { b.since, b.base = time.Time{}, 0 }

// next returns how long to wait after a failure at the time now.
func (b *backoff) next(now time.Time) time.Duration {
	if b.since.IsZero() {
		b.since, b.base = now, b.min
	}
	if now.Sub(b.since) < reconnectEager {
		return min(b.base+b.jitter(b.base/2), b.max)
	}
	b.base = min(2*b.base, b.max)
	return min(b.base*3/4+b.jitter(b.base/2), b.max)
}

// refused returns how long to wait after a failure that waiting does not cure.
func (b *backoff) refused() time.Duration { return b.max*3/4 + b.jitter(b.max/4) }

// jitter returns a duration in [0, d).
func (b *backoff) jitter(d time.Duration) time.Duration {
	f := b.rand
	if f == nil {
		f = rand.Float64
	}
	return time.Duration(f() * float64(d))
}
