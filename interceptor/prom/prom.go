// Package prom counts calls for Prometheus, at the server or at the client:
//
//	metrics := prom.NewServer(nil)
//	prometheus.MustRegister(metrics)
//	srv := zrpc.NewServer(&zrpc.ServerOptions{Interceptors: []zrpc.Interceptor{metrics.Interceptor()}})
//	http.Handle("/metrics", promhttp.Handler())
//
// These are the metrics of a server; those of a client have client instead:
//
//	zrpc_server_calls_total{method,error}         calls that ended; error is "" or the error's name
//	zrpc_server_call_duration_seconds{method}     from the first interceptor to the end, of a stream to its last item
//	zrpc_server_calls_in_flight{method}           calls that have not ended
//	zrpc_server_items_total{method,direction}     items of streams, sent and received
//
// Names of methods and errors are bounded, since the other side chooses some of
// them: those beyond are counted as _OTHER.
package prom

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/interceptor/internal/errname"
	"github.com/zrpc-go/zrpc/interceptor/internal/table"
	"github.com/zrpc-go/zrpc/zrpc"
)

// Options configures NewServer and NewClient. nil and the zero value are the
// defaults.
type Options struct {
	// Namespace is the first word of each metric's name. Default "zrpc".
	Namespace string

	// Labels are added to every metric, for programs of several servers.
	Labels prometheus.Labels

	// Buckets are those of durations, in seconds. Default: DefaultBuckets.
	Buckets []float64

	// MaxMethods and MaxErrors bound the distinct names. Defaults 1,000 and 100.
	MaxMethods, MaxErrors int
}

// DefaultBuckets reach from a call within a machine, 100 µs, to where callers
// give up.
var DefaultBuckets = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}

const (
	defaultNamespace  = "zrpc"
	defaultMaxMethods = 1000
	defaultMaxErrors  = 100
)

// Metrics counts the calls of servers or clients. It is a prometheus.Collector,
// and may be used concurrently.
type Metrics struct {
	methods, errors *table.Names

	calls    *prometheus.CounterVec
	duration *prometheus.HistogramVec
	inFlight *prometheus.GaugeVec
	items    *prometheus.CounterVec
}

var _ prometheus.Collector = (*Metrics)(nil)

// NewServer returns the metrics of servers.
func NewServer(opt *Options) *Metrics { return newMetrics(opt, "server", "served") }

// NewClient returns the metrics of clients. Outside of package retry they count
// calls as their callers see them, inside of it each attempt.
func NewClient(opt *Options) *Metrics { return newMetrics(opt, "client", "made") }

func newMetrics(opt *Options, side, done string) *Metrics {
	var o Options
	if opt != nil {
		o = *opt
	}
	if o.Namespace == "" {
		o.Namespace = defaultNamespace
	}
	if o.Buckets == nil {
		o.Buckets = DefaultBuckets
	}
	if o.MaxMethods <= 0 {
		o.MaxMethods = defaultMaxMethods
	}
	if o.MaxErrors <= 0 {
		o.MaxErrors = defaultMaxErrors
	}
	name := func(name, help string) prometheus.Opts {
		return prometheus.Opts{Namespace: o.Namespace, Subsystem: side, Name: name, Help: help, ConstLabels: o.Labels}
	}
	durations := name("call_duration_seconds", "How long calls took, those of streams to the last item.")
	return &Metrics{
		methods: table.NewNames(o.MaxMethods),
		errors:  table.NewNames(o.MaxErrors),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts(
			name("calls_total", "Calls "+done+", by the name of the error that they ended with.")), []string{"method", "error"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: durations.Namespace, Subsystem: side, Name: durations.Name, Help: durations.Help,
			ConstLabels: o.Labels, Buckets: o.Buckets,
		}, []string{"method"}),
		inFlight: prometheus.NewGaugeVec(prometheus.GaugeOpts(
			name("calls_in_flight", "Calls that have begun and not ended.")), []string{"method"}),
		items: prometheus.NewCounterVec(prometheus.CounterOpts(
			name("items_total", "Items of streams, by direction: sent or received.")), []string{"method", "direction"}),
	}
}

// Interceptor returns the interceptor that counts; one may serve any number of
// servers, or of clients. It belongs outermost, or it misses what others refuse.
func (m *Metrics) Interceptor() zrpc.Interceptor {
	return func(next zrpc.Handler) zrpc.Handler {
		return func(ctx context.Context, req *zrpc.Request) (any, error) {
			m.watch(req)
			return next(ctx, req)
		}
	}
}

// watch counts one call.
func (m *Metrics) watch(req *zrpc.Request) {
	method := m.methods.Fit(req.Method)
	inFlight := m.inFlight.WithLabelValues(method)
	inFlight.Inc()
	begun := time.Now()
	if req.Shape != zrpc.Unary {
		sent, received := m.items.WithLabelValues(method, "sent"), m.items.WithLabelValues(method, "received")
		req.OnItem(func(out bool, _ event.Raw) {
			if out {
				sent.Inc()
			} else {
				received.Inc()
			}
		})
	}
	req.OnEnd(func(err error) {
		inFlight.Dec()
		m.duration.WithLabelValues(method).Observe(time.Since(begun).Seconds())
		name := errname.Of(err)
		if name != "" {
			name = m.errors.Fit(name)
		}
		m.calls.WithLabelValues(method, name).Inc()
	})
}

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(ch chan<- *prometheus.Desc) {
	m.calls.Describe(ch)
	m.duration.Describe(ch)
	m.inFlight.Describe(ch)
	m.items.Describe(ch)
}

// Collect implements prometheus.Collector.
func (m *Metrics) Collect(ch chan<- prometheus.Metric) {
	m.calls.Collect(ch)
	m.duration.Collect(ch)
	m.inFlight.Collect(ch)
	m.items.Collect(ch)
}
