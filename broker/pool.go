package broker

import (
	"fmt"
	"slices"
	"strings"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/fair"
)

// pool is the workers and what they offer. The broker's mu guards it.
type pool struct {
	workers   []*worker // all connections of the backend
	joined    int       // those whose methods are known
	routes    map[string]*route
	qualified map[string]*route // by "service.method"
	services  map[string]int    // workers of each service
	stats     map[string]*methodStats
	unknown   int    // routes that nobody has offered yet
	inspected []byte // the answer to _zerorpc_inspect; nil: to be made
	listed    []byte // and to _zerorpc_list, made with it
}

// route is the workers that offer one method.
type route struct {
	name    string // for people: the method, or "service.method"
	method  string // what the workers call it
	known   bool   // a worker has offered it; else it only waits for one
	workers []*worker
	turn    uint32       // where the next choice begins
	stats   *methodStats // nil as long as it is not known
	answers fair.Size    // what its calls answer
	held    int          // calls of it that wait at their clients' gates
	queue   queue
	waits   bool   // it is in the broker's list of routes with waiting calls
	empty   uint32 // the tick at which its last worker went
}

func (p *pool) init() {
	p.routes, p.qualified = map[string]*route{}, map[string]*route{}
	p.services, p.stats = map[string]int{}, map[string]*methodStats{}
}

// staffed says whether the route has a worker that may take calls by and by.
func (r *route) staffed() bool {
	return slices.ContainsFunc(r.workers, func(w *worker) bool { return w.state == joined })
}

// resolve finds the route of a request: the service that its header names, else
// the method, else "service.method". What nobody offers may wait while workers
// are still to come.
func (p *pool) resolve(h *head, body []byte, b *Broker) (*route, *failure) {
	if service, ok := event.Text(h.service.of(body)); ok {
		name := string(service) + "." + string(h.text)
		if r := p.qualified[name]; r != nil {
			return r, nil
		}
		if p.services[string(service)] > 0 {
			return nil, &failure{errName, string(h.text)}
		}
		return b.unknownLocked(p.qualified, name, string(h.text))
	}
	if r := p.routes[string(h.text)]; r != nil {
		return r, nil
	}
	if r := p.qualified[string(h.text)]; r != nil {
		return r, nil
	}
	return b.unknownLocked(p.routes, string(h.text), string(h.text))
}

// unknownLocked makes a route for a name that nobody offers, if somebody may
// yet, so that its calls can wait.
func (b *Broker) unknownLocked(in map[string]*route, name, method string) (*route, *failure) {
	p := &b.pool
	coming := p.joined < len(p.workers) || int32(b.tick-b.settled) < 0
	if !coming && p.joined > 0 || b.o.Queue == 0 || strings.HasPrefix(method, "_") {
		return nil, &failure{errName, method}
	}
	// Before anything is made: names are the callers' to choose.
	if b.queued >= b.o.Queue || p.unknown >= b.o.Queue {
		return nil, &failure{errBusy, "no worker that has " + name + " is connected and the queue is full; try again later"}
	}
	p.unknown++
	r := &route{name: name, method: method, empty: b.tick}
	in[name] = r
	return r, nil
}

// missing is why a call of r was not served.
func (p *pool) missing(r *route) failure {
	switch {
	case r.known:
		return failure{errBusy, "no worker that has " + r.name + " is connected; try again later"}
	case p.joined > 0:
		return failure{errName, r.method}
	}
	return failure{errBusy, "no worker is connected; try again later"}
}

// patienceLocked is until which tick a call of r waits for want of a worker.
func (b *Broker) patienceLocked(r *route) uint32 {
	until := b.tick + b.o.ticks(b.o.Wait)
	if !r.known && b.pool.joined > 0 && int32(b.settled-b.tick) > 0 {
		until = b.settled
	}
	return max(until, 1)
}

// offer is what a worker says about itself.
type offer struct {
	service string
	methods map[string]event.Raw // what _zerorpc_inspect says of each
}

