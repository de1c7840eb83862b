package broker

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Status is what a broker does at the moment, and has done. It is also the
// answer of the method _broker_status. Durations are in seconds, counts since
// the broker was made.
type Status struct {
	Name      string   `msgpack:"name" json:"name"`
	Uptime    float64  `msgpack:"uptime" json:"uptime"`
	Heartbeat float64  `msgpack:"heartbeat" json:"heartbeat"`
	Balance   string   `msgpack:"balance" json:"balance"`
	Stopping  bool     `msgpack:"stopping" json:"stopping"`
	Frontend  []string `msgpack:"frontend" json:"frontend"` // bound endpoints
	Backend   []string `msgpack:"backend" json:"backend"`

	Clients  int `msgpack:"clients" json:"clients"`   // present connections
	Channels int `msgpack:"channels" json:"channels"` // open calls of clients
	Running  int `msgpack:"running" json:"running"`   // of those: with a worker
	Queued   int `msgpack:"queued" json:"queued"`     // of those: waiting for one
	Held     int `msgpack:"held" json:"held"`         // of those: waiting until their client has read more answers

	Workers  []WorkerStatus  `msgpack:"workers" json:"workers"`
	Services []ServiceStatus `msgpack:"services" json:"services"`
	Methods  []MethodStatus  `msgpack:"methods" json:"methods"`

	Calls      uint64            `msgpack:"calls" json:"calls"`             // taken on
	Moved      uint64            `msgpack:"moved" json:"moved"`             // times a call was sent to another worker
	Lost       uint64            `msgpack:"lost" json:"lost"`               // calls that failed with their worker
	Abandoned  uint64            `msgpack:"abandoned" json:"abandoned"`     // calls whose caller went or gave up
	Idle       uint64            `msgpack:"idle" json:"idle"`               // calls ended because both ends fell silent
	FullWorker uint64            `msgpack:"full_worker" json:"full_worker"` // times a worker's queue was full
	FullClient uint64            `msgpack:"full_client" json:"full_client"` // times a caller's queue was full
	Malformed  uint64            `msgpack:"malformed" json:"malformed"`     // events that could not be read
	Stray      uint64            `msgpack:"stray" json:"stray"`             // clients' events of no open call
	Late       uint64            `msgpack:"late" json:"late"`               // workers' events of no open call
	Errors     map[string]uint64 `msgpack:"errors" json:"errors"`           // errors that the broker answered itself, by name
}

// WorkerStatus is one worker. Silent is for how long it has not sent a byte.
type WorkerStatus struct {
	ID      uint64  `msgpack:"id" json:"id"`
	Addr    string  `msgpack:"addr" json:"addr"`
	Service string  `msgpack:"service" json:"service"`
	State   string  `msgpack:"state" json:"state"` // coming, joined, slow (owes an answer to a ping) or draining
	Uptime  float64 `msgpack:"uptime" json:"uptime"`
	Silent  float64 `msgpack:"silent" json:"silent"`
	Running int     `msgpack:"running" json:"running"`
	Calls   uint64  `msgpack:"calls" json:"calls"`
	Done    uint64  `msgpack:"done" json:"done"`
	Failed  uint64  `msgpack:"failed" json:"failed"`
	Methods int     `msgpack:"methods" json:"methods"`
}

// ServiceStatus is one service: workers of one name.
type ServiceStatus struct {
	Name    string `msgpack:"name" json:"name"`
	Workers int    `msgpack:"workers" json:"workers"`
	Methods int    `msgpack:"methods" json:"methods"`
	Running int    `msgpack:"running" json:"running"`
}

