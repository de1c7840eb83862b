package socket

import "sync/atomic"

// Stats are a socket's counters. Those named as a present state go up and
// down, all others count since New.
type Stats struct {
	Peers       int // present connections whose handshake is done
	Handshaking int // present accepted connections whose handshake is not done

	Accepted          uint64 // handshakes done with peers that came to us
	Connected         uint64 // handshakes done with peers that we connected to
	Reconnects        uint64 // of Connected: those by a connector that had been connected before
	HandshakeFailures uint64 // accepted connections that failed their handshake
	ConnectFailures   uint64 // attempts of Connect that failed
	AcceptErrors      uint64 // errors of accepting, such as too many open files
	RefusedConns      uint64 // closed at once because of MaxConns
	EvictedHandshakes uint64 // closed for a newer one because of MaxHandshakes

	DroppedUnroutable uint64 // sent to a routing id that nobody has
	DroppedFull       uint64 // sent to a peer whose queue was full
	DroppedGone       uint64 // received, but the peer went and left too much behind
	DroppedUnwanted   uint64 // received by a Sub that had not subscribed to it
}

// counters are the counting half of Stats.
type counters struct {
	accepted, connected, reconnects, handshakeFailures, connectFailures,
	acceptErrors, refusedConns, evictedHandshakes,
	droppedUnroutable, droppedFull, droppedGone, droppedUnwanted atomic.Uint64
}

// Stats returns the present counts. They are read one by one, so they may be
// out of step with each other by what happens meanwhile.
func (s *Socket) Stats() Stats {
	c := &s.count
	st := Stats{
		Accepted:          c.accepted.Load(),
		Connected:         c.connected.Load(),
		Reconnects:        c.reconnects.Load(),
		HandshakeFailures: c.handshakeFailures.Load(),
		ConnectFailures:   c.connectFailures.Load(),
		AcceptErrors:      c.acceptErrors.Load(),
		RefusedConns:      c.refusedConns.Load(),
		EvictedHandshakes: c.evictedHandshakes.Load(),
		DroppedUnroutable: c.droppedUnroutable.Load(),
		DroppedFull:       c.droppedFull.Load(),
		DroppedGone:       c.droppedGone.Load(),
		DroppedUnwanted:   c.droppedUnwanted.Load(),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st.Peers = s.peers.len()
	st.Handshaking = s.shaking.Len()
	return st
}
