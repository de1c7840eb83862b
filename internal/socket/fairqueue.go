package socket

import (
	"context"
	"sync"

	"github.com/zrpc-go/zrpc/internal/zmtp"
)

// fairQueue is the receiving half of DEALER, ROUTER, PULL and SUB: an inbox
// for every peer, read in turn (RFC 28, 29 and 30: "SHALL receive incoming
// messages from its peers using a fair-queuing strategy").
//
// A reader whose inbox is full stops reading its connection, so that the peer
// is slowed down by TCP and nobody else is.
type fairQueue struct {
	// set at creation
	s    *Socket
	wake chan struct{} // one token: look again

	mu sync.Mutex

	// mu guards the fields below and all inboxes.
	head, tail  *inbox // those with messages, in the order of their turns
	inboxes     int    // of present peers, and of gone ones until they are empty
	orphanBytes int    // in inboxes of gone peers
	waiting     int    // calls of recv that wait
}

// inbox is one peer's part of a fairQueue.
type inbox struct {
	room chan struct{} // one token: the reader may look again

	// fairQueue.mu guards the fields below.
	msgs    backlog
	bytes   int
	ready   bool // in the list of turns
	blocked bool // the reader waits for room
	gone    bool // the peer is
	next    *inbox
}

func newFairQueue(s *Socket) *fairQueue {
	return &fairQueue{s: s, wake: make(chan struct{}, 1)}
}

// read is a Serve: it moves the messages of a connection into its inbox until
// the connection ends. routed puts the peer's routing id in front. want, if
// not nil, says whether a message is wanted; it must not keep it.
func (q *fairQueue) read(p *Peer, routed bool, want func(*zmtp.Message) bool) {
	in := &inbox{room: make(chan struct{}, 1)}
	q.mu.Lock()
	q.inboxes++
	q.mu.Unlock()
	defer q.leave(in)

	pack := packer{most: min(readBatch, q.s.o.RecvHWM)}
	if routed {
		pack.first = zmtp.AppendFrame(nil, true, p.RoutingID)
	}
	var m zmtp.Message // once for all, since want and pack get its address
	for {
		next, ok, err := p.Next()
		if ok && err == nil {
			m = next
			if m.Command || want != nil && !want(&m) {
				continue
			}
			if pack.add(&m, p.Buffered()); !pack.full() {
				continue
			}
		}
		// Whatever has come whole is delivered, also if the connection broke.
		if !q.push(p, in, pack.take()) {
			return
		}
		pack.done()
		if err == nil && !ok {
			err = p.Fill()
		}
		if err != nil {
			return
		}
	}
}

// push moves a batch into an inbox and waits while it is full; false once the
// connection or the socket has ended.
func (q *fairQueue) push(p *Peer, in *inbox, batch []Received) bool {
	forced := false // the connection has ended, nothing will follow
	for len(batch) > 0 {
		q.mu.Lock()
		n := len(batch)
		if !forced {
			n = q.roomLocked(in, batch)
		}
		for i := range batch[:n] {
			in.bytes += batch[i].size()
		}
		in.msgs.push(batch[:n])
		batch = batch[n:]
		in.blocked = len(batch) > 0
		if !in.ready && in.msgs.n > 0 {
			q.appendLocked(in)
		}
		wake := q.waiting > 0
		q.mu.Unlock()
		if wake {
			signal(q.wake)
		}
		if len(batch) > 0 {
			select {
			case <-in.room:
			case <-p.Done():
				forced = true
			case <-q.s.ctx.Done():
				return false
			}
		}
	}
	return !forced
}

// roomLocked is how many of a batch may enter an inbox before it has reached its
// high-water mark in messages or its share in bytes. An empty one takes one always.
func (q *fairQueue) roomLocked(in *inbox, batch []Received) (n int) {
	count, bytes, share := in.msgs.n, in.bytes, q.shareLocked()
	for n < len(batch) && (count == 0 || count < q.s.o.RecvHWM && bytes < share) {
		bytes += batch[n].size()
		count++
		n++
	}
	return n
}

// shareLocked is how many bytes one inbox may hold.
func (q *fairQueue) shareLocked() int {
	return min(q.s.o.RecvBytes, recvBytesAll/max(q.inboxes, 1))
}

// recv returns the next message in turn. What was received before Close can
// still be taken after it; then the error is ErrClosed.
func (q *fairQueue) recv(ctx context.Context) ([][]byte, error) {
	m, err := q.take(ctx)
	if err != nil {
		return nil, err
	}
	return m.split(), nil
}

// take is recv of a message as it lies in the queue.
func (q *fairQueue) take(ctx context.Context) (m Received, err error) {
	for {
		q.mu.Lock()
		m, ok := q.popLocked()
		again := q.head != nil && q.waiting > 0
		if !ok {
			q.waiting++
		}
		q.mu.Unlock()
		if again {
			signal(q.wake)
		}
		if ok {
			return m, nil
		}
		select {
		case <-q.wake:
		case <-ctx.Done():
			err = ctx.Err()
		case <-q.s.ctx.Done():
			err = ErrClosed
		}
		q.mu.Lock()
		q.waiting--
		if err != nil { // what came at the same time is not left behind
			if m, ok = q.popLocked(); ok {
				err = nil
			}
		}
		q.mu.Unlock()
		if ok || err != nil {
			return m, err
		}
	}
}

// popLocked takes one message from the inbox whose turn it is, and puts the
// inbox behind the others.
func (q *fairQueue) popLocked() (m Received, ok bool) {
	in := q.head
	if in == nil {
		return m, false
	}
	if q.head = in.next; q.head == nil {
		q.tail = nil
	}
	in.next, in.ready = nil, false
	m = in.msgs.pop()
	size := m.size()
	in.bytes -= size
	if in.gone {
		q.orphanBytes -= size
	}
	if in.msgs.n > 0 {
		q.appendLocked(in)
	} else if in.gone {
		q.inboxes--
	}
	// Half empty before the reader goes on: otherwise it would be woken for
	// every single message.
	if in.blocked && in.msgs.n <= q.s.o.RecvHWM/2 && in.bytes <= q.shareLocked()/2 {
		in.blocked = false
		signal(in.room)
	}
	return m, true
}

func (q *fairQueue) appendLocked(in *inbox) {
	in.ready = true
	if q.tail == nil {
		q.head = in
	} else {
		q.tail.next = in
	}
	q.tail = in
}

// leave is called when a peer is gone. What it sent before is still received,
// within orphanBytesAll.
func (q *fairQueue) leave(in *inbox) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if in.msgs.n == 0 {
		q.inboxes--
		return
	}
	in.gone = true
	if q.orphanBytes+in.bytes <= orphanBytesAll {
		q.orphanBytes += in.bytes
		return
	}
	q.s.count.droppedGone.Add(uint64(in.msgs.n))
	q.removeLocked(in)
	in.msgs, in.bytes = backlog{}, 0
	q.inboxes--
}

// removeLocked takes an inbox out of the list of turns.
func (q *fairQueue) removeLocked(in *inbox) {
	var before *inbox
	for at := q.head; at != nil; before, at = at, at.next {
		if at != in {
			continue
		}
		if before == nil {
			q.head = in.next
		} else {
			before.next = in.next
		}
		if q.tail == in {
			q.tail = before
		}
		in.next, in.ready = nil, false
		return
	}
}

// signal leaves a token unless there is one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
