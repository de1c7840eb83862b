package broker

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// metricBounds are the upper bounds of the latency histogram that Prometheus
// gets. Its own buckets are finer; more of them would cost a series each.
var metricBounds = []time.Duration{
	64 * time.Microsecond, 256 * time.Microsecond, 1024 * time.Microsecond, 4096 * time.Microsecond,
	16384 * time.Microsecond, 65536 * time.Microsecond, 262144 * time.Microsecond, 1048576 * time.Microsecond,
	4194304 * time.Microsecond, 16777216 * time.Microsecond, 67108864 * time.Microsecond,
}

// WriteMetrics writes the broker's figures in Prometheus' text format, version
// 0.0.4. Series are named zrpc_broker_…; labels are method, service and worker.
func (b *Broker) WriteMetrics(to io.Writer) error {
	w := &metrics{w: bufio.NewWriter(to)}
	s := b.Status()
	w.gauge("clients", "Present connections of clients.", float64(s.Clients))
	w.gauge("workers", "Present workers that take calls.", float64(joinedOf(s)))
	w.gauge("running", "Open calls that a worker has.", float64(s.Running))
	w.gauge("queued", "Open calls that wait for a worker.", float64(s.Queued))
	w.gauge("held", "Open calls that wait until their client has read more answers.", float64(s.Held))
	w.counter("calls_total", "Calls taken on.", s.Calls)
	w.counter("moved_total", "Times that a call was sent to another worker.", s.Moved)
	w.counter("lost_total", "Calls that failed with their worker.", s.Lost)
	w.counter("abandoned_total", "Calls whose caller went or gave up.", s.Abandoned)
	w.counter("idle_total", "Calls ended because both ends fell silent.", s.Idle)
	w.counter("worker_queue_full_total", "Times that the queue to a worker was full.", s.FullWorker)
	w.counter("client_queue_full_total", "Times that the queue to a caller was full.", s.FullClient)
	w.counter("malformed_total", "Events that could not be read.", s.Malformed)
	w.head("errors_total", "counter", "Errors that the broker answered itself.")
	for _, name := range slices.Sorted(maps.Keys(s.Errors)) {
		w.sample("errors_total", labels("error", name), float64(s.Errors[name]))
	}
	w.head("worker_running", "gauge", "Open calls of a worker.")
	for _, x := range s.Workers {
		w.sample("worker_running", x.labels(), float64(x.Running))
	}
	w.head("worker_calls_total", "counter", "Calls sent to a worker.")
	for _, x := range s.Workers {
		w.sample("worker_calls_total", x.labels(), float64(x.Calls))
	}
	w.head("method_errors_total", "counter", "Calls that ended with the method's own error.")
	for _, x := range s.Methods {
		w.sample("method_errors_total", labels("method", x.Name), float64(x.Errors))
	}
	w.head("call_duration_seconds", "histogram", "Time from the arrival of a request to the end of its answer.")
	b.mu.Lock()
	stats := make(map[string]methodStats, len(b.pool.stats))
	for name, m := range b.pool.stats {
		stats[name] = *m
	}
	b.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(stats)) {
		m := stats[name]
		w.histogram(name, &m)
	}
	if w.err == nil {
		w.err = w.w.Flush()
	}
	return w.err
}

// joinedOf counts the workers that take calls.
func joinedOf(s Status) (n int) {
	for _, w := range s.Workers {
		if w.State == workerStates[joined] {
			n++
		}
	}
	return n
}

func (w WorkerStatus) labels() string {
	return labels("worker", fmt.Sprint(w.ID), "service", w.Service, "addr", w.Addr)
}

// metrics writes samples until an error.
type metrics struct {
	w   *bufio.Writer
	err error
}

func (m *metrics) printf(format string, a ...any) {
	if m.err == nil {
		_, m.err = fmt.Fprintf(m.w, format, a...)
	}
}

func (m *metrics) head(name, typ, help string) {
	m.printf("# HELP zrpc_broker_%s %s\n# TYPE zrpc_broker_%s %s\n", name, help, name, typ)
}

func (m *metrics) sample(name, labels string, v float64) {
	m.printf("zrpc_broker_%s%s %g\n", name, labels, v)
}

func (m *metrics) gauge(name, help string, v float64) {
	m.head(name, "gauge", help)
	m.sample(name, "", v)
}

func (m *metrics) counter(name, help string, v uint64) {
	m.head(name, "counter", help)
	m.printf("zrpc_broker_%s %d\n", name, v)
}

// histogram writes one method's latencies. The buckets of histogram end at
// powers of two as well, so no count is split.
func (m *metrics) histogram(method string, s *methodStats) {
	var below uint64
	i := 0
	for _, limit := range metricBounds {
		for ; i < len(s.all) && bound(i) <= limit; i++ {
			below += s.all[i]
		}
		m.printf("zrpc_broker_call_duration_seconds_bucket%s %d\n",
			labels("method", method, "le", fmt.Sprint(limit.Seconds())), below)
	}
	for ; i < len(s.all); i++ {
		below += s.all[i]
	}
	m.printf("zrpc_broker_call_duration_seconds_bucket%s %d\n", labels("method", method, "le", "+Inf"), below)
	m.sample("call_duration_seconds_sum", labels("method", method), s.total.Seconds())
	m.printf("zrpc_broker_call_duration_seconds_count%s %d\n", labels("method", method), below)
}

// escape makes a label's value of any text; methods are named by workers.
var escape = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// labels writes pairs of names and values as {name="value",…}.
func labels(pairs ...string) string {
	var b strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		b.WriteByte("{,"[min(i, 1)])
		fmt.Fprintf(&b, `%s="%s"`, pairs[i], escape.Replace(strings.ToValidUTF8(pairs[i+1], "?")))
	}
	b.WriteByte('}')
	return b.String()
}
