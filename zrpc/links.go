package zrpc

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zrpc-go/zrpc/stream"
)

// link is one connection of a client.
type link struct {
	// set before it is ready
	mux      *stream.ClientMux
	endpoint string
	owner    *links
	target   *target

	// links.mu guards the fields below
	lost         bool      // its end was counted against its target
	stoppingTill time.Time // the server says that it stops
}

// target is what calls are spread over: an endpoint that the client connects to,
// which outlives its connections, or one connection that was accepted.
type target struct {
	// answered is set while there is nothing to be done about a good answer: so
	// each call costs a look at it, and no more.
	answered atomic.Bool

	// links.mu guards the fields below
	health  health
	retired bool // the resolver no longer names it: no new calls
}

// readySet is what new calls may go to. It is replaced, never changed.
type readySet struct {
	links      []*link
	candidates []Candidate // the same, for a Balance
}

// links is the connections of a client. A call picks one and stays on it:
// spreading the events of one call is what breaks zerorpc over several servers.
type links struct {
	// set at creation
	opt *ClientOptions

	ready atomic.Pointer[readySet]
	turn  atomic.Uint64

	mu       sync.Mutex // guards the fields below and the replacing of ready
	all      []*link
	targets  map[string]*target // those connected to, by endpoint
	revive   *time.Timer        // for the next cool-down to end; nil until one begins
	changed  chan struct{}      // closed when ready is no longer empty
	lastErr  error              // of the last attempt to connect
	lastAddr string
	ended    bool
}

func (ls *links) init(opt *ClientOptions) {
	ls.opt = opt
	ls.ready.Store(new(readySet))
	ls.turn.Store(uint64(rand.Uint32())) // or all clients would begin with the same server
	ls.targets = map[string]*target{}
	ls.changed = make(chan struct{})
}

// targetLocked returns what an endpoint is known by.
func (ls *links) targetLocked(endpoint string) *target {
	t := ls.targets[endpoint]
	if t == nil {
		t = new(target)
		ls.targets[endpoint] = t
	}
	return t
}

// add makes a connection ready. One without a target is one to its endpoint.
func (ls *links) add(l *link) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if ls.ended {
		l.mux.Close(ErrClosed)
		return
	}
	l.owner = ls
	if l.target == nil {
		l.target = ls.targetLocked(l.endpoint)
	}
	ls.all = append(ls.all, l)
	ls.lastErr = nil
	ls.publishLocked(time.Now())
}

func (ls *links) remove(l *link, err error) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	ls.all = slices.DeleteFunc(ls.all, func(x *link) bool { return x == l })
	ls.lastErr, ls.lastAddr = err, l.endpoint
	ls.publishLocked(time.Now())
}

// publishLocked makes ready what fits best: the healthy, or else those that were
// ejected, or else those that say they stop. An answer from one of these is worth
// more than none from nobody, so ejection never leaves a call without a server.
func (ls *links) publishLocked(now time.Time) {
	if ls.ended {
		return
	}
	var tiers [3][]*link
	var next time.Time // when the first cool-down ends
	for _, l := range ls.all {
		if l.target.retired {
			continue
		}
		tier := 0
		for i, till := range [...]time.Time{l.target.health.till, l.stoppingTill} {
			if out := now.Before(till); out || i == 0 && l.target.health.out(now, ls.opt.Health.pings()) {
				tier = i + 1
				if out && (next.IsZero() || till.Before(next)) {
					next = till
				}
			}
		}
		tiers[tier] = append(tiers[tier], l)
	}
	set := new(readySet)
	for _, t := range tiers {
		if len(t) > 0 {
			set.links = t
			break
		}
	}
	for _, l := range set.links {
		set.candidates = append(set.candidates, NewCandidate(l.endpoint, l.mux.Pending))
	}
	empty := len(ls.ready.Swap(set).links) == 0
	if empty && len(set.links) > 0 {
		ls.announceLocked()
	}
	ls.reviveLocked(next, now)
}

// announceLocked wakes those who wait for a connection.
func (ls *links) announceLocked() {
	close(ls.changed)
	ls.changed = make(chan struct{})
}

// reviveLocked has the links looked at again at the given time, if any.
func (ls *links) reviveLocked(at, now time.Time) {
	switch {
	case at.IsZero():
		if ls.revive != nil {
			ls.revive.Stop()
		}
	case ls.revive == nil:
		ls.revive = time.AfterFunc(at.Sub(now), func() {
			ls.mu.Lock()
			defer ls.mu.Unlock()
			ls.publishLocked(time.Now())
		})
	default:
		ls.revive.Reset(at.Sub(now))
	}
}

// failed notes why a connection could not be made.
func (ls *links) failed(endpoint string, err error) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	ls.lastErr, ls.lastAddr = err, endpoint
}

func (ls *links) closed() bool {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	return ls.ended
}

func (ls *links) close() {
	ls.mu.Lock()
	ls.ended = true
	all := slices.Clone(ls.all)
	ls.announceLocked()
	if ls.revive != nil {
		ls.revive.Stop()
	}
	ls.mu.Unlock()
	for _, l := range all {
		l.mux.Close(ErrClosed)
	}
}

// pick returns the connection for the next call, waiting for one until ctx ends,
// or for patience if that is not 0.
func (ls *links) pick(ctx context.Context, patience time.Duration) (*link, error) {
	if ready := ls.ready.Load(); len(ready.links) == 1 {
		return ready.links[0], nil
	} else if len(ready.links) > 1 {
		return ls.choose(ready), nil
	}
	var late <-chan time.Time
	if patience > 0 {
		t := time.NewTimer(patience)
		defer t.Stop()
		late = t.C
	}
	for {
		ls.mu.Lock()
		changed, ended := ls.changed, ls.ended
		ls.mu.Unlock()
		if ended {
			return nil, ErrClosed
		}
		if ready := ls.ready.Load(); len(ready.links) > 0 {
			return ls.choose(ready), nil
		}
		select {
		case <-changed:
		case <-late:
			return nil, fmt.Errorf("%w: %w for %v", ErrLostRemote, ls.unavailable(), patience)
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", ls.unavailable(), ctx.Err())
		}
	}
}

// choose asks the Balance which of several is next.
func (ls *links) choose(ready *readySet) *link {
	turn := ls.turn.Add(1)
	i := ls.opt.Balance(turn, ready.candidates)
	if i < 0 || i >= len(ready.links) { // of a Balance that is wrong
		i = RoundRobin(turn, ready.candidates)
	}
	return ready.links[i]
}

// unavailable is ErrUnavailable with the last reason.
func (ls *links) unavailable() error {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if ls.lastErr == nil {
		return ErrUnavailable
	}
	return fmt.Errorf("%w (%s: %w)", ErrUnavailable, ls.lastAddr, ls.lastErr)
}

// patience is how long a call waits for a first connection: as long as a
// server that is connected may be silent. A passive client only has its timeout.
func (c *clientCore) patience() time.Duration {
	if c.opt.Passive || c.opt.Heartbeat < 0 {
		return 0
	}
	return 3 * c.opt.Heartbeat
}
