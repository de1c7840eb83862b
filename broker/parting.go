package broker

import (
	"context"
	"time"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/zmtp"
)

const (
	// partQuiet is how long no request may have come before a broker that stops
	// closes its connections: what a client sent before it knew is here by then.
	partQuiet = 50 * time.Millisecond

	// partMost bounds that, for the sake of clients that call on and on.
	partMost = time.Second
)

// knowsBye reports whether a peer with this property is told, or tells, by the
// event _zrpc_bye that a server reads no more requests: from revision 2 on.
func knowsBye(property string) bool { return property != "" && property != "1" }

// part takes leave of the clients of a broker without calls, so that no request is
// lost with its connection: from now on none of theirs runs. Those that understand
// it are told, and close the connection; the others are refused until none of them
// has called for partQuiet.
func (b *Broker) part(ctx context.Context) {
	if ctx.Err() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, partMost)
	defer cancel()
	b.mu.Lock()
	bound := b.bound[0]
	b.mu.Unlock()
	for _, endpoint := range bound {
		_ = b.front.Unbind(endpoint) // who comes now is for our successor
	}
	b.mu.Lock()
	b.refusedAt = b.clock() // whoever has just got the last answer may call again
	told := map[*client]bool{}
	for c := range b.clients {
		if knowsBye(c.peer.PeerProperty()) {
			told[c] = true
			c.peer.TrySend(delimiter, append(b.appendEvent(nil, nil, event.NameBye), 0x90), zmtp.Async)
		}
	}
	b.mu.Unlock()
	for !b.parted(told) {
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			return
		}
	}
}

// parted says whether those that were told have gone, and the others are quiet.
func (b *Broker) parted(told map[*client]bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	others := false
	for c := range b.clients {
		if told[c] {
			return false
		}
		others = true
	}
	return !others || b.clock()-b.refusedAt >= partQuiet
}

// left handles the leave of a worker: it has answered all that it has read, so
// what it holds still, it has not read.
func (w *worker) left() {
	b := w.b
	b.mu.Lock()
	b.drainLocked(w)
	for ch := range b.table.all {
		if ch.worker == w && ch.state == running && ch.client != nil && !ch.heard {
			b.moveLocked(ch, b.refusalLocked(ch))
		}
	}
	b.mu.Unlock()
	_ = w.peer.Close(errLeft) // its reader sees to the rest
}
