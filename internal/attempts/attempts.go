// Package attempts says whether and when a call that failed is made again, for
// zrpc's clients and for the interceptor that does the same where it stands.
package attempts

import (
	"context"
	"math/rand/v2"
	"time"
)

// Policy is how often and how fast. The zero value of a field is its default.
type Policy struct {
	Attempts  int           // bounds the attempts at a call, the first one included
	Base, Max time.Duration // the wait after the n-th is random, below Base·2ⁿ⁻¹ and Max
}

const (
	defaultBase = 50 * time.Millisecond // a restart takes about as long as all waits
	defaultMax  = 2 * time.Second
)

// Call is one call, made in attempts one after another.
type Call struct {
	Policy Policy
	Budget *Budget
	Told   func(attempt int, err error, wait time.Duration) // before each wait; may be nil

	made int
}

// Again takes the outcome of an attempt, err, which may be followed by another one
// if may is true. It reports whether it is to be, after having waited for its time.
// The end of ctx ends the wait, and is not waited for in vain: then the caller
// learns the reason instead of a timeout.
func (c *Call) Again(ctx context.Context, err error, may bool) bool {
	c.made++
	if err == nil {
		c.Budget.succeeded()
		return false
	}
	if !may || !c.Budget.failed() || c.made >= c.Policy.Attempts {
		return false // what the handler answers is no sign of trouble
	}
	wait := rand.N(c.Policy.bound(c.made) + 1)
	if until, ok := ctx.Deadline(); ok && time.Until(until) <= wait {
		return false
	}
	if c.Told != nil {
		c.Told(c.made, err, wait)
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// bound is the longest wait after an attempt.
func (p *Policy) bound(attempt int) time.Duration {
	base, most := p.Base, p.Max
	if base <= 0 {
		base = defaultBase
	}
	if most <= 0 {
		most = defaultMax
	}
	d := min(base, most)
	for range attempt - 1 {
		if d > most/2 { // before it overflows
			return most
		}
		d *= 2
	}
	return d
}
