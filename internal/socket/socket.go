package socket

import (
	"container/list"
	"context"
	"log/slog"
	"slices"
	"sync"
)

// Socket is a set of peers by any number of endpoints, bound and connected.
// All methods may be called concurrently.
type Socket struct {
	// set at creation
	o      Options
	log    *slog.Logger
	ctx    context.Context // ends when Close begins
	cancel context.CancelFunc
	work   sync.WaitGroup // all goroutines; added to under mu while not closed
	count  counters

	mu sync.Mutex

	// mu guards the fields below.
	listeners  []*listener
	connectors []*connector
	peers      peerSet
	accepted   int       // accepted connections, handshaking ones included
	shaking    list.List // *shake: accepted and handshaking, oldest first
	ids        routingIDs
	closed     bool
}

// New makes a socket without endpoints.
func New(o Options) *Socket {
	s := &Socket{
		o:   o.withDefaults(),
		ids: newRoutingIDs(),
	}
	s.log = s.o.Logger
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// Bind listens on an endpoint and returns the endpoint that it really got:
// tcp://127.0.0.1:* becomes tcp://127.0.0.1:45831. Errors are *EndpointError.
func (s *Socket) Bind(ep string) (actual string, err error) {
	e, err := parseEndpoint(ep, true)
	if err != nil {
		return "", err
	}
	ln, actual, err := listen(e)
	if err != nil {
		return "", err
	}
	l := &listener{s: s, ln: ln, asked: ep, actual: actual}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = ln.Close()
		return "", &EndpointError{Op: "bind", Endpoint: ep, Err: ErrClosed}
	}
	s.listeners = append(s.listeners, l)
	s.work.Go(l.run)
	s.log.Debug("bound", "endpoint", actual)
	return actual, nil
}

// Connect makes and keeps up a connection to an endpoint. It returns at once,
// whether or not somebody is there; only what can never work is an error, an
// *EndpointError. Connecting twice to one endpoint makes two connections.
func (s *Socket) Connect(ep string) error {
	e, err := parseEndpoint(ep, false)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return &EndpointError{Op: "connect", Endpoint: ep, Err: ErrClosed}
	}
	c := newConnector(s, e)
	s.connectors = append(s.connectors, c)
	s.work.Go(c.run)
	return nil
}

// Unbind stops listening on an endpoint, as it was given to Bind or returned
// by it. Connections that came by it stay.
func (s *Socket) Unbind(ep string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.listeners)
	s.listeners = slices.DeleteFunc(s.listeners, func(l *listener) bool {
		its := l.asked == ep || l.actual == ep
		if its {
			l.stop()
		}
		return its
	})
	if len(s.listeners) == before {
		return &EndpointError{Op: "unbind", Endpoint: ep, Err: ErrNotFound, Hint: "it was not bound by this socket"}
	}
	return nil
}

// Disconnect ends all connections that Connect made to an endpoint. It returns
// at once; what is queued still goes out for Options.Linger.
func (s *Socket) Disconnect(ep string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.connectors)
	s.connectors = slices.DeleteFunc(s.connectors, func(c *connector) bool {
		its := c.e.raw == ep
		if its {
			c.stopLocked()
		}
		return its
	})
	if len(s.connectors) == before {
		return &EndpointError{Op: "disconnect", Endpoint: ep, Err: ErrNotFound, Hint: "this socket did not connect to it"}
	}
	for p := range s.peers.all {
		if !p.Accepted && p.Endpoint == ep && !s.closed {
			s.work.Go(func() { s.closePeer(p) })
		}
	}
	return nil
}

// Close stops listening and connecting, lets queued messages go out for at
// most Options.Linger, closes all connections and returns when all goroutines
// of the socket, Serve included, have ended. Later calls wait likewise. The
// error is always nil.
func (s *Socket) Close() error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		s.cancel()
		for _, l := range s.listeners {
			l.stop()
		}
		for _, c := range s.connectors {
			c.stopLocked()
		}
		for p := range s.peers.all {
			s.work.Go(func() { s.closePeer(p) })
		}
	}
	s.mu.Unlock()
	s.work.Wait()
	return nil
}

// Done is closed when Close begins.
func (s *Socket) Done() <-chan struct{} { return s.ctx.Done() }

// Peer returns the present peer of a routing id, or nil.
func (s *Socket) Peer(routingID []byte) *Peer {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.peers.get(routingID)
}

// Peers returns the present peers in no particular order.
func (s *Socket) Peers() []*Peer {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*Peer, 0, s.peers.len())
	for p := range s.peers.all {
		all = append(all, p)
	}
	return all
}

// spawn starts a goroutine that Close waits for, unless Close has begun. It
// must end when the socket's context does.
func (s *Socket) spawn(f func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.work.Go(f)
	return true
}

// closePeer ends a connection, what is queued first.
func (s *Socket) closePeer(p *Peer) {
	if s.o.Linger < 0 {
		_ = p.Close(nil)
	} else {
		_ = p.CloseLinger(s.o.Linger)
	}
}
