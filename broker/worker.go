package broker

import (
	"slices"
	"time"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/socket"
	"github.com/zrpc-go/zrpc/internal/zmtp"
)

// workerState is what the broker knows of a worker.
//
//	coming ──inspected──▶ joined ──says it is stopping──▶ draining
//	   └────────────────────┴──── connection ends ────────────┴──▶ gone
type workerState uint8

const (
	coming workerState = iota
	joined
	draining // runs what it has, and gets nothing more
	gone
)

var workerStates = [...]string{"coming", "joined", "draining", "gone"}

// worker is one connection of the backend.
type worker struct {
	// set at creation
	b     *Broker
	peer  *socket.Peer
	id    uint64        // for people
	zrpc  bool          // it understands zrpc's extensions
	since time.Duration // the broker's clock

	out outbox // the reading goroutine only

	// the broker's mu guards these
	state   workerState
	service string
	offers  map[string]event.Raw
	routes  []*route
	running int    // clients' calls that it has
	silent  uint32 // ticks since it last sent a byte
	probed  uint32 // the tick of the ping that it owes an answer to; 0: none
	slow    bool   // it owes it for so long that it gets no calls
	asked   uint32 // the tick of the last inspection

	calls, done, failed uint64
}

// ready says whether w may get another call. slots is how many it may have.
func (w *worker) ready(slots int) bool {
	return w.state == joined && !w.slow && w.running < slots
}

// serveWorker reads one worker's connection until it ends.
func (b *Broker) serveWorker(p *socket.Peer) {
	if !b.awaitServe(p, b.back) {
		return
	}
	w := &worker{b: b, peer: p, out: outbox{b: b}, since: b.clock()}
	w.id = b.count.workers.Add(1)
	w.zrpc = p.PeerProperty() != ""
	b.mu.Lock()
	b.pool.workers = append(b.pool.workers, w)
	b.inspectLocked(w)
	b.mu.Unlock()
	b.log.Info("worker connected", "worker", w.id, "addr", p.RemoteAddr(), "zrpc", w.zrpc)
	b.read(p, &w.out, w.take)
	b.workerGone(w, p.Err())
}

// workerGone sees to the calls of a worker whose connection has ended.
func (b *Broker) workerGone(w *worker, cause error) {
	var own []*channel
	b.mu.Lock()
	b.leavePoolLocked(w)
	stopping := w.state == draining
	w.state = gone
	b.pool.workers = slices.DeleteFunc(b.pool.workers, func(x *worker) bool { return x == w })
	held := 0
	for ch := range b.table.all {
		switch {
		case ch.worker != w || ch.state != running:
		case ch.client == nil:
			own = append(own, ch)
			b.closeLocked(ch)
		default:
			held++
			b.lostLocked(ch, stopping)
		}
	}
	b.dispatchLocked()
	b.mu.Unlock()
	for _, ch := range own {
		ch.own(reply{})
	}
	if held > 0 && !b.stopping.Load() {
		b.log.Warn("worker lost with calls", "worker", w.id, "service", w.service, "calls", held, "cause", cause)
	} else {
		b.log.Info("worker left", "worker", w.id, "service", w.service, "cause", cause)
	}
}

// lostLocked sees to one call whose worker is gone.
func (b *Broker) lostLocked(ch *channel, stopping bool) {
	f := failure{errLost, "the worker that ran " + ch.route.name + " was lost; whether the call ended is unknown"}
	switch {
	case ch.orphan:
		b.closeLocked(ch)
	case ch.refused || ch.idempotent && ch.req.kept():
		b.moveLocked(ch, f)
	default:
		if stopping {
			f.text = "the worker that ran " + ch.route.name + " was shut down; whether the call ended is unknown"
		}
		b.count.lost.Add(1)
		b.failLocked(ch, f)
	}
}

// take handles one message of the worker.
func (w *worker) take(m *zmtp.Message) {
	b := w.b
	var h head
	if err := h.scan(m.Body); err != nil {
		b.count.malformed.Add(1)
		return
	}
	if h.response.none() && string(h.text) == event.NameBye && w.zrpc {
		w.left()
		return
	}
	n, ours := b.ids.Number(h.response.of(m.Body))
	k := event.RoleOf(h.text)
	b.mu.Lock()
	ch := b.table.get(n)
	if !ours || ch == nil || ch.worker != w || ch.state != running {
		b.mu.Unlock()
		b.count.late.Add(1) // its caller was given another answer, or went
		return
	}
	ch.pulse.last = b.tick
	if ch.client == nil {
		if ends(k) {
			b.closeLocked(ch)
			b.mu.Unlock()
			ch.own(replyOf(k, m.Body[h.args:]))
			return
		}
		b.mu.Unlock()
		return
	}
	if k == event.RoleBeat {
		ch.pulse.onBeat(b.tick)
	}
	if k == event.RoleErr && errorName(m.Body[h.args:]) == errStopping {
		if !ch.heard {
			w.refusedLocked(ch, m, &h)
			b.mu.Unlock()
			return
		}
		m = rename(m, &h)
	}
	ch.heard = true
	if ch.req.kept() && (k != event.RoleBeat || !ch.idempotent) {
		b.dropRequestLocked(ch) // it runs: no other worker may get it now
	}
	plain := k == event.RoleStream && !ch.streams && !w.zrpc && ch.client.zrpc
	ch.streams = ch.streams || plain
	orphan, mine := ch.orphan, false
	if k == event.RoleStream && ch.passed {
		ch.route.answers.Note(len(m.Body))
		b.answeredLocked(ch, len(m.Body))
	}
	if ends(k) {
		b.passing.Add(1)
		if k == event.RoleOK {
			ch.route.answers.Note(len(m.Body))
		}
		b.endLocked(ch, w, k)
		b.answeredLocked(ch, len(m.Body))
		mine = !ch.shared && ch.attempts == 1
	}
	b.mu.Unlock()
	// From here on only fields of ch that never change are read.
	id := ch.id
	if plain {
		id = markPlain(m, id)
	}
	if !orphan && !w.out.pass(ch.client.peer.Conn, ch.envelope, m, &h, h.response, id) && k != event.RoleBeat {
		b.overflow(n, &b.count.fullClient, "the queue to the caller is full")
	}
	if ends(k) {
		b.passing.Add(-1)
	}
	if mine {
		ch.recycle()
	}
}

// endLocked ends a call that its worker has answered.
func (b *Broker) endLocked(ch *channel, w *worker, k event.Role) {
	took := max(0, w.out.now-ch.began)
	w.done++
	if s := ch.route.stats; s != nil {
		s.ended(took, k == event.RoleErr)
	}
	b.closeLocked(ch)
	if len(b.waiting) > 0 {
		b.dispatchLocked()
	}
}

// replyOf is the end of one of our own calls.
func replyOf(k event.Role, args []byte) reply {
	r := reply{ok: k == event.RoleOK, args: args}
	if k == event.RoleErr {
		r.err = errorName(args)
	}
	return r
}

// errorName is the class of an ERR, "RemoteError" if it names none.
func errorName(args []byte) string {
	n, i, err := event.ArrayLen(args)
	if err == nil && n > 1 {
		if name, ok := event.Text(args[i:]); ok {
			return string(name)
		}
	}
	return errRemote
}
