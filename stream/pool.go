package stream

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
)

// Pool bounds how many calls of a server run at once. Calls beyond the bound
// wait in a queue of their connection, and the connections take turns, so that
// one busy client does not keep the others waiting.
type Pool struct {
	limit int          // set at creation; 0: no bound
	open  atomic.Int64 // calls begun and not ended, inline ones included

	mu      sync.Mutex // guards the fields below
	running int
	turns   []*ServerMux // connections with calls in their queue, the next first
	idle    chan struct{}
}

// NewPool returns a pool for at most limit calls at once; 0 means no bound.
func NewPool(limit int) *Pool { return &Pool{limit: max(0, limit)} }

// callQueue is calls of one connection that wait, in a pool or for the gate. The
// lock of what they wait for guards it.
type callQueue struct{ first, last *Call }

func (q *callQueue) push(c *Call) {
	if q.first == nil {
		q.first = c
	} else {
		q.last.queued = c
	}
	q.last = c
}

func (q *callQueue) pop() *Call {
	c := q.first
	q.first, c.queued = c.queued, nil
	if q.first == nil {
		q.last = nil
	}
	return c
}

// start runs c on a goroutine, now or when its turn comes. It reports false if
// that is not worth while any more.
func (p *Pool) start(c *Call) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.limit == 0 || p.running < p.limit {
		p.running++
		c.sm.start(c)
		return true
	}
	// Under mu: a connection that ends marks its calls before forget takes them.
	if c.dead.Load() {
		return false
	}
	q := &c.sm.queue
	if q.first == nil {
		p.turns = append(p.turns, c.sm)
	}
	q.push(c)
	return true
}

// forget takes the waiting calls of a connection out of their queue and returns
// the first, which leads on to the others by queued.
func (p *Pool) forget(m *ServerMux) *Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	first := m.queue.first
	m.queue = callQueue{}
	if first != nil {
		p.turns = slices.DeleteFunc(p.turns, func(x *ServerMux) bool { return x == m })
	}
	return first
}

// joined counts a call as running that was begun outside the pool.
func (p *Pool) joined() {
	p.mu.Lock()
	p.running++
	p.mu.Unlock()
}

// bounded reports whether calls may have to wait for their turn.
func (p *Pool) bounded() bool { return p.limit > 0 }

// next ends the turn of a running call and returns the one to run in its place,
// if any waits.
func (p *Pool) next() *Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.turns) == 0 {
		p.running--
		return nil
	}
	m := p.turns[0]
	q := &m.queue
	c := q.pop()
	copy(p.turns, p.turns[1:])
	p.turns = p.turns[:len(p.turns)-1]
	if q.first != nil {
		p.turns = append(p.turns, m)
	}
	return c
}

// began and ended count the open calls.
func (p *Pool) began() int64 { return p.open.Add(1) }

func (p *Pool) ended() {
	if p.open.Add(-1) > 0 {
		return
	}
	p.mu.Lock()
	if p.idle != nil && p.open.Load() == 0 {
		close(p.idle)
		p.idle = nil
	}
	p.mu.Unlock()
}

// Open returns how many calls have begun and not ended.
func (p *Pool) Open() int { return int(p.open.Load()) }

// Wait returns when no call is open, or when ctx ends, with its error.
func (p *Pool) Wait(ctx context.Context) error {
	for {
		p.mu.Lock()
		if p.open.Load() == 0 {
			p.mu.Unlock()
			return nil
		}
		if p.idle == nil {
			p.idle = make(chan struct{})
		}
		idle := p.idle
		p.mu.Unlock()
		select {
		case <-idle:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
