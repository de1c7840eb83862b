package broker

import (
	"bytes"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/zmtp"
)

// A zrpc worker that shuts down answers new requests with ERR ServerStopping
// and runs the rest to its end. Such a request has not run and goes to another
// worker. But an error of that name may also come from a method, which passes on
// what another service told it; then the call did run. So the worker is asked:
// one that stops refuses _zerorpc_ping as well, which no method answers.

// seemsStopping says whether an ERR reads like the refusal of a worker that
// shuts down.
func (w *worker) seemsStopping(args []byte) bool { return errorName(args) == errStopping }

// refusedLocked moves a call that w seems to have refused to another worker,
// once it is sure that w is shutting down.
func (w *worker) refusedLocked(ch *channel, m *zmtp.Message, h *head) {
	b := w.b
	f := failure{errStopping, "the worker is shutting down and no other one has " + ch.route.name + "; the call has not run"}
	ch.refused, ch.shared = true, true
	if w.state == draining {
		b.moveLocked(ch, f)
		return
	}
	answer := h.appendEdited(nil, m.Body, edit{h.response, ch.id})
	answer = append(answer, m.Body[h.args:]...)
	b.callLocked(w, "_zerorpc_ping", nil, func(r reply) {
		b.mu.Lock()
		defer b.mu.Unlock()
		if ch.state != running || ch.worker != w {
			return // w is gone, or the caller
		}
		if r.err == errStopping {
			b.drainLocked(w)
			b.moveLocked(ch, f)
			return
		}
		// It was the method's own error.
		orphan := ch.orphan
		b.endLocked(ch, w, event.RoleErr)
		if !orphan {
			ch.client.peer.TrySend(ch.envelope, answer, zmtp.Async)
		}
	})
}

// drainLocked takes a worker that is shutting down out of the choice.
func (b *Broker) drainLocked(w *worker) {
	if w.state == joined {
		w.state = draining
		b.pool.inspected = nil
		for _, r := range w.routes {
			b.understaffedLocked(r)
		}
		b.log.Info("worker is shutting down", "worker", w.id, "service", w.service, "running", w.running)
	}
}

// callLocked makes a call of the broker's own. args is the encoded argument
// array, nil for none. done is called once, without the lock, unless w is gone
// already.
func (b *Broker) callLocked(w *worker, method string, args []byte, done func(reply)) {
	if w.state == gone {
		return
	}
	if args == nil {
		args = []byte{0x90}
	}
	ch := &channel{own: done, worker: w, state: running}
	b.openLocked(ch)
	id := b.ids.Encode(ch.number)
	body := event.AppendHead(nil, &event.Head{ID: id[2:], Name: method})
	w.peer.TrySend(delimiter, append(body, args...), zmtp.Async)
}

// equalOffers compares two offers, so that a repeated inspection changes
// nothing if nothing has changed.
func equalOffers(a, b map[string]event.Raw) bool {
	if len(a) != len(b) {
		return false
	}
	for name, x := range a {
		if y, ok := b[name]; !ok || !bytes.Equal(x, y) {
			return false
		}
	}
	return true
}
