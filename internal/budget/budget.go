// Package budget bounds the memory that all peers of one process may make it
// hold together, and decides who has to go when it is used up.
package budget

import (
	"errors"
	"fmt"
	"sync"
)

// ErrExceeded says that a peer asked for, or held, too much of the memory that
// all peers share.
var ErrExceeded = errors.New("the memory for messages of all peers is used up")

const (
	// slack is the part of the limit by which it may be overrun while those who
	// were evicted have not given back what they held: 1/slack of it.
	slack = 4

	// greedy is how many times as much as the one who asks another must hold to be
	// evicted in its favour. Among equals nobody is: the one who asks is refused,
	// and not somebody's work thrown away for it.
	greedy = 4
)

// Budget is what the accounts of many peers draw on. Only what is large is
// counted, in large steps: the owners of accounts see to that. Its methods, and
// those of its accounts, may be called concurrently and with any lock held.
type Budget struct {
	limit int // set at creation; bytes

	mu      sync.Mutex // guards the fields below and the fields of all accounts
	used    int        // what all accounts hold
	dying   int        // of it, what evicted ones have not given back yet
	holders []*Account // those that hold anything
}

// New returns a budget of so many bytes.
func New(limit int) *Budget { return &Budget{limit: limit} }

// Used returns how many bytes the accounts hold; 0 for a nil budget.
func (b *Budget) Used() int {
	if b == nil {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used
}

// Account is what one peer holds. The zero value, and nil, have no budget and no
// bound.
type Account struct {
	b     *Budget
	evict func(err error)

	// b.mu guards these
	held    int
	at      int // its place in b.holders while held > 0
	evicted bool
}

// Open makes the account one of b, which may be nil. evict is called, at most
// once and on a goroutine of its own, when the peer has to go for others; what
// the account holds is to be given back then. Open comes before all else.
func (a *Account) Open(b *Budget, evict func(err error)) { a.b, a.evict = b, evict }

// Take draws n bytes, or none: then the error, which wraps ErrExceeded, says why.
// If the budget is used up, those who hold several times as much as this account
// would are evicted, the largest first; if there are none, or until they have given back
// what they held, this one is refused.
func (a *Account) Take(n int) error {
	if a == nil || a.b == nil {
		return nil
	}
	b := a.b
	b.mu.Lock()
	defer b.mu.Unlock()
	want := a.held + n
	for b.used-b.dying+n > b.limit && !a.evicted {
		if !b.evictLocked(greedy * want) {
			return fmt.Errorf("%w: %d of %d bytes are taken, %d by this peer, which asks for %d", ErrExceeded, b.used, b.limit, a.held, n)
		}
	}
	switch {
	case a.evicted:
		return fmt.Errorf("%w: %d of %d bytes are taken, and this peer is one of the largest", ErrExceeded, b.used, b.limit)
	case b.used+n > b.limit+b.limit/slack:
		return fmt.Errorf("%w: %d of %d bytes are taken, some by peers that were disconnected for it", ErrExceeded, b.used, b.limit)
	}
	if a.held == 0 {
		a.at = len(b.holders)
		b.holders = append(b.holders, a)
	}
	a.held = want
	b.used += n
	return nil
}

// Give returns n bytes that were drawn.
func (a *Account) Give(n int) {
	if a == nil || a.b == nil || n == 0 {
		return
	}
	b := a.b
	b.mu.Lock()
	defer b.mu.Unlock()
	a.held -= n
	b.used -= n
	if a.evicted {
		b.dying -= n
	}
	if a.held == 0 {
		last := len(b.holders) - 1
		b.holders[a.at] = b.holders[last]
		b.holders[a.at].at = a.at
		b.holders[last] = nil
		b.holders = b.holders[:last]
	}
}

// evictLocked evicts the account that holds most, if that is least bytes and more.
// It looks at all of them: that is rare, and who holds anything holds much.
func (b *Budget) evictLocked(least int) bool {
	var most *Account
	for _, a := range b.holders {
		if !a.evicted && a.held >= least && (most == nil || a.held > most.held) {
			most = a
		}
	}
	if most == nil {
		return false
	}
	most.evicted = true
	b.dying += most.held
	// Its owner takes locks of its own, and ours is held.
	go most.evict(fmt.Errorf("%w: %d of %d bytes are taken, most by this peer, %d", ErrExceeded, b.used, b.limit, most.held))
	return true
}
