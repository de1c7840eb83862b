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
	s    *Socket
	e    endpoint
	quit chan struct{} // closed by Disconnect

	stopped bool // quit is closed; the socket's mu guards it

	// run only
	backoff backoff
	was     bool // a handshake has succeeded before
}

func newConnector(s *Socket, e endpoint) *connector {
	return &connector{
		s: s, e: e, quit: make(chan struct{}),
		backoff: backoff{min: s.o.ReconnectMin, max: s.o.ReconnectMax},
	}
}

// stopLocked ends the connector; its connection is left to the caller.
func (c *connector) stopLocked() {
	c.stopped = true
	close(c.quit)
}

// ended reports whether Disconnect or Close has ended the connector.
func (c *connector) ended() bool {
	select {
	case <-c.quit:
		return true
	default:
		return c.s.ctx.Err() != nil
	}
}

// run is the connector's goroutine, and the connection's while there is one.
func (c *connector) run() {
	for !c.ended() {
		var wait time.Duration
		p, err := c.attempt()
		switch {
		case p == nil && c.ended():
			return
		case err == nil:
			c.s.serve(p)
			wait = c.backoff.next(time.Now())
		default:
			wait = c.failed(err)
		}
		select {
		case <-time.After(wait):
		case <-c.quit:
		case <-c.s.ctx.Done():
		}
	}
}

// attempt runs connect on a goroutine of its own: dialing and shaking hands
// need a deep stack, which run, the goroutine of a connection that mostly
// waits, would keep for good. Likewise the context lasts no longer than this.
func (c *connector) attempt() (p *Peer, err error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := make(chan struct{})
	c.s.work.Go(func() {
		defer close(done)
		p, err = c.connect(ctx)
	})
	select {
	case <-done:
		return p, err
	case <-c.quit:
	case <-c.s.ctx.Done():
	}
	cancel()
	<-done
	return p, err
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
