package socket

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/zrpc-go/zrpc/internal/zmtp"
)

// balancer is the sending half of DEALER and PUSH (RFC 28 and 30: "SHALL route
// outgoing messages to available peers using a round-robin strategy"). A peer
// is available while its send queue is not full. With none available the
// sender waits; nothing is discarded.
type balancer struct {
	// set at creation
	s *Socket

	turn  atomic.Uint64
	peers atomic.Pointer[[]*Peer] // replaced as a whole under mu, never changed
	pace  pace

	mu sync.Mutex

	// mu guards the fields below.
	changed chan struct{}      // closed and replaced when a sender should look again
	full    map[*Peer]struct{} // those whose room a goroutine waits for
}

func newBalancer(s *Socket) *balancer {
	b := &balancer{s: s, changed: make(chan struct{}), full: map[*Peer]struct{}{}}
	b.peers.Store(new([]*Peer))
	return b
}

// join adds a peer.
func (b *balancer) join(p *Peer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	old := *b.peers.Load()
	peers := append(old[:len(old):len(old)], p) // a copy: senders read the old one
	b.peers.Store(&peers)
	b.changedLocked()
}

// leave removes a peer.
func (b *balancer) leave(p *Peer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var peers []*Peer
	for _, o := range *b.peers.Load() {
		if o != p {
			peers = append(peers, o)
		}
	}
	b.peers.Store(&peers)
}

func (b *balancer) changedLocked() {
	close(b.changed)
	b.changed = make(chan struct{})
}

// send gives a message to the next peer in turn that has room, and waits for
// one until ctx ends.
func (b *balancer) send(ctx context.Context, frames [][]byte) error {
	if len(frames) == 0 {
		return ErrNoFrames
	}
	if err := b.s.ctx.Err(); err != nil {
		return ErrClosed
	}
	o := outgoingMessage(frames)
	defer o.release()
	flush, now := b.pace.begin()
	defer b.pace.end(flush, now)
	for !b.try(&o, flush) {
		if err := ctx.Err(); err != nil {
			return err
		}
		changed := b.awaitRoom()
		// Room may have come before we began to wait for it.
		if b.try(&o, flush) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-b.s.ctx.Done():
			return ErrClosed
		}
	}
	return nil
}

// try goes round once.
func (b *balancer) try(o *outgoing, flush zmtp.Flush) bool {
	peers := *b.peers.Load()
	n := uint64(len(peers))
	if n == 0 {
		return false
	}
	turn := b.turn.Add(1)
	for i := range n {
		if !peers[(turn+i)%n].TrySend(o.envelope, o.body, flush) {
			continue
		}
		if i > 0 {
			// The turns of those that were passed over are used up; the one
			// behind them would otherwise have theirs as well.
			b.turn.Store(turn + i)
		}
		return true
	}
	return false
}

// awaitRoom returns what is closed when a peer comes or gets room. It makes
// sure that every full peer is waited for, by one goroutine each.
func (b *balancer) awaitRoom() (changed <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range *b.peers.Load() {
		if _, ok := b.full[p]; !ok && b.s.spawn(func() { b.watch(p) }) {
			b.full[p] = struct{}{}
		}
	}
	return b.changed
}

// watch waits for a full peer to get room. It ends with the peer at the
// latest, which leaves on its own.
func (b *balancer) watch(p *Peer) {
	err := p.WaitRoom(b.s.ctx)
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.full, p)
	if err == nil {
		b.changedLocked()
	}
}
