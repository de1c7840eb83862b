package zrpc

import (
	"context"
	"sync"

	"github.com/go-zeromq/zmq4"

	"github.com/zrpc-go/zrpc/internal/socket"
	"github.com/zrpc-go/zrpc/stream"
)

// Client calls the methods of a server. Dial and NewClient make one; the zero value
// is of no use. It may be used by any number of goroutines at once; one client is
// enough for a server.
type Client struct {
	core *clientCore
	opt  CallOptions
}

// clientCore is what a client and those derived from it by With share.
type clientCore struct {
	opt    ClientOptions
	stream *stream.Options
	sock   *socket.Socket
	ticker *stream.Ticker
	links  links

	named   *resolved          // nil without a resolver
	cancel  context.CancelFunc // ends what helps beside the calls; nil if nothing does
	helpers sync.WaitGroup     // the resolver, drains, pings

	budget  *RetryBudget
	most    int     // bytes of the arguments of a call; 0: no bound
	handler Handler // the interceptors around handle; nil if there are none
}

// NewClient returns a client without endpoints; Connect or Bind gives it some.
// nil options are the defaults.
func NewClient(opt *ClientOptions) *Client {
	c := new(clientCore)
	if opt != nil {
		c.opt = *opt
	}
	c.opt.normalize()
	c.ticker = stream.NewTicker(c.opt.Heartbeat)
	c.stream = c.opt.stream(c.ticker)
	c.links.init(&c.opt)
	c.most = largest(c.opt.MaxMessage)
	c.budget = NewRetryBudget(0, 0)
	if len(c.opt.Interceptors) > 0 {
		c.handler = chain(c.opt.Interceptors, c.handle)
	}
	so := c.opt.socket()
	so.Type = zmq4.Dealer
	so.Begin = c.beginConn
	so.OnConnectError = c.links.failed
	c.sock = socket.New(so)
	c.help()
	return &Client{core: c, opt: c.opt.CallOptions}
}

// Dial returns a client that connects to an endpoint. It does not wait for the
// connection: the server may be started later, and is awaited by the first call.
// Only what can never work is an error.
func Dial(ctx context.Context, endpoint string) (*Client, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c := NewClient(nil)
	if err := c.Connect(endpoint); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// help starts what goes on beside the calls.
func (c *clientCore) help() {
	if c.opt.Resolver == nil && !c.opt.Health.pings() {
		return
	}
	var ctx context.Context
	ctx, c.cancel = context.WithCancel(context.Background())
	if c.opt.Health.pings() {
		c.helpers.Go(func() { c.pinger(ctx) })
	}
	if c.opt.Resolver != nil {
		c.named = &resolved{core: c, ctx: ctx, here: map[string]*place{}, byHand: map[string]bool{}}
		c.helpers.Go(c.named.watch)
	}
}

// endHelp ends what help started, and what that started.
func (c *clientCore) endHelp() {
	if c.cancel == nil {
		return
	}
	if c.named != nil { // an update in progress may start drains
		c.named.mu.Lock()
	}
	c.cancel()
	if c.named != nil {
		c.named.mu.Unlock()
	}
	c.helpers.Wait()
}

// beginConn makes calls on a new connection possible, until it ends; then end is called.
func (c *clientCore) beginConn(p *socket.Peer, end func()) {
	l := &link{mux: stream.NewClientMux(wire{p}, c.stream), endpoint: p.Endpoint}
	if p.Accepted {
		l.target = new(target) // where it came in says nothing about who it is
	}
	c.links.add(l)
	l.mux.Start(func(err error) {
		c.links.remove(l, err)
		c.opt.Logger.Debug("connection ended", "endpoint", l.endpoint, "reason", err)
		end()
	})
}

// Connect connects to an endpoint, such as tcp://server:4242, and keeps that
// connection up. It returns at once. A client may connect to several endpoints:
// its calls are then spread over them, each call staying where it began; see
// ClientOptions.Balance.
func (c *Client) Connect(endpoint string) error {
	if c.core.named != nil {
		return asEndpointError(c.core.named.connectByHand(endpoint))
	}
	return asEndpointError(c.core.sock.Connect(endpoint))
}

// Bind listens for servers that connect out, and returns the endpoint it got.
func (c *Client) Bind(endpoint string) (string, error) {
	actual, err := c.core.sock.Bind(endpoint)
	return actual, asEndpointError(err)
}

// Close ends the client, and those derived from it, and every call in progress
// with ErrClosed.
func (c *Client) Close() error {
	c.core.links.close()
	c.core.endHelp()
	c.core.ticker.Close()
	return c.core.sock.Close()
}

// With returns a client that makes its calls with other options and shares all
// else with c.
func (c *Client) With(opt CallOptions) *Client {
	return &Client{core: c.core, opt: c.opt.over(opt)}
}
