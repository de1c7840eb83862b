package broker

import (
	"bytes"
	"fmt"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/zmtp"
)

// A zrpc worker that shuts down answers new requests with ERR ServerStopping
// and runs the rest to its end. Such a request has not run and goes to another
// worker. But an error of that name may also come from a method, which passes on
// what another service told it; then the call did run. So the worker is asked:
// one that stops refuses _zerorpc_ping as well, which no method answers.
//
// A client takes ServerStopping for the word of the other end of its connection,
// which here is the broker: it would make the call again elsewhere, and no more
// calls here. So a worker's never gets there: a refusal that cannot be mended is
// answered ServerBusy, and a method's own error is passed on as RemoteError, the
// name that a zrpc server gives it as well.

// stopText is what is said of a call that every worker refused.
const stopText = "the workers that have %s are shutting down; the call has not run, try again later"

// refusedLocked moves a call that w seems to have refused to another worker,
// once it is sure that w is shutting down.
func (w *worker) refusedLocked(ch *channel, m *zmtp.Message, h *head) {
	b := w.b
	ch.refused, ch.shared = true, true
	if w.state == draining {
		b.moveLocked(ch, b.refusalLocked(ch))
		return
	}
	answer := h.appendEdited(nil, m.Body, edit{h.response, ch.id})
	answer = appendRenamed(answer, m.Body[h.args:])
	b.callLocked(w, "_zerorpc_ping", nil, func(r reply) {
		b.mu.Lock()
		defer b.mu.Unlock()
		if ch.state != running || ch.worker != w {
			return // w is gone, or the caller
		}
		if r.err == errStopping {
			b.drainLocked(w)
			b.moveLocked(ch, b.refusalLocked(ch))
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

// refusalLocked is what a caller is told whose call was refused and cannot be moved.
func (b *Broker) refusalLocked(ch *channel) failure {
	if b.stopping.Load() {
		return failure{errStopping, stoppingText}
	}
	return failure{errBusy, fmt.Sprintf(stopText, ch.route.name)}
}

// rename gives the method's own ERR in m, with a name that is the broker's, the
// name of an error that was passed on. It had begun to run.
func rename(m *zmtp.Message, h *head) *zmtp.Message {
	body := append([]byte(nil), m.Body[:h.args]...)
	return &zmtp.Message{Envelope: m.Envelope, Body: appendRenamed(body, m.Body[h.args:])}
}

// appendRenamed appends the args of an ERR that names its error, as errorName has
// found, under the name RemoteError.
func appendRenamed(dst, args []byte) []byte {
	n, i, _ := event.ArrayLen(args)
	rest, _ := event.Skip(args, i)
	dst = event.AppendString(event.AppendArrayHeader(dst, n), errRemote)
	return append(dst, args[rest:]...)
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
