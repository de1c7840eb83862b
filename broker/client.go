package broker

import (
	"errors"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/msgid"
	"github.com/zrpc-go/zrpc/internal/socket"
	"github.com/zrpc-go/zrpc/internal/zmtp"
)

// client is one connection of the frontend.
type client struct {
	// set at creation
	b    *Broker
	peer *socket.Peer
	zrpc bool // it understands zrpc's extensions

	out outbox // the reading goroutine only

	// the broker's mu guards these
	channels msgid.Table[*channel]
	recent   msgid.Recent
	open     int
	gate     gate
}

// serveClient reads one client's connection until it ends.
func (b *Broker) serveClient(p *socket.Peer) {
	if !b.awaitServe(p, b.front) {
		return
	}
	c := &client{b: b, peer: p, zrpc: p.PeerProperty() != "", out: outbox{b: b}}
	b.mu.Lock()
	b.clients[c] = struct{}{}
	b.mu.Unlock()
	b.read(p, &c.out, c.take)
	b.noteStall(c)
	b.clientGone(c)
}

// read hands the messages of a connection to take until it ends.
func (b *Broker) read(p *socket.Peer, out *outbox, take func(*zmtp.Message)) {
	var m zmtp.Message // one for all: take makes it escape
	for {
		var ok bool
		var err error
		m, ok, err = p.Next()
		if err == nil && !ok {
			out.flush()
			if err = p.Fill(); err == nil {
				out.now = b.clock()
				out.came.Store(true)
				continue
			}
		}
		if err != nil {
			out.flush()
			return
		}
		if !m.Command {
			take(&m)
		}
		if m.Owned {
			zmtp.Recycle(m.Buffer)
		}
	}
}

// clientGone ends the channels of a client whose connection has ended. Those
// that run stay in the table until their workers notice, or have ended them.
func (b *Broker) clientGone(c *client) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.clients, c)
	delete(b.gated, c)
	for ch := range b.table.all {
		if c.open == 0 {
			break // as usual; the table may be long
		}
		if ch.client == c && !ch.orphan {
			b.abandonLocked(ch)
		}
	}
	b.dispatchLocked()
}

// abandonLocked notes that nobody waits for ch any more.
func (b *Broker) abandonLocked(ch *channel) {
	if ch.state == queued {
		b.count.abandoned.Add(1)
		b.closeLocked(ch)
		return
	}
	if ch.orphan {
		return
	}
	ch.orphan = true
	b.count.abandoned.Add(1)
	b.dropRequestLocked(ch)
	ch.pulse.last = b.tick
	ch.canceled = b.tellCancelLocked(ch)
}

// tellCancelLocked tells the worker of ch that nobody waits for it any more, and reports
// whether that is one that understands.
func (b *Broker) tellCancelLocked(ch *channel) bool {
	w := ch.worker
	if !w.zrpc {
		return false
	}
	id := b.ids.Encode(ch.number)
	w.peer.TrySend(delimiter, append(b.appendEvent(nil, id[:], event.NameCancel), 0x90), zmtp.Async)
	return true
}

// take handles one message.
func (c *client) take(m *zmtp.Message) {
	var h head
	if err := h.scan(m.Body); err != nil {
		c.b.count.malformed.Add(1)
		return
	}
	if !h.response.none() {
		c.onChannel(m, &h)
		return
	}
	k := event.RoleOf(h.text)
	if h.id.none() || k == event.RoleBeat || k == event.RoleMore || k == event.RoleCancel {
		c.b.count.stray.Add(1) // nobody to answer, or of no channel
		return
	}
	if _, err := event.Skip(m.Body, h.args); err != nil {
		c.b.count.malformed.Add(1) // what no worker could read never gets to one
		return
	}
	if h.text == nil {
		c.oddName(m, &h)
		return
	}
	if c.builtin(m, &h) {
		return
	}
	c.call(m, &h, nil)
}