// MethodStatus is one method of all services that have it. The latencies, of
// the last minute or two, are from the request's arrival to its last event's.
type MethodStatus struct {
	Name    string  `msgpack:"name" json:"name"`
	Workers int     `msgpack:"workers" json:"workers"`
	Calls   uint64  `msgpack:"calls" json:"calls"`
	Done    uint64  `msgpack:"done" json:"done"`
	Errors  uint64  `msgpack:"errors" json:"errors"` // answered with the method's own error
	Failed  uint64  `msgpack:"failed" json:"failed"` // answered by the broker
	Rate    float64 `msgpack:"rate" json:"rate"`     // calls a second over the last 10 s
	P50     float64 `msgpack:"p50" json:"p50"`
	P90     float64 `msgpack:"p90" json:"p90"`
	P99     float64 `msgpack:"p99" json:"p99"`
}

// Status returns the present state. What it says of each method is of a moment of its
// own: thousands of them looked at in one would keep all calls waiting for milliseconds.
func (b *Broker) Status() Status {
	s, methods := b.overview()
	slices.Sort(methods)
	for _, name := range methods {
		b.mu.Lock()
		if m := b.pool.stats[name]; m != nil {
			s.Methods = append(s.Methods, m.status(name, b.pool.routes[name]))
		}
		b.mu.Unlock()
	}
	return s
}

// overview returns the state without the methods, and the names of those.
func (b *Broker) overview() (s Status, methods []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.clock()
	c, p := &b.count, &b.pool
	s = Status{
		Name: p.name(b.o.Name), Heartbeat: b.o.Heartbeat.Seconds(), Balance: b.o.Balance.String(),
		Stopping: b.stopping.Load(), Frontend: slices.Clone(b.bound[0]), Backend: slices.Clone(b.bound[1]),
		Clients: len(b.clients), Channels: b.table.calls, Queued: b.queued, Held: b.held, Running: b.table.calls - b.queued - b.held,
		Calls: c.calls.Load(), Moved: c.moved.Load(), Lost: c.lost.Load(), Abandoned: c.abandoned.Load(),
		Idle: c.idle.Load(), FullWorker: c.fullWorker.Load(), FullClient: c.fullClient.Load(),
		Malformed: c.malformed.Load(), Stray: c.stray.Load(), Late: c.late.Load(),
	}
	if b.started != 0 {
		s.Uptime = (now - b.started).Seconds()
	}
	c.mu.Lock()
	s.Errors = maps.Clone(c.errors)
	c.mu.Unlock()
	services := map[string]*ServiceStatus{}
	for _, w := range p.workers {
		s.Workers = append(s.Workers, w.status(now, b.o.Heartbeat/ticksPerBeat))
		if w.state != joined && w.state != draining {
			continue
		}
		v := services[w.service]
		if v == nil {
			v = &ServiceStatus{Name: w.service}
			services[w.service] = v
		}
		v.Workers++
		v.Running += w.running
		v.Methods = max(v.Methods, len(w.offers))
	}
	for _, v := range services {
		s.Services = append(s.Services, *v)
	}
	slices.SortFunc(s.Services, func(x, y ServiceStatus) int { return cmp.Compare(x.Name, y.Name) })
	return s, slices.Collect(maps.Keys(p.stats))
}

func (w *worker) status(now, tick time.Duration) WorkerStatus {
	s := WorkerStatus{
		ID: w.id, Addr: w.peer.RemoteAddr().String(), Service: w.service, State: workerStates[w.state],
		Uptime: (now - w.since).Seconds(), Silent: (time.Duration(w.silent) * tick).Seconds(),
		Running: w.running, Calls: w.calls, Done: w.done, Failed: w.failed, Methods: len(w.offers),
	}
	if w.slow && w.state == joined {
		s.State = "slow"
	}
	return s
}

func (m *methodStats) status(name string, r *route) MethodStatus {
	s := MethodStatus{Name: name, Calls: m.calls, Done: m.done, Errors: m.errors, Failed: m.failed, Rate: m.rate}
	if r != nil {
		s.Workers = len(r.workers)
	}
	if m.done == 0 {
		return s
	}
	for _, q := range []struct {
		to *float64
		q  float64
	}{{&s.P50, 0.5}, {&s.P90, 0.9}, {&s.P99, 0.99}} {
		*q.to = quantile(&m.now, &m.last, q.q).Seconds()
	}
	return s
}
