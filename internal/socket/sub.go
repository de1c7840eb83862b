package socket

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/go-zeromq/zmq4"

	"github.com/zrpc-go/zrpc/internal/zmtp"
)

// Sub is a SUB socket (RFC 29): it tells its PUB and XPUB peers which prefixes
// it wants and receives from them in turn. All methods may be called
// concurrently.
type Sub struct {
	*Socket
	in  *fairQueue
	all atomic.Bool // "" is among the topics: every message is wanted

	mu sync.RWMutex

	// mu guards the fields below.
	topics prefixes[int]        // how often each was subscribed to
	peers  map[*Peer]*publisher // present ones
}

// publisher is a peer and what it knows of our subscriptions.
type publisher struct {
	// Sub.mu guards the fields below.
	told    map[string]struct{} // what it believes we want
	changed map[string]struct{} // what to compare with Sub.topics
	telling bool                // a goroutine is at it
}

// NewSub makes a Sub. Options.Type and Serve are set by it.
func NewSub(o Options) *Sub {
	s := &Sub{peers: map[*Peer]*publisher{}}
	o.Type, o.Serve = zmq4.Sub, s.serve
	s.Socket = New(o)
	s.in = newFairQueue(s.Socket)
	return s
}

// serve tells a new peer all our subscriptions and reads it.
func (s *Sub) serve(p *Peer) {
	pub := &publisher{told: map[string]struct{}{}, changed: map[string]struct{}{}}
	s.mu.Lock()
	s.peers[p] = pub
	for topic := range s.topics.m {
		pub.changed[topic] = struct{}{}
	}
	s.tellLocked(p, pub)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.peers, p)
	}()
	s.in.read(p, false, s.wanted)
}

// wanted is whether a message's first frame has a prefix that we subscribed
// to. A cancellation takes a while to reach the publisher, and the publisher's
// filter may be coarser than ours.
func (s *Sub) wanted(m *zmtp.Message) bool {
	if s.all.Load() {
		return true
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	for first := range m.Frames {
		if s.topics.matches(first) {
			return true
		}
		break
	}
	s.count.droppedUnwanted.Add(1)
	return false
}

// Subscribe adds a prefix of the first frame; "" is every message. Subscribing
// twice needs cancelling twice. It returns before the publishers know.
func (s *Sub) Subscribe(prefix string) error { return s.change(prefix, 1) }

// Unsubscribe takes back one Subscribe; of a prefix that is not subscribed to
// it does nothing.
func (s *Sub) Unsubscribe(prefix string) error { return s.change(prefix, -1) }

func (s *Sub) change(topic string, by int) error {
	if s.ctx.Err() != nil {
		return ErrClosed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n, _ := s.topics.get(topic)
	switch n += by; {
	case n < 0:
		return nil
	case n == 0:
		s.topics.remove(topic)
	default:
		s.topics.put(topic, n)
	}
	if topic == "" {
		s.all.Store(n > 0)
	}
	if n == 0 || n == 1 && by == 1 {
		// Only now does it make a difference to publishers.
		for p, pub := range s.peers {
			pub.changed[topic] = struct{}{}
			s.tellLocked(p, pub)
		}
	}
	return nil
}

// tellLocked has a goroutine tell a peer what has changed: waiting for room
// in the queue of a publisher that does not read must hold nobody up.
func (s *Sub) tellLocked(p *Peer, pub *publisher) {
	if !pub.telling && len(pub.changed) > 0 {
		pub.telling = s.spawn(func() { s.tell(p, pub) })
	}
}

// tell sends subscriptions and cancellations in sorted order until the peer
// knows all, or is gone. A peer that comes back is told from the start.
func (s *Sub) tell(p *Peer, pub *publisher) {
	var msg []byte
	for {
		s.mu.Lock()
		topics := slices.Sorted(maps.Keys(pub.changed))
		clear(pub.changed)
		if len(topics) == 0 {
			pub.telling = false
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
		for _, topic := range topics {
			s.mu.Lock()
			_, want := s.topics.get(topic)
			_, told := pub.told[topic]
			if want {
				pub.told[topic] = struct{}{}
			} else {
				delete(pub.told, topic)
			}
			s.mu.Unlock()
			if want == told {
				continue
			}
			// The message form is understood by every version of ZMTP 3;
			// libzmq 4.3.4 garbles the command form of some lengths.
			msg = append(msg[:0], 0)
			if want {
				msg[0] = 1
			}
			msg = append(msg, topic...)
			if p.Send(s.ctx, nil, msg, zmtp.Async) != nil {
				return // the reader sees it too, and the peer is gone
			}
		}
	}
}

// Recv is as Dealer.Recv.
func (s *Sub) Recv(ctx context.Context) ([][]byte, error) { return s.in.recv(ctx) }

// Take is Recv of a message whose bytes are lent.
func (s *Sub) Take(ctx context.Context) (Received, error) { return s.in.take(ctx) }
