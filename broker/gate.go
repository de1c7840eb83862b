package broker

import (
	"errors"
	"fmt"
	"time"

	"github.com/zrpc-go/zrpc/internal/fair"
	"github.com/zrpc-go/zrpc/internal/zmtp"
)

// gate lets calls of one client wait while answers enough to keep its connection
// busy are being made or wait to be read. All clients of a worker share its
// connection: without this, one that asks for much and reads nothing has the
// worker's CPU, that connection and our memory filled with what nobody wants, and
// the others' answers come behind it. What waits here takes nobody's place in the
// queue for a worker.
//
// The broker's mu guards it.
type gate struct {
	window   fair.Window
	waiting  turn
	bytes    int  // of the requests of what waits
	awaiting bool // somebody waits for the client to read
	answered int  // bytes that workers answered it lately: see forgets
	starved  int  // looks at which they were busy with others
	unread   int  // at the last look

	written uint64 // by its connection, at the last look; it counts whole batches
	still   int    // looks at which there was no more
	mark    uint64 // when all was written that waited at one of the looks
	came    int64  // bytes that workers answered it since that one
}

// answeredLocked notes the answer of ch, or the first item of one, of n bytes, and
// lets further calls of the client go on in its place.
func (b *Broker) answeredLocked(ch *channel, n int) {
	c := ch.client
	b.answered += n
	c.gate.answered += n
	c.gate.came += int64(n)
	ch.leftLocked()
	if c.gate.waiting.first != nil {
		b.letThroughLocked(c, c.unread())
	}
}

// leftLocked ends what ch counts in its client's window: its answer, as far as there
// is one, is among what the client has to read.
func (ch *channel) leftLocked() {
	if ch.passed {
		ch.passed = false
		ch.client.gate.window.End(ch.answers)
	}
}

// lookLocked adapts the window of c, and returns how many bytes of answers count as
// unread; all is what workers answered everybody lately. While they are busy with
// large answers to others, calls of this client wait for their turn there, and more of
// them would only wait as well. It may also be that its calls are slow, so that is not
// believed for ever.
//
// If c has read all that waited at an earlier look, what its streams have brought since
// does not count: of them there may always be more, and its calls would wait for ever.
func (c *client) lookLocked(all int) (unread int) {
	g := &c.gate
	starved := all-g.answered >= fair.Least
	if starved {
		g.starved++
		starved = g.starved%starvedLooks != 0
	}
	unread = c.unread()
	written := c.peer.Written()
	if g.still++; written > g.written {
		g.written, g.still = written, 0
	}
	reads, caught := g.still < starvedLooks, written >= g.mark
	if caught {
		g.mark = written + uint64(unread)
		unread, g.came = int(min(int64(unread), g.came)), 0
	}
	if unread > fair.Least && unread >= g.unread && (caught || !reads) {
		g.window.Shut() // it does not read
	} else {
		g.window.Look(unread, reads && !caught, starved || unread > fair.Least/2)
	}
	g.unread = unread
	g.answered /= forgets
	return unread
}

// unread is how many bytes of answers wait for c to read them.
func (c *client) unread() int {
	_, n := c.peer.Queued()
	return n
}

// mayPassLocked says whether a call of c to r goes on to a worker at once; if it
// has to wait, and size bytes of it are too much to keep, it says why it cannot.
func (b *Broker) mayPassLocked(c *client, r *route, size int) (pass bool, f *failure) {
	g, unread := &c.gate, c.unread()
	switch {
	case !r.known:
		return true, nil // it is the queue where a worker that comes finds it
	case r.answers.Expect() < copyMax && unread < 2*fair.Least:
		return true, nil // what answers little does not wait for what answers much
	case g.waiting.first == nil && g.window.Fits(r.answers.Expect(), unread):
		return true, nil
	case g.bytes+size <= holdOne && b.heldSize+size <= holdBytes:
		return false, nil
	case unread < fair.Least:
		return true, nil // it reads; rather more than its share than none
	}
	return false, &failure{errBusy, fmt.Sprintf("%d bytes of answers wait for this client to read them; its further calls have to wait, and are too many to be kept", unread)}
}

