package broker

import (
	"strings"

	"github.com/zrpc-go/zrpc/event"
)

// inspectLocked asks a worker what it offers. Python 3.11 and later cannot
// answer _zerorpc_inspect, and Node nothing else; whoever answers neither that
// nor _zerorpc_list is asked again by and by, and gets no calls.
func (b *Broker) inspectLocked(w *worker) {
	w.asked = b.tick
	b.callLocked(w, "_zerorpc_inspect", nil, func(r reply) {
		if o, ok := parseOffer(r); ok {
			b.offered(w, o)
			return
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.inspectPiecesLocked(w)
	})
}

// offered takes what a worker says about itself.
func (b *Broker) offered(w *worker, o offer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if w.state == gone || w.state == draining || w.state == joined && w.service == o.service && equalOffers(w.offers, o.methods) {
		return
	}
	first := w.state != joined
	b.joinLocked(w, o)
	if first {
		b.log.Info("worker joined", "worker", w.id, "service", o.service, "methods", len(o.methods))
	}
	for method := range o.methods {
		if names := b.pool.routes[method].clashes(); names != nil && first {
			b.log.Warn(clashText(method, names))
			break // one is enough to see what is wrong
		}
	}
}

// inspectPiecesLocked asks with the calls that every Python server has: the
// name, the list, and then the documentation of each method, for which nobody
// waits.
func (b *Broker) inspectPiecesLocked(w *worker) {
	b.callLocked(w, "_zerorpc_name", nil, func(r reply) {
		name := ""
		if raw, ok := r.result(); ok {
			text, _ := event.Text(raw)
			name = string(text)
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.callLocked(w, "_zerorpc_list", nil, func(r reply) {
			names, ok := parseList(r)
			if !ok {
				b.notInspected(w)
				return
			}
			o := offer{service: name, methods: map[string]event.Raw{}}
			for _, method := range names {
				o.methods[method] = describe(nil)
			}
			b.helped(w, o, names)
		})
	})
}

// notInspected notes that a worker does not say what it offers.
func (b *Broker) notInspected(w *worker) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if w.state == coming {
		b.log.Warn("worker does not say which methods it has, it gets no calls", "worker", w.id, "addr", w.peer.RemoteAddr())
		// Sooner than the usual refresh: it may have been busy.
		w.asked = b.tick - b.o.ticks(refreshEvery) + ticksPerBeat
	}
}

// helped takes a list of methods, and asks for their documentation unless it
// is known.
func (b *Broker) helped(w *worker, o offer, names []string) {
	b.mu.Lock()
	known := w.state == joined && len(w.offers) == len(o.methods)
	for name := range o.methods {
		known = known && w.offers[name] != nil
	}
	b.mu.Unlock()
	if known {
		return
	}
	b.offered(w, o)
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, method := range names[:min(len(names), maxHelps)] {
		args := event.AppendString(event.AppendArrayHeader(nil, 1), method)
		b.callLocked(w, "_zerorpc_help", args, func(r reply) {
			raw, ok := r.result()
			if !ok {
				return
			}
			b.mu.Lock()
			defer b.mu.Unlock()
			if w.offers[method] != nil {
				w.offers[method] = describe(raw)
				b.pool.inspected = nil
			}
		})
	}
}

// describe is what _zerorpc_inspect would say of a method of which only the
// documentation is known: {"args": nil, "doc": doc}.
func describe(doc []byte) event.Raw {
	b := event.AppendMapHeader(nil, 2)
	b = event.AppendNil(event.AppendString(b, "args"))
	b = event.AppendString(b, "doc")
	if doc == nil {
		return event.AppendNil(b)
	}
	return append(b, doc...)
}

// parseList reads the answer to _zerorpc_list.
func parseList(r reply) (names []string, ok bool) {
	raw, ok := r.result()
	if !ok || event.Decode(raw, &names) != nil {
		return nil, false
	}
	names = names[:min(len(names), maxMethods)]
	return names, true
}

// parseOffer reads the answer to _zerorpc_inspect.
func parseOffer(r reply) (o offer, ok bool) {
	raw, ok := r.result()
	if !ok {
		return o, false
	}
	var answer map[string]event.Raw
	if event.Decode(raw, &answer) != nil {
		return o, false
	}
	if text, ok := event.Text(answer["name"]); ok {
		o.service = string(text)
	}
	if event.Decode(answer["methods"], &o.methods) != nil || len(o.methods) > maxMethods {
		return o, false
	}
	for name := range o.methods {
		if strings.HasPrefix(name, "_") || len(name) > event.MaxNameLen {
			delete(o.methods, name) // the built-ins are everybody's
		}
	}
	return o, true
}
