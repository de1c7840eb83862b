package zrpc

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/zrpc-go/zrpc/stream"
)

// errNoPong is the end of a ping that nobody answered; as with a call, the server
// is silent.
var errNoPong = fmt.Errorf("no answer to a ping: %w", ErrSilent)

// pinger calls silent servers until ctx ends.
func (c *clientCore) pinger(ctx context.Context) {
	o := &c.opt.Health
	for wait(ctx, jittered(o.Interval)) {
		var round sync.WaitGroup
		for _, l := range c.links.silent() {
			round.Go(func() { l.ping(ctx, o.Timeout) })
		}
		round.Wait()
	}
}

// silent returns the connections to targets that have not answered since it was
// called last.
func (ls *links) silent() []*link {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	heard := map[*target]bool{}
	var silent []*link
	for _, l := range ls.all {
		h, seen := heard[l.target]
		if !seen {
			h = l.target.answered.Swap(false)
			heard[l.target] = h
		}
		if !h && !l.target.retired {
			silent = append(silent, l)
		}
	}
	return silent
}

// ping makes one call and judges the server by it.
func (l *link) ping(ctx context.Context, timeout time.Duration) {
	call, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r, err := l.mux.Call(call, &stream.Request{Method: "_zerorpc_ping", Args: []byte{0x90}, Timeout: timeout})
	r.Release()
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		err = errNoPong
	}
	l.observe(err)
}

// wait waits for d and reports whether ctx goes on.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// jittered is d, a tenth more or less, so that many clients that were started
// together do not act together for ever.
func jittered(d time.Duration) time.Duration {
	return d - d/10 + rand.N(d/5+1)
}
