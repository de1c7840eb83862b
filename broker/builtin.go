package broker

import (
	"maps"
	"slices"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/zmtp"
)

// builtin answers the calls that are the broker's own affair, and reports
// whether m was one: zerorpc's introspection, about the merged pool, and the
// service _broker_….
func (c *client) builtin(m *zmtp.Message, h *head) bool {
	if len(h.text) < 2 || h.text[0] != '_' {
		return false
	}
	switch name := string(h.text); name {
	case "_zerorpc_ping", "_zerorpc_name", "_zerorpc_list", "_zerorpc_inspect":
		c.answer(m, h, c.b.introspect(name))
	case "_zerorpc_help", "_zerorpc_args":
		c.askWorker(m, h)
	case "_broker_status":
		c.answerStatus(m, h, c.b.Status())
	case "_broker_workers":
		c.answerStatus(m, h, c.b.Status().Workers)
	case "_broker_services":
		c.answerStatus(m, h, c.b.Status().Services)
	case "_broker_methods":
		c.answerStatus(m, h, c.b.Status().Methods)
	default:
		return false
	}
	return true
}

// answer sends an OK with one encoded result.
func (c *client) answer(m *zmtp.Message, h *head, result []byte) {
	body := c.b.appendEvent(nil, h.id.of(m.Body), event.NameOK)
	body = append(event.AppendArrayHeader(body, 1), result...)
	if !c.out.send(c.peer.Conn, m.Envelope, body) {
		c.b.count.fullClient.Add(1)
	}
}

func (c *client) answerStatus(m *zmtp.Message, h *head, v any) {
	raw, err := event.AppendValue(nil, v)
	if err != nil {
		c.refuse(m, h, failure{errType, err.Error()})
		return
	}
	c.answer(m, h, raw)
}

// introspect returns the encoded answer of the merged pool.
func (b *Broker) introspect(name string) []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := &b.pool
	switch name {
	case "_zerorpc_ping":
		raw := event.AppendString(event.AppendArrayHeader(nil, 2), "pong")
		return event.AppendString(raw, p.name(b.o.Name))
	case "_zerorpc_name":
		return event.AppendString(nil, p.name(b.o.Name))
	}
	if p.inspected == nil {
		p.inspect(b.o.Name)
	}
	if name == "_zerorpc_list" {
		return p.listed
	}
	return p.inspected // replaced, as listed is, and never changed
}

// offered is what the frontend offers: each method of a worker, and where
// several services have it also "service.method" of each.
func (p *pool) offered() map[string]event.Raw {
	all := map[string]event.Raw{}
	for method, r := range p.routes {
		if len(r.workers) == 0 {
			continue
		}
		all[method] = r.workers[0].offers[method]
		for _, service := range r.clashes() {
			if q := p.qualified[service+"."+method]; q != nil && len(q.workers) > 0 {
				all[q.name] = q.workers[0].offers[method]
			}
		}
	}
	return all
}

// inspect makes the answers to _zerorpc_inspect and _zerorpc_list, once for all who
// ask: it goes through every method of every worker, and everybody waits meanwhile.
func (p *pool) inspect(own string) {
	all := p.offered()
	names := slices.Sorted(maps.Keys(all))
	list := event.AppendArrayHeader(nil, len(names))
	raw := event.AppendMapHeader(nil, 2)
	raw = event.AppendString(event.AppendString(raw, "name"), p.name(own))
	raw = event.AppendMapHeader(event.AppendString(raw, "methods"), len(all))
	for _, name := range names {
		list = event.AppendString(list, name)
		raw = append(event.AppendString(raw, name), all[name]...)
	}
	p.inspected, p.listed = raw, list
}

// askWorker passes a question about one method on to a worker that has it.
func (c *client) askWorker(m *zmtp.Message, h *head) {
	args := m.Body[h.args:]
	n, i, err := event.ArrayLen(args)
	if err != nil || n != 1 {
		c.refuse(m, h, failure{errType, string(h.text) + "() takes 1 argument, the name of a method"})
		return
	}
	method, ok := event.Text(args[i:])
	if !ok {
		c.refuse(m, h, failure{errType, string(h.text) + "(): the name of a method is a str"})
		return
	}
	b := c.b
	b.mu.Lock()
	target := b.pool.routes[string(method)]
	if target == nil {
		target = b.pool.qualified[string(method)]
	}
	if target == nil || !target.staffed() {
		b.mu.Unlock()
		c.refuse(m, h, failure{errName, string(method)})
		return
	}
	// A route of its own: the workers are the method's, the name is not.
	r := &route{name: string(h.text), method: string(h.text), known: true, workers: slices.Clone(target.workers)}
	name := target.method
	b.mu.Unlock()
	if name != string(method) {
		body := append([]byte(nil), m.Body[:h.args]...)
		body = event.AppendString(event.AppendArrayHeader(body, 1), name)
		changed := zmtp.Message{Envelope: m.Envelope, Body: body}
		c.call(&changed, h, r)
		return
	}
	c.call(m, h, r)
}
