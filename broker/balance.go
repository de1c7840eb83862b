package broker

import (
	"fmt"
	"math/rand/v2"
)

// Balance is how a worker is chosen for a call.
type Balance int

const (
	// Least takes the worker with the fewest open calls; those that have
	// equally few take turns.
	Least Balance = iota
	// RoundRobin takes each worker in turn, whatever it has to do.
	RoundRobin
	// TwoChoices takes the less busy of two random workers: nearly as even as
	// Least, and steadier where several brokers share the workers.
	TwoChoices
)

var balanceNames = [...]string{"least", "roundrobin", "p2c"}

// String returns the name that ParseBalance reads.
func (m Balance) String() string {
	if m < 0 || int(m) >= len(balanceNames) {
		return fmt.Sprintf("Balance(%d)", int(m))
	}
	return balanceNames[m]
}

// ParseBalance reads "least", "roundrobin" or "p2c".
func ParseBalance(s string) (Balance, error) {
	for i, name := range balanceNames {
		if s == name {
			return Balance(i), nil
		}
	}
	return 0, fmt.Errorf("unknown balancing %q: there are least, roundrobin and p2c", s)
}

// pickLocked chooses a worker with room for a call of r, nil if there is none.
func (b *Broker) pickLocked(r *route) *worker { return b.pickOtherLocked(r, nil) }

// pickOtherLocked is pickLocked without one worker. A worker that has been
// silent for a while is taken only if there is no other.
func (b *Broker) pickOtherLocked(r *route, not *worker) *worker {
	fresh := func(w *worker) bool { return w != not && w.ready(b.o.WorkerCalls) && w.silent < doubtTicks }
	if w := b.chooseLocked(r, fresh); w != nil {
		return w
	}
	return b.chooseLocked(r, func(w *worker) bool { return w != not && w.ready(b.o.WorkerCalls) })
}

// chooseLocked applies the balancing to the workers of r that are fit.
func (b *Broker) chooseLocked(r *route, fit func(*worker) bool) *worker {
	n := len(r.workers)
	if n == 0 {
		return nil
	}
	r.turn++
	if b.o.Balance == TwoChoices && n > 2 {
		i := rand.IntN(n)
		j := (i + 1 + rand.IntN(n-1)) % n
		x, y := r.workers[i], r.workers[j]
		switch fitX, fitY := fit(x), fit(y); {
		case fitX && (!fitY || x.running <= y.running):
			return x
		case fitY:
			return y
		}
		// Both are full or gone: any that is not will do.
	}
	var best *worker
	for i := range n {
		w := r.workers[(int(r.turn%uint32(n))+i)%n]
		if !fit(w) {
			continue
		}
		if b.o.Balance == RoundRobin || w.running == 0 {
			return w
		}
		if best == nil || w.running < best.running {
			best = w
		}
	}
	return best
}
