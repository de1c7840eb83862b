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
	mux       *stream.ClientMux
	endpoint  string
	owner     *links
	target    *target
	candidate Candidate

	// links.mu guards the fields below
	lost         bool      // its end was counted against its target
	stoppingTill time.Time // the server says that it stops
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
	targets  []*target     // those connected to, one for each endpoint
	revive   *time.Timer   // for the next cool-down to end; nil until one begins
	changed  chan struct{} // closed when ready is no longer empty; nil: nobody waits
	lastErr  error         // of the last attempt to connect
	lastAddr string
	ended    bool
}

func (ls *links) init(opt *ClientOptions) {
	ls.opt = opt
	ls.ready.Store(new(readySet))
	ls.turn.Store(uint64(rand.Uint32())) // or all clients would begin with the same server
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
	l.candidate = NewCandidate(l.endpoint, l.mux.Pending)
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
	if ready := ls.ready.Load(); len(ready.links) > 0 {
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
		ready, ended := ls.ready.Load(), ls.ended
		if ls.changed == nil && !ended && len(ready.links) == 0 {
			ls.changed = make(chan struct{})
		}
		changed := ls.changed
		ls.mu.Unlock()
		if ended {
			return nil, ErrClosed
		}
		if len(ready.links) > 0 {
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
