package socket

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/go-zeromq/zmq4"

	"github.com/zrpc-go/zrpc/internal/zmtp"
)

// Pub is a PUB socket (RFC 29): it sends each message to all SUB and XSUB
// peers that have subscribed to a prefix of its first frame. Send may be
// called concurrently with itself.
type Pub struct {
	*Socket
	pace   pace
	budget budget

	// everyone is all subscribers while none has named a topic, so that nothing has
	// to be looked up; nil: unknown, or not so. Never changed, but replaced as a
	// whole under mu.
	everyone atomic.Pointer[[]*subscriber]

	mu sync.Mutex

	// mu guards the fields below and all subscribers.
	topics prefixes[[]*subscriber]
	bytes  int    // of all subscriptions, subscriptionCost for each included
	round  uint64 // counts the messages, to send each but once to a peer
}

// subscriber is a peer and what it has subscribed to.
type subscriber struct {
	*Peer
	topics map[string]int // how often, at least once (RFC 29: not idempotent)
	bytes  int            // of topics
	round  uint64         // the latest message that was for it
}

// NewPub makes a Pub. Options.Type and Serve are set by it.
func NewPub(o Options) *Pub {
	p := &Pub{}
	o.Type, o.Serve = zmq4.Pub, p.serve
	p.Socket = New(o)
	p.budget.s = p.Socket
	return p
}

// serve reads one peer's subscriptions.
func (p *Pub) serve(peer *Peer) {
	s := &subscriber{Peer: peer, topics: map[string]int{}}
	defer p.leave(s)
	for {
		m, ok, err := peer.Next()
		switch {
		case err != nil:
			return
		case ok:
			if err := p.apply(s, &m); err != nil {
				p.log.Warn("subscriber closed", "addr", peer.RemoteAddr(), "err", err)
				// FIN and nothing else: libzmq does not come back after a
				// protocol error.
				_ = peer.Close(err)
				return
			}
		default:
			if peer.Fill() != nil {
				return
			}
		}
	}
}

// apply takes a subscription or cancellation in either of its forms, whatever
// version the peer announced: the command of ZMTP 3.1 (RFC 37) or the message
// of ZMTP 3.0 (RFC 23). It ignores everything else, as libzmq does.
func (p *Pub) apply(s *subscriber, m *zmtp.Message) error {
	topic, add, ok := subscription(m)
	if !ok {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	n := s.topics[string(topic)]
	switch {
	case add && n == 0:
		if len(topic) > maxSubscription || len(s.topics) >= maxSubscriptions || s.bytes+len(topic) > maxSubscriptionBytes ||
			p.bytes+len(topic)+subscriptionCost > maxAllSubscriptionBytes {
			return ErrSubscriptions
		}
		p.addLocked(s, string(topic))
	case add:
		s.topics[string(topic)] = n + 1
	case n > 1:
		s.topics[string(topic)] = n - 1
	case n == 1:
		p.removeLocked(s, string(topic))
	}
	return nil
}

// subscription reads a message or command as a subscription (add) or a
// cancellation of one.
func subscription(m *zmtp.Message) (topic []byte, add, ok bool) {
	b := m.Body
	if !m.Command {
		if len(m.Envelope) > 0 || len(b) == 0 || b[0] > 1 {
			return nil, false, false
		}
		return b[1:], b[0] == 1, true
	}
	if len(b) == 0 || len(b) < 1+int(b[0]) {
		return nil, false, false
	}
	name, rest := b[1:1+int(b[0])], b[1+int(b[0]):]
	switch string(name) {
	case "SUBSCRIBE":
		return rest, true, true
	case "CANCEL":
		return rest, false, true
	}
	return nil, false, false
}

func (p *Pub) addLocked(s *subscriber, topic string) {
	s.topics[topic] = 1
	s.bytes += len(topic)
	p.bytes += len(topic) + subscriptionCost
	peers, _ := p.topics.get(topic)
	p.topics.put(topic, append(peers, s))
	p.everyone.Store(nil)
}

func (p *Pub) removeLocked(s *subscriber, topic string) {
	delete(s.topics, topic)
	s.bytes -= len(topic)
	p.bytes -= len(topic) + subscriptionCost
	peers, _ := p.topics.get(topic)
	p.everyone.Store(nil)
	last := len(peers) - 1
	if last == 0 {
		p.topics.remove(topic)
		return
	}
	// A list, since every message goes through it, and few subscriptions end.
	peers[slices.Index(peers, s)], peers[last] = peers[last], nil
	p.topics.put(topic, peers[:last])
}

// leave forgets a peer's subscriptions.
func (p *Pub) leave(s *subscriber) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for topic := range s.topics {
		p.removeLocked(s, topic)
	}
}

