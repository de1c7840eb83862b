package broker

import (
	"fmt"
	"time"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/zmtp"
)

// queue is the calls of one route that wait for a worker: a list for each
// client, and the clients take turns, so that one with a thousand calls does
// not keep another's one waiting. A call that has ended meanwhile stays in its
// list until it is passed.
type queue struct {
	turns  []*turn // the next first
	ofwhom map[*client]*turn
}

// turn is the waiting calls of one client.
type turn struct {
	c           *client
	first, last *channel
}

// push adds a call behind the others.
func (t *turn) push(ch *channel) {
	if t.first == nil {
		t.first = ch
	} else {
		t.last.next = ch
	}
	t.last = ch
}

// peek returns the next call, nil if none waits.
func (t *turn) peek() *channel {
	for t.first != nil && t.first.state != queued {
		t.first, t.first.next = t.first.next, nil
	}
	return t.first
}

// pop takes out what peek returned.
func (t *turn) pop() {
	ch := t.first
	t.first, ch.next = ch.next, nil
}

// sweep takes ended calls out, wherever they are.
func (t *turn) sweep() {
	var kept turn
	for ch := t.first; ch != nil; {
		next := ch.next
		ch.next = nil
		if ch.state == queued {
			kept.push(ch)
		}
		ch = next
	}
	t.first, t.last = kept.first, kept.last
}

// push adds a call; front: before the others of its client, whose turn is next.
func (q *queue) push(ch *channel, front bool) {
	t := q.ofwhom[ch.client]
	switch {
	case t == nil:
		if q.ofwhom == nil {
			q.ofwhom = map[*client]*turn{}
		}
		t = &turn{ch.client, ch, ch}
		q.ofwhom[ch.client] = t
		if front {
			q.turns = append([]*turn{t}, q.turns...)
		} else {
			q.turns = append(q.turns, t)
		}
	case front:
		ch.next, t.first = t.first, ch
	default:
		t.push(ch)
	}
}

// peek returns the next call, nil if none waits.
func (q *queue) peek() *channel {
	for len(q.turns) > 0 {
		t := q.turns[0]
		if ch := t.peek(); ch != nil {
			return ch
		}
		q.turns = q.turns[1:]
		delete(q.ofwhom, t.c)
	}
	q.turns = nil
	return nil
}

// pop takes out what peek returned, and makes it another client's turn.
func (q *queue) pop() {
	t := q.turns[0]
	t.pop()
	q.turns = q.turns[1:]
	if t.first == nil {
		delete(q.ofwhom, t.c)
	} else {
		q.turns = append(q.turns, t)
	}
}

// sweep takes ended calls out, wherever they are.
func (q *queue) sweep() {
	kept := q.turns[:0]
	for _, t := range q.turns {
		if t.sweep(); t.first != nil {
			kept = append(kept, t)
		} else {
			delete(q.ofwhom, t.c)
		}
	}
	clear(q.turns[len(kept):])
	q.turns = kept
}

// mayWaitLocked says why a call of r may not wait, nil if it may.
func (b *Broker) mayWaitLocked(r *route, size int) *failure {
	if b.queued >= b.o.Queue || b.waitSize+size > queueBytes && b.queued > 0 {
		text := fmt.Sprintf("no worker is free for %s and %d calls wait already; try again later", r.name, b.queued)
		return &failure{errBusy, text}
	}
	return nil
}

// enqueueLocked lets a call wait for a worker.
func (b *Broker) enqueueLocked(ch *channel) { b.waitLocked(ch, false) }

// requeueLocked lets a call that was sent once already wait, before the others.
func (b *Broker) requeueLocked(ch *channel) { b.waitLocked(ch, true) }

func (b *Broker) waitLocked(ch *channel, front bool) {
	ch.state, ch.shared = queued, true
	ch.beat = b.tick + ticksPerBeat
	ch.until = b.patienceLocked(ch.route)
	b.queued++
	b.waitSize += ch.req.size()
	r := ch.route
	r.queue.push(ch, front)
	if !r.waits {
		r.waits = true
		b.waiting = append(b.waiting, r)
	}
}

// unqueuedLocked undoes the counts of waitLocked.
func (b *Broker) unqueuedLocked(ch *channel) {
	b.queued--
	b.waitSize -= ch.req.size()
}

// dispatchLocked gives waiting calls to workers that have room, one of each
// route at a time. It is called whenever a worker may have got room.
func (b *Broker) dispatchLocked() {
	for progress := true; progress && len(b.waiting) > 0; {
		progress = false
		kept := b.waiting[:0]
		for _, r := range b.waiting {
			ch := r.queue.peek()
			if ch == nil {
				r.waits = false
				continue
			}
			kept = append(kept, r)
			w := b.pickLocked(r)
			if w == nil {
				continue
			}
			r.queue.pop()
			b.unqueuedLocked(ch)
			ch.shorten(b.clock())
			progress = true
			if !b.sendLocked(ch, w) {
				// Its queue is full. The call is lost rather than tried in a loop.
				b.failLocked(ch, failure{errBusy, fullText})
			}
		}
		clear(b.waiting[len(kept):])
		b.waiting = kept
	}
	if n := len(b.waiting); n > 1 { // the routes take turns as well
		first := b.waiting[0]
		copy(b.waiting, b.waiting[1:])
		b.waiting[n-1] = first
	}
}

// onTickQueuedLocked looks after a call in the queue: the broker is the other
// end of its channel until a worker is. It beats, and gives up a caller whose
// heartbeats have stopped.
func (b *Broker) onTickQueuedLocked(ch *channel, now time.Duration) {
	r := ch.route
	switch {
	case ch.deadline != 0 && now > ch.deadline:
		b.failLocked(ch, failure{errTimeout, fmt.Sprintf("the deadline passed while %s waited for a worker; it has not run", r.name)})
	case ch.until != 0 && int32(b.tick-ch.until) >= 0 && !r.staffed():
		b.failLocked(ch, b.pool.missing(r))
	case b.tick-ch.pulse.last > max(idleBeats*ticksPerBeat, idleBeats*ch.pulse.gap) && ch.version >= 2:
		b.failLocked(ch, failure{errLost, "the caller's heartbeats stopped while the call waited for a worker; it has not run"})
	default:
		b.beatLocked(ch)
	}
}

// beatLocked sends the caller a heartbeat in place of a worker's, if one is due.
func (b *Broker) beatLocked(ch *channel) {
	if int32(b.tick-ch.beat) < 0 {
		return
	}
	ch.beat = b.tick + ticksPerBeat
	body := event.AppendInt(event.AppendArrayHeader(b.appendEvent(nil, ch.id, event.NameBeat), 1), 0)
	ch.client.peer.TrySend(ch.envelope, body, zmtp.Async)
}
