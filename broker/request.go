package broker

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/zmtp"
)

// delimiter is the empty frame between zerorpc's envelope and the event.
var delimiter = []byte{1, 0}

// noWait is a context that has ended: zmtp's senders then try, and never wait.
var noWait = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// request is the event that opens a channel, as the worker gets it. It is kept
// until the worker shows that it runs the call, so that it can go to another
// one. The zero value is a request that is not kept.
type request struct {
	head, tail []byte
	owner      *shared // of tail's memory; nil: there is no tail
}

// shared is a connection's buffer that several hold.
type shared struct {
	buf  []byte
	refs atomic.Int32
}

func (s *shared) release() {
	if s.refs.Add(-1) == 0 {
		zmtp.Recycle(s.buf)
	}
}

func (r *request) size() int  { return len(r.head) + len(r.tail) }
func (r *request) kept() bool { return r.head != nil }

// send queues the request for a worker, or reports that its queue is full or
// closed. It never waits.
func (r *request) send(to *zmtp.Conn, f zmtp.Flush) bool {
	if r.owner == nil {
		return to.TrySend(delimiter, r.head, f)
	}
	r.owner.refs.Add(1)
	return to.SendOwned(noWait, delimiter, r.head, r.tail, r.owner.release, f) == nil
}

// drop forgets the request.
func (r *request) drop() {
	if r.owner != nil {
		r.owner.release()
	}
	*r = request{}
}

// build makes the request of ch from its opening event in m, with the edits
// made. A large event's buffer is taken over from m; a small one is copied to
// buf, which has room for it.
func (ch *channel) build(buf []byte, m *zmtp.Message, h *head, edits ...edit) {
	body := m.Body
	r := &ch.req
	r.head = h.appendEdited(buf, body, edits...)
	if !m.Owned || len(body)-h.args < copyMax {
		r.head = append(r.head, body[h.args:]...)
		return
	}
	r.tail, r.owner = body[h.args:], &shared{buf: m.Buffer}
	r.owner.refs.Store(1)
	m.Owned = false
}

// shorten takes the time that ch has waited off the deadline in its request.
func (ch *channel) shorten(now time.Duration) {
	if ch.deadline == 0 {
		return
	}
	left := max(0, (ch.deadline - now).Milliseconds())
	ch.req.change(func(h *head) edit { return edit{h.deadline, event.AppendInt(nil, left)} })
}

// change makes one edit in the head of the request.
func (r *request) change(what func(*head) edit) {
	var h head
	_ = h.scan(r.head) // it was read before; at most the args are elsewhere
	e := what(&h)
	old := r.head
	b := make([]byte, 0, len(old)+len(e.with))
	b = append(append(b, old[:e.at.from]...), e.with...)
	r.head = append(b, old[e.at.to:]...)
}