// joinLocked makes w take calls of what it offers.
func (b *Broker) joinLocked(w *worker, o offer) {
	p := &b.pool
	if w.state == joined {
		b.leavePoolLocked(w)
	}
	w.state, w.service, w.offers = joined, o.service, o.methods
	p.joined++
	p.services[o.service]++
	p.inspected = nil
	for method := range o.methods {
		b.addLocked(w, p.routes, method, method)
		b.addLocked(w, p.qualified, o.service+"."+method, method)
		// It may be awaited by the longer name.
		if r := p.routes[o.service+"."+method]; r != nil && !r.known {
			b.adoptLocked(r, p.qualified[o.service+"."+method])
			delete(p.routes, r.name)
			p.unknown--
		}
	}
	b.dispatchLocked()
}

// addLocked makes w a worker of one route.
func (b *Broker) addLocked(w *worker, in map[string]*route, name, method string) {
	r := in[name]
	switch {
	case r == nil:
		r = &route{name: name, method: method}
		in[name] = r
	case !r.known:
		b.pool.unknown--
	}
	r.known = true
	if r.stats == nil {
		r.stats = b.pool.statsOf(method)
	}
	r.workers = append(r.workers, w)
	w.routes = append(w.routes, r)
}

// adoptLocked moves the calls that wait at from to another route.
func (b *Broker) adoptLocked(from, to *route) {
	for ch := from.queue.peek(); ch != nil; ch = from.queue.peek() {
		from.queue.pop()
		b.unqueuedLocked(ch)
		ch.req.change(func(h *head) edit { return edit{h.name, event.AppendString(nil, to.method)} })
		ch.route = to
		b.enqueueLocked(ch)
	}
}

// leavePoolLocked takes w off its routes.
func (b *Broker) leavePoolLocked(w *worker) {
	p := &b.pool
	if w.state != joined && w.state != draining {
		return
	}
	p.joined--
	if p.services[w.service]--; p.services[w.service] == 0 {
		delete(p.services, w.service)
	}
	for _, r := range w.routes {
		r.workers = slices.DeleteFunc(r.workers, func(x *worker) bool { return x == w })
		r.empty = b.tick
		b.understaffedLocked(r)
	}
	w.routes = nil
	p.inspected = nil
}

// understaffedLocked begins the patience of the calls that wait at r, if it has
// no worker any more: until now they waited for room.
func (b *Broker) understaffedLocked(r *route) {
	if r.staffed() {
		return
	}
	for _, t := range r.queue.turns {
		for ch := t.first; ch != nil; ch = ch.next {
			ch.until = b.patienceLocked(r)
		}
	}
}

// forgetLocked drops routes that nobody offers and nobody waits for, after a
// while in which the worker may come back.
func (b *Broker) forgetLocked() {
	for _, in := range []map[string]*route{b.pool.routes, b.pool.qualified} {
		for name, r := range in {
			if len(r.workers) == 0 && r.queue.peek() == nil && !r.waits && r.held == 0 &&
				(!r.known || b.tick-r.empty > maxGapTicks) {
				delete(in, name)
				if !r.known {
					b.pool.unknown--
				}
			}
		}
	}
}

// name is the name of the pool: that of the only service, or the broker's own.
func (p *pool) name(own string) string {
	if len(p.services) == 1 {
		for name := range p.services {
			if name != "" {
				return name
			}
		}
	}
	return own
}

// clashes returns the services that offer a method, if there are several.
func (r *route) clashes() []string {
	var names []string
	for _, w := range r.workers {
		if !slices.Contains(names, w.service) {
			names = append(names, w.service)
		}
	}
	if len(names) < 2 {
		return nil
	}
	slices.Sort(names)
	return names
}

// clashText warns of methods that several services offer.
func clashText(method string, services []string) string {
	return fmt.Sprintf("the services %s all have %s: its calls go to any of them; to choose, call %s.%s or send the header key service",
		strings.Join(services, ", "), method, services[0], method)
}
