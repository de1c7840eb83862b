package socket

// peerSet is the peers of a socket by routing id. The usual client has one, so
// that a map, which takes as much as the rest of a socket, is made for the
// second. The socket's mu guards it.
type peerSet struct {
	one  *Peer            // the only peer; nil if there is none, or many
	many map[string]*Peer // nil until there is a second
}

// get returns the peer of an id, nil if there is none.
func (s *peerSet) get(id []byte) *Peer {
	if p := s.one; p != nil && string(p.RoutingID) == string(id) {
		return p
	}
	return s.many[string(id)]
}

// put adds a peer whose id is not there.
func (s *peerSet) put(p *Peer) {
	switch {
	case s.many != nil:
		s.many[string(p.RoutingID)] = p
	case s.one == nil:
		s.one = p
	default:
		s.many = map[string]*Peer{string(s.one.RoutingID): s.one, string(p.RoutingID): p}
		s.one = nil
	}
}

// remove takes the peer of an id away.
func (s *peerSet) remove(id []byte) {
	if p := s.one; p != nil && string(p.RoutingID) == string(id) {
		s.one = nil
	}
	delete(s.many, string(id))
}

// len returns how many peers there are.
func (s *peerSet) len() int {
	if s.one != nil {
		return 1
	}
	return len(s.many)
}

// all yields every peer, in no particular order.
func (s *peerSet) all(yield func(*Peer) bool) {
	if s.one != nil {
		yield(s.one)
		return
	}
	for _, p := range s.many {
		if !yield(p) {
			return
		}
	}
}
