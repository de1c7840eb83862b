package socket

import (
	"container/list"
	"context"
	"net"

	"github.com/zrpc-go/zrpc/internal/zmtp"
)

// shake is an accepted connection whose handshake is not done.
type shake struct {
	nc      net.Conn
	evicted bool // closed by us in favour of a newer one
}

// handshake runs ZMTP's handshake on a new connection. The end of ctx closes
// the connection.
func (s *Socket) handshake(ctx context.Context, nc net.Conn, accepted bool) (*zmtp.Conn, error) {
	cfg := s.o.Conn
	cfg.Type, cfg.Identity = s.o.Type, s.o.Identity
	cfg.Security, cfg.Server = nil, accepted
	if s.o.Security != nil {
		cfg.Security, cfg.Server = s.o.Security(accepted)
	}
	stop := context.AfterFunc(ctx, func() { _ = nc.Close() })
	defer stop()
	return zmtp.Handshake(nc, &cfg)
}

// enter makes a connection a peer, or returns nil if the socket or the connector
// that made it, nil for an accepted one, has ended meanwhile.
func (s *Socket) enter(c *zmtp.Conn, ep string, by *connector) *Peer {
	p := &Peer{Conn: c, Endpoint: ep, Accepted: by == nil}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || by != nil && by.stopped {
		return nil
	}
	// No takeover: whoever announces a name that is taken gets a number. The
	// answers of the first would otherwise go to anybody who knows its name.
	id := c.PeerIdentity()
	if len(id) == 0 || s.peers.get(id) != nil {
		id = s.ids.take(&s.peers)
	}
	p.RoutingID = id
	s.peers.put(p)
	return p
}

// serve hands a peer to its owner and takes it away when that is done.
func (s *Socket) serve(p *Peer) {
	s.came(p)
	s.o.Serve(p)
	s.gone(p)
}

// begin does the same and returns at once, for an owner that begins; then is called at
// the end. By a goroutine that Close waits for, as it will for that end.
func (s *Socket) begin(p *Peer, then func()) {
	s.came(p)
	s.work.Add(1)
	s.o.Begin(p, func() {
		s.gone(p)
		then()
		s.work.Done()
	})
}

// serveAccepted serves an accepted connection, and returns at once.
func (s *Socket) serveAccepted(p *Peer) {
	if s.o.Begin != nil {
		s.begin(p, s.releaseAccepted)
		return
	}
	// A new goroutine: the handshake needs a deep stack, which a connection
	// that mostly waits would keep for good.
	s.work.Go(func() {
		s.serve(p)
		s.releaseAccepted()
	})
}

// came and gone note a peer's beginning and end.
func (s *Socket) came(p *Peer) {
	s.log.Debug("peer came", "endpoint", p.Endpoint, "addr", p.RemoteAddr(), "type", p.PeerType())
}

func (s *Socket) gone(p *Peer) {
	s.mu.Lock()
	s.peers.remove(p.RoutingID)
	s.mu.Unlock()
	// Its owner may have ended by itself; what it has queued still goes out.
	s.closePeer(p)
	s.log.Debug("peer gone", "endpoint", p.Endpoint, "addr", p.RemoteAddr(), "cause", p.Err())
}

// accept takes on a connection that came by a listener, or closes it. It never
// waits: the handshake has a goroutine of its own.
func (s *Socket) accept(nc net.Conn, ep string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.accepted >= s.o.MaxConns {
		_ = nc.Close()
		if !s.closed {
			s.count.refusedConns.Add(1)
			s.log.Warn("connection refused: there are as many as MaxConns allows", "endpoint", ep, "conns", s.accepted)
		}
		return
	}
	// A good peer is through in milliseconds, so the oldest is the one to go:
	// half-open connections by the thousand cannot keep good ones out.
	if s.shaking.Len() >= s.o.MaxHandshakes {
		s.evictLocked()
	}
	s.accepted++
	at := s.shaking.PushBack(&shake{nc: nc})
	s.work.Go(func() { s.runAccepted(nc, ep, at) })
}

// evictLocked closes the connection that has been handshaking for longest.
func (s *Socket) evictLocked() {
	at := s.shaking.Front()
	if at == nil {
		return
	}
	sh := s.shaking.Remove(at).(*shake)
	sh.evicted = true
	s.count.evictedHandshakes.Add(1)
	_ = sh.nc.Close()
}

// runAccepted is the goroutine of an accepted connection while it shakes hands.
func (s *Socket) runAccepted(nc net.Conn, ep string, at *list.Element) {
	p, err := s.shakeAccepted(nc, ep, at)
	if p != nil {
		s.serveAccepted(p)
		return
	}
	if err != nil {
		s.count.handshakeFailures.Add(1)
		s.log.Debug("handshake failed", "endpoint", ep, "addr", nc.RemoteAddr(), "err", err)
	}
	s.releaseAccepted()
}

// shakeAccepted returns the new peer, or an error if the handshake failed, or
// neither if the socket has been closed meanwhile.
func (s *Socket) shakeAccepted(nc net.Conn, ep string, at *list.Element) (*Peer, error) {
	c, err := s.handshake(s.ctx, nc, true)
	s.mu.Lock()
	if !at.Value.(*shake).evicted {
		s.shaking.Remove(at)
	}
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	p := s.enter(c, ep, nil)
	if p == nil {
		_ = c.Close(nil)
		return nil, nil
	}
	s.count.accepted.Add(1)
	return p, nil
}

// releaseAccepted makes room for another accepted connection.
func (s *Socket) releaseAccepted() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accepted--
}