// passedLocked counts a call that the gate let through.
func (ch *channel) passedLocked() {
	ch.passed, ch.answers = true, ch.route.answers.Expect()
	ch.client.gate.window.Begin(ch.answers)
}

// holdLocked has a call wait at its client's gate.
func (b *Broker) holdLocked(ch *channel) {
	ch.state, ch.shared, ch.held = queued, true, true
	ch.beat = b.tick + ticksPerBeat
	c, size := ch.client, ch.req.size()
	ch.route.held++
	b.held++
	b.heldSize += size
	c.gate.bytes += size
	c.gate.waiting.push(ch)
	if len(b.gated) == 0 {
		b.answered = 0
	}
	if !b.looking && !b.closed {
		b.looking = true
		time.AfterFunc(gateLook, b.lookAtGates)
	}
	if _, was := b.gated[c]; !was {
		b.gated[c], c.gate.answered = struct{}{}, 0
		c.gate.mark, c.gate.came = c.peer.Written()+uint64(c.unread()), 0
	}
	b.awaitReadLocked(c)
}

// unheldLocked undoes the counts of holdLocked.
func (b *Broker) unheldLocked(ch *channel) {
	size := ch.req.size()
	ch.held = false
	ch.route.held--
	b.held--
	b.heldSize -= size
	ch.client.gate.bytes -= size
}

// letThroughLocked passes on what waits at c's gate, as far as that is open now, when
// c has unread bytes of answers to read.
func (b *Broker) letThroughLocked(c *client, unread int) {
	g := &c.gate
	for ch := g.waiting.peek(); ch != nil; ch = g.waiting.peek() {
		r := ch.route
		if !g.window.Fits(r.answers.Expect(), unread) {
			b.awaitReadLocked(c)
			return
		}
		w := b.pickLocked(r)
		if w == nil {
			if f := b.mayWaitLocked(r, ch.req.size()); f != nil {
				b.failLocked(ch, *f)
				continue
			}
		}
		g.waiting.pop()
		b.unheldLocked(ch)
		ch.passedLocked()
		if w == nil {
			b.enqueueLocked(ch)
			continue
		}
		ch.shorten(b.clock())
		if !b.sendLocked(ch, w) {
			b.failLocked(ch, failure{errBusy, fullText})
		}
	}
	delete(b.gated, c)
}

// awaitReadLocked sees to it that the gate is looked at when c has read half of
// what waits for it.
func (b *Broker) awaitReadLocked(c *client) {
	n := c.unread()
	if n == 0 || c.gate.awaiting || b.closed {
		return
	}
	c.gate.awaiting = true
	b.ticking.Go(func() {
		err := c.peer.WaitQueued(n / 2)
		b.mu.Lock()
		defer b.mu.Unlock()
		c.gate.awaiting = false
		if err == nil {
			b.letThroughLocked(c, c.unread())
		}
	})
}

// lookAtGates adapts the windows of the clients whose calls wait, while there are
// any.
func (b *Broker) lookAtGates() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for c := range b.gated {
		c.gate.waiting.sweep()
		b.letThroughLocked(c, c.lookLocked(b.answered))
	}
	b.answered /= forgets
	if b.looking = len(b.gated) > 0 && !b.closed; b.looking {
		time.AfterFunc(gateLook, b.lookAtGates)
	}
}

// noteStall tells of a client that was disconnected because it read nothing.
func (b *Broker) noteStall(c *client) {
	if err := c.peer.Err(); errors.Is(err, zmtp.ErrStalled) {
		b.log.Warn("client does not read its answers, its connection is closed", "addr", c.peer.RemoteAddr(), "cause", err)
	}
}