// Subscriptions returns how many subscriptions all peers have in force; a
// prefix counts once for each peer.
func (p *Pub) Subscriptions() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, peers := range p.topics.m {
		n += len(peers)
	}
	return n
}

// targets holds the lists that Send works with between two calls.
var targets = sync.Pool{New: func() any { return new([]*subscriber) }}

// Send sends a message of one or more frames to all that have subscribed to a
// prefix of the first. It never waits: a subscriber whose queue is full misses
// the message, which is counted. The frames are copied. Errors: of ctx if it
// has ended before, ErrClosed, ErrNoFrames.
func (p *Pub) Send(ctx context.Context, frames ...[]byte) error {
	if len(frames) == 0 {
		return ErrNoFrames
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if p.ctx.Err() != nil {
		return ErrClosed
	}
	if all := p.everyone.Load(); all != nil {
		p.sendTo(*all, frames)
		return nil
	}
	list := targets.Get().(*[]*subscriber)
	to := p.appendTargets((*list)[:0], frames[0])
	p.sendTo(to, frames)
	clear(to)
	*list = to[:0]
	targets.Put(list)
	return nil
}

// sendTo queues a message for peers.
func (p *Pub) sendTo(to []*subscriber, frames [][]byte) {
	if len(to) == 0 {
		return
	}
	o := outgoingMessage(frames)
	defer o.release()
	flush, now := p.pace.begin()
	defer p.pace.end(flush, now)
	if len(to) > directTargets {
		flush = zmtp.Async
	}
	p.budget.spend(len(to) * o.size())
	share := len(to) > 1 && len(o.body) >= shareMin
	var release func()
	for i, s := range to {
		var sent bool
		switch {
		case !p.budget.allows(s.Peer):
			if release != nil {
				release()
			}
		case share:
			if release == nil {
				if s.Full() {
					break
				}
				// One copy for all that are left, from which each connection writes.
				c := wholeChunk(append(zmtp.NewBuffer(len(o.body)), o.body...), len(to)-i)
				o.body, release = c.buf, c.release
			}
			sent = s.TrySendOwned(o.envelope, nil, o.body, release, flush)
		default:
			sent = s.TrySend(o.envelope, o.body, flush)
		}
		if !sent {
			p.count.droppedFull.Add(1)
		}
	}
}

// appendTargets appends the subscribers of a topic to to, each once.
func (p *Pub) appendTargets(to []*subscriber, topic []byte) []*subscriber {
	p.mu.Lock()
	defer p.mu.Unlock()
	if peers, _ := p.topics.get(""); len(p.topics.m) == 1 && len(peers) > 0 {
		all := slices.Clone(peers)
		p.everyone.Store(&all)
		return append(to, all...)
	}
	p.round++
	for peers := range func(yield func([]*subscriber) bool) { p.topics.match(topic, yield) } {
		for _, s := range peers {
			if s.round != p.round {
				s.round = p.round
				to = append(to, s)
			}
		}
	}
	return to
}

// Dropped is Stats().DroppedFull, for those who ask after every message.
func (p *Pub) Dropped() uint64 { return p.count.droppedFull.Load() }