// oddName answers a name that is no text, or too long, as a server does.
func (c *client) oddName(m *zmtp.Message, h *head) {
	var e event.Event
	var bad *event.NameError
	switch err := event.Parse(m.Body, &e); {
	case errors.As(err, &bad):
		c.refuse(m, h, failure{errType, bad.Error()})
	case err != nil:
		c.b.count.malformed.Add(1)
	default:
		c.refuse(m, h, failure{errName, string(e.Name)})
	}
}

// refuse answers an opening event with an error.
func (c *client) refuse(m *zmtp.Message, h *head, f failure) {
	c.b.count.refused(f.name)
	body := c.b.appendError(nil, h.id.of(m.Body), h.version, f)
	c.out.send(c.peer.Conn, m.Envelope, body)
}

// onChannel passes an event of an open channel on to its worker.
func (c *client) onChannel(m *zmtp.Message, h *head) {
	b := c.b
	id := h.response.of(m.Body)
	k := event.RoleOf(h.text)
	b.mu.Lock()
	ch := c.channels.Get(id)
	if ch == nil || ch.orphan {
		known := ch != nil || c.recent.Has(id)
		b.mu.Unlock()
		c.stray(m, h, k, known)
		return
	}
	ch.pulse.last = b.tick
	if k == event.RoleBeat {
		ch.pulse.onBeat(b.tick)
	}
	switch {
	case k == event.RoleCancel:
		c.cancelLocked(ch)
		b.mu.Unlock()
		return
	case k == event.RoleStream || k == event.RoleDone || k == event.RoleErr:
		if !b.earlyLocked(ch, m, h) {
			b.mu.Unlock()
			return
		}
	}
	if ch.state == queued { // the broker is its other end as yet
		b.mu.Unlock()
		return
	}
	w, n := ch.worker, ch.number
	b.mu.Unlock()
	own := b.ids.Encode(n)
	if !c.out.pass(w.peer.Conn, delimiter, m, h, h.response, own[:]) && k != event.RoleBeat {
		b.overflow(n, &b.count.fullWorker, "the queue to the worker is full")
	}
}

// cancelLocked ends a call whose caller says that it gave up.
func (c *client) cancelLocked(ch *channel) {
	b := c.b
	c.channels.Remove(ch.id, ch)
	c.recent.Add(ch.id)
	b.abandonLocked(ch)
}

// earlyLocked keeps an event of the caller's own stream as long as it may have
// to be sent again, or for the first time. It reports whether the channel lives.
func (b *Broker) earlyLocked(ch *channel, m *zmtp.Message, h *head) bool {
	if !ch.req.kept() {
		return true
	}
	if len(ch.early) < earlyEvents && ch.earlyBytes+len(m.Body) <= earlyBytes {
		own := b.ids.Encode(ch.number)
		body := h.appendEdited(make([]byte, 0, len(m.Body)+len(own)), m.Body, edit{h.response, own[:]})
		ch.early = append(ch.early, append(body, m.Body[h.args:]...))
		ch.earlyBytes += len(m.Body)
		return true
	}
	if ch.state == running {
		b.dropRequestLocked(ch) // it cannot be run again; that is all
		return true
	}
	b.failLocked(ch, failure{errBusy, "the call waits for a worker and its stream sent more than can be kept"})
	return false
}

// stray handles an event of a channel that is not open. A caller that beats, or
// asks for more, waits for an answer that this broker, restarted perhaps, will
// never give: it had better know now.
func (c *client) stray(m *zmtp.Message, h *head, k event.Role, known bool) {
	if known {
		return
	}
	c.b.count.stray.Add(1)
	if k == event.RoleBeat || k == event.RoleMore {
		body := c.b.appendError(nil, h.response.of(m.Body), h.version,
			failure{errLost, "no such call is open here; the broker may have been restarted"})
		c.out.send(c.peer.Conn, m.Envelope, body)
	}
}
