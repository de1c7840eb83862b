package zrpc

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zrpc-go/zrpc/stream"
)

// link is one connection of a client.
type link struct {
	mux      *stream.ClientMux
	endpoint string
}

// links is the connections of a client. A call picks one and stays on it:
// spreading the events of one call is what breaks zerorpc over several servers.
type links struct {
	ready atomic.Pointer[[]*link] // replaced, never changed
	turn  atomic.Uint64

	mu       sync.Mutex // guards the fields below and the replacing of ready
	changed  chan struct{}
	lastErr  error // of the last attempt to connect
	lastAddr string
	ended    bool
}

func (ls *links) init() {
	ls.ready.Store(new([]*link))
	ls.changed = make(chan struct{})
}

// announceLocked wakes those who wait for a connection.
func (ls *links) announceLocked() {
	close(ls.changed)
	ls.changed = make(chan struct{})
}

func (ls *links) add(l *link) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if ls.ended {
		l.mux.Close(ErrClosed)
		return
	}
	next := append(slices.Clone(*ls.ready.Load()), l)
	ls.ready.Store(&next)
	ls.lastErr = nil
	ls.announceLocked()
}

func (ls *links) remove(l *link, err error) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	next := slices.DeleteFunc(slices.Clone(*ls.ready.Load()), func(x *link) bool { return x == l })
	ls.ready.Store(&next)
	ls.lastErr, ls.lastAddr = err, l.endpoint
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
	ready := *ls.ready.Load()
	ls.announceLocked()
	ls.mu.Unlock()
	for _, l := range ready {
		l.mux.Close(ErrClosed)
	}
}

// pick returns the next connection, waiting for one until ctx ends, or for
// patience if that is not 0.
func (ls *links) pick(ctx context.Context, patience time.Duration) (*link, error) {
	if ready := *ls.ready.Load(); len(ready) == 1 {
		return ready[0], nil
	} else if len(ready) > 1 {
		return ready[ls.turn.Add(1)%uint64(len(ready))], nil
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
		if ready := *ls.ready.Load(); len(ready) > 0 {
			return ready[ls.turn.Add(1)%uint64(len(ready))], nil
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
