package socket

import "sync/atomic"

// budget bounds what the send queues of all peers hold together, for the
// patterns that drop when a peer is full (ROUTER, PUB). Each connection's own
// limit alone would let a hundred peers that never read hold a hundred MiB.
//
// The sum is taken once in a while. Only when it is too high are peers held to
// their share; those that read are below it anyway.
type budget struct {
	// set at creation
	s *Socket

	since atomic.Int64 // bytes sent since the latest audit
	share atomic.Int64 // bytes that one peer may have queued; 0: its own limit counts
}

// spend is called before n bytes are queued.
func (b *budget) spend(n int) {
	if b.since.Add(int64(n)) >= auditEvery {
		b.since.Store(0)
		b.audit()
	}
}

// allows is whether more bytes may be queued for a peer.
func (b *budget) allows(p *Peer) bool {
	share := b.share.Load()
	if share == 0 {
		return true
	}
	_, queued := p.Queued()
	return int64(queued) < share
}

// audit adds up the queues and sets or lifts the share.
func (b *budget) audit() {
	peers := b.s.Peers()
	total := 0
	for _, p := range peers {
		_, n := p.Queued()
		total += n
	}
	switch {
	case total > sendBytesAll:
		b.share.Store(int64(sendBytesAll / len(peers)))
	case total < sendBytesAll/2:
		// Not at once below the limit: it would be set again at once.
		b.share.Store(0)
	}
}
