package socket

import "testing"

// A set of none, one and many peers does the same, whichever of the two places
// they are kept in.
func TestPeerSet(t *testing.T) {
	var s peerSet
	peers := map[string]*Peer{}
	check := func() {
		t.Helper()
		if s.len() != len(peers) {
			t.Errorf("%d peers, want %d", s.len(), len(peers))
		}
		seen := 0
		for p := range s.all {
			seen++
			if peers[string(p.RoutingID)] != p || s.get(p.RoutingID) != p {
				t.Errorf("%q is not found, or should not be there", p.RoutingID)
			}
		}
		if seen != len(peers) || s.get([]byte("nobody")) != nil {
			t.Errorf("%d peers seen, want %d", seen, len(peers))
		}
	}
	check()
	for _, ids := range []string{"a", "bcd", "e"} {
		for _, id := range ids {
			p := &Peer{RoutingID: []byte(string(id))}
			peers[string(id)] = p
			s.put(p)
			check()
		}
		for id := range peers {
			s.remove([]byte(id))
			delete(peers, id)
			check()
		}
	}
	for range s.all {
		t.Error("all were removed")
	}
	s.put(&Peer{RoutingID: []byte("x")})
	s.put(&Peer{RoutingID: []byte("y")})
	for range s.all {
		break // an iteration may end early
	}
}
