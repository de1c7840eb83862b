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
	s      *Socket
	e      endpoint
	ctx    context.Context // ends with Disconnect or Close
	cancel context.CancelFunc

	// run only
	backoff backoff
	was     bool // a handshake has succeeded before
}

func newConnector(s *Socket, e endpoint) *connector {
	c := &connector{s: s, e: e, backoff: backoff{min: s.o.ReconnectMin, max: s.o.ReconnectMax}}
	c.ctx, c.cancel = context.WithCancel(s.ctx)
	return c
}

// run is the connector's goroutine, and the connection's while there is one.
func (c *connector) run() {
	defer c.cancel()
	for c.ctx.Err() == nil {
		var wait time.Duration
		p, err := c.attempt()
		switch {
		case c.ctx.Err() != nil && p == nil:
			return
		case err == nil:
			c.s.serve(p)
			wait = c.backoff.next(time.Now())
		default:
			wait = c.failed(err)
		}
		select {
		case <-time.After(wait):
		case <-c.ctx.Done():
		}
	}
}

// attempt runs connect on a goroutine of its own: dialing and shaking hands
// need a deep stack, which run, the goroutine of a connection that mostly
// waits, would keep for good.
func (c *connector) attempt() (p *Peer, err error) {
	done := make(chan struct{})
	c.s.work.Go(func() {
		defer close(done)
		p, err = c.connect()
	})
	<-done
	return p, err
}

// connect makes one attempt.
func (c *connector) connect() (*Peer, error) {
	nc, err := dial(c.ctx, c.e)
	if err != nil {
		return nil, err
	}
	conn, err := c.s.handshake(c.ctx, nc, false)
	if err != nil {
		return nil, &EndpointError{Op: "connect", Endpoint: c.e.raw, Err: err, Hint: connectHint(err)}
	}
	p := c.s.enter(c.ctx, conn, c.e.raw, false)
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
