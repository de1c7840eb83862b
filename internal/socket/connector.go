package socket

import (
	"context"
	"time"

	"github.com/zrpc-go/zrpc/internal/zmtp"
)

// connector keeps up one connection to one endpoint.
//
//	dial ──> handshake ──> peer (Serve) ──┐
//	 ^  │        │ failed                 │ lost
//	 │  v failed v                        v
//	 └──────── wait (backoff) <───────────┘
type connector struct {
	// set at creation
	s *Socket
	e endpoint

	// the socket's mu guards these
	stopped bool               // by Disconnect or Close
	cancel  context.CancelFunc // ends the attempt or the wait under way; nil: there is none

	// run only
	backoff backoff
	was     bool // a handshake has succeeded before
}

func newConnector(s *Socket, e endpoint) *connector {
	return &connector{s: s, e: e, backoff: backoff{min: s.o.ReconnectMin, max: s.o.ReconnectMax}}
}

// stopLocked ends the connector; its connection is left to the caller.
func (c *connector) stopLocked() {
	c.stopped = true
	if c.cancel != nil {
		c.cancel()
	}
}

// begin returns a context for an attempt or a wait, and what ends it; nil if the
// connector is to end. While there is a connection there is none, because an idle
// client had better not hold it.
func (c *connector) begin() (ctx context.Context, end func()) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if c.stopped {
		return nil, nil
	}
	ctx, c.cancel = context.WithCancel(context.Background())
	return ctx, func() {
		c.s.mu.Lock()
		defer c.s.mu.Unlock()
		c.cancel()
		c.cancel = nil
	}
}

// run is the connector's goroutine. While there is a connection it is that one's, or
// ends, if the owner of connections needs none of ours.
func (c *connector) run() {
	for {
		p, wait := c.attempt()
		if p != nil {
			if c.s.o.Begin != nil {
				c.s.begin(p, func() { c.s.work.Go(c.runAgain) })
				return
			}
			c.s.serve(p)
			wait = c.backoff.next(time.Now())
		}
		if !c.wait(wait) {
			return
		}
	}
}

// runAgain is run after a connection was lost.
func (c *connector) runAgain() {
	if c.wait(c.backoff.next(time.Now())) {
		c.run()
	}
}

// wait returns after d, or reports false because the connector is to end.
func (c *connector) wait(d time.Duration) bool {
	ctx, end := c.begin()
	if ctx == nil {
		return false
	}
	defer end()
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// attempt makes one attempt and returns the new peer, or else how long to wait for
// the next. It runs connect on a goroutine of its own: dialing and shaking hands
// need a deep stack, which run, the goroutine of a connection that mostly waits,
// would keep for good.
func (c *connector) attempt() (p *Peer, wait time.Duration) {
	ctx, end := c.begin()
	if ctx == nil {
		return nil, 0
	}
	defer end()
	var err error
	done := make(chan struct{})
	c.s.work.Go(func() {
		defer close(done)
		p, err = c.connect(ctx)
	})
	<-done
	if err != nil && ctx.Err() == nil {
		wait = c.failed(err)
	}
	return p, wait
}

// connect makes one attempt.
func (c *connector) connect(ctx context.Context) (*Peer, error) {
	nc, err := dial(ctx, c.e)
	if err != nil {
		return nil, err
	}
	conn, err := c.s.handshake(ctx, nc, false)
	if err != nil {
		return nil, &EndpointError{Op: "connect", Endpoint: c.e.raw, Err: err, Hint: connectHint(err)}
	}
	p := c.s.enter(conn, c.e.raw, c)
	if p == nil {
		_ = conn.Close(nil)
		return nil, &EndpointError{Op: "connect", Endpoint: c.e.raw, Err: ErrClosed}
	}
	c.s.count.connected.Add(1)
	if c.was {
		c.s.count.reconnects.Add(1)
	}
	c.was = true
	c.backoff.reset()
	return p, nil
}

// failed reports an attempt and returns how long to wait for the next.
func (c *connector) failed(err error) time.Duration {
	wait := c.backoff.next(time.Now())
	// Somebody is there and does not want us as we are.
	if zmtp.Permanent(err) {
		wait = c.backoff.refused()
	}
	c.s.count.connectFailures.Add(1)
	c.s.log.Debug("connect failed", "endpoint", c.e.raw, "err", err, "wait", wait)
	if f := c.s.o.OnConnectError; f != nil {
		f(c.e.raw, err)
	}
	return wait
}
