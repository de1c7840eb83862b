package zrpc

import (
	"context"

	"github.com/go-zeromq/zmq4"

	"github.com/zrpc-go/zrpc/internal/socket"
	"github.com/zrpc-go/zrpc/stream"
)

// Client calls the methods of a server. It may be used by any number of
// goroutines at once; one client is enough for a server.
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
	c.links.init()
	if len(c.opt.Interceptors) > 0 {
		c.handler = chain(c.opt.Interceptors, c.handle)
	}
	so := c.opt.socket()
	so.Type = zmq4.Dealer
	so.Serve = c.serveConn
	so.OnConnectError = c.links.failed
	c.sock = socket.New(so)
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

// serveConn reads one connection whenever no caller does.
func (c *clientCore) serveConn(p *socket.Peer) {
	l := &link{mux: stream.NewClientMux(wire{p}, c.stream), endpoint: p.Endpoint}
	c.links.add(l)
	err := l.mux.Run()
	c.links.remove(l, err)
	c.opt.Logger.Debug("connection ended", "endpoint", p.Endpoint, "reason", err)
}

// Connect connects to an endpoint, such as tcp://server:4242, and keeps that
// connection up. It returns at once. A client may connect to several endpoints:
// its calls are then spread over them, each call staying where it began.
func (c *Client) Connect(endpoint string) error {
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
	c.core.ticker.Close()
	return c.core.sock.Close()
}

// With returns a client that makes its calls with other options and shares all
// else with c.
func (c *Client) With(opt CallOptions) *Client {
	return &Client{core: c.core, opt: c.opt.over(opt)}
}
