// Package otel makes OpenTelemetry spans and metrics of calls, and carries the
// trace from caller to handler, across languages:
//
//	zrpc.ServerOptions{Interceptors: []zrpc.Interceptor{otel.Server(nil)}}
//	zrpc.ClientOptions{Interceptors: []zrpc.Interceptor{otel.Client(nil)}}
//
// The trace travels as the header keys of the propagator, by default traceparent
// and tracestate of W3C Trace Context, beside zerorpc's own; a Python peer joins
// it with the middleware in interop/python/trace.py.
//
// Names are those of OpenTelemetry's conventions for RPC, version 1.43: a span is
// named like the method and has rpc.system.name (zerorpc), rpc.method, and after
// an error error.type and, if the other side said it, rpc.response.status_code;
// the metrics are the histograms rpc.client.call.duration and
// rpc.server.call.duration in seconds. A span of a stream ends with it and says
// how many items passed. A handler that panicked is the error Panic, and an exception
// event of the server's span has its stack.
//
// Events of package pubsub have the same with Sender and Receiver:
//
//	pubsub.Options{Interceptors: []pubsub.Interceptor{otel.Sender(nil)}}
//
// By the conventions for messaging their spans are "send NAME" and "process NAME",
// with the event's name as messaging.destination.name, and the metrics are
// messaging.client.operation.duration and messaging.process.duration.
package otel

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/interceptor/internal/errname"
	"github.com/zrpc-go/zrpc/interceptor/internal/table"
	"github.com/zrpc-go/zrpc/zrpc"
)

// Options configures all four interceptors. nil and the zero value are the defaults.
type Options struct {
	// Tracer and Meter provide what spans and metrics are made with. Default:
	// the global ones.
	Tracer trace.TracerProvider
	Meter  metric.MeterProvider

	// Propagator carries the trace. Default: propagation.TraceContext. Add
	// propagation.Baggage only between parties that trust each other.
	Propagator propagation.TextMapPropagator

	// Attributes are added to every span and metric, such as server.address.
	Attributes []attribute.KeyValue
}

const (
	scope  = "github.com/zrpc-go/zrpc/interceptor/otel" // of spans and metrics
	system = "zerorpc"

	// maxMethods and maxErrors bound the distinct names in metrics, each of which
	// is a series for ever.
	maxMethods = 1000
	maxErrors  = 100
)

// Keys of how many items of a stream passed; the conventions have none.
const (
	keySent     = attribute.Key("zrpc.items.sent")
	keyReceived = attribute.Key("zrpc.items.received")
)

// buckets are those that the conventions advise, in seconds.
var buckets = []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}

func (o *Options) normalize() Options {
	var n Options
	if o != nil {
		n = *o
	}
	if n.Tracer == nil {
		n.Tracer = otel.GetTracerProvider()
	}
	if n.Meter == nil {
		n.Meter = otel.GetMeterProvider()
	}
	if n.Propagator == nil {
		n.Propagator = propagation.TraceContext{}
	}
	return n
}

func (o *Options) tracer() trace.Tracer {
	return o.Tracer.Tracer(scope, trace.WithSchemaURL(semconv.SchemaURL))
}

func (o *Options) histogram(name, about string) (metric.Float64Histogram, error) {
	return o.Meter.Meter(scope, metric.WithSchemaURL(semconv.SchemaURL)).Float64Histogram(name,
		metric.WithUnit("s"), metric.WithDescription(about), metric.WithExplicitBucketBoundaries(buckets...))
}

// side is one interceptor of package zrpc.
type side struct {
	// set at creation
	opt             Options
	kind            trace.SpanKind
	tracer          trace.Tracer
	duration        metric.Float64Histogram
	methods, errors *table.Names
}

// Server returns an interceptor for servers. It belongs outermost, before what
// makes log lines: those then have the trace.
func Server(opt *Options) zrpc.Interceptor { return newSide(opt, trace.SpanKindServer).interceptor }

// Client returns an interceptor for clients. Outside of package retry it makes a
// span of a call, inside of it one of each attempt; the server is told the
// innermost one.
func Client(opt *Options) zrpc.Interceptor { return newSide(opt, trace.SpanKindClient).interceptor }

func newSide(opt *Options, kind trace.SpanKind) *side {
	s := &side{opt: opt.normalize(), kind: kind, methods: table.NewNames(maxMethods), errors: table.NewNames(maxErrors)}
	s.tracer = s.opt.tracer()
	name := "rpc.client.call.duration"
	if kind == trace.SpanKindServer {
		name = "rpc.server.call.duration"
	}
	var err error
	if s.duration, err = s.opt.histogram(name, "Duration of calls, of a stream to its end."); err != nil {
		otel.Handle(err) // the instrument that came with it does nothing
	}
	return s
}

func (s *side) interceptor(next zrpc.Handler) zrpc.Handler {
	return func(ctx context.Context, req *zrpc.Request) (any, error) {
		if s.kind == trace.SpanKindServer {
			ctx = s.opt.Propagator.Extract(ctx, header{req, s.opt.Propagator})
		}
		ctx = s.begin(ctx, req)
		if s.kind == trace.SpanKindClient {
			s.opt.Propagator.Inject(ctx, header{req, s.opt.Propagator})
		}
		return next(ctx, req)
	}
}

// begin starts the span of a call and has it ended with the call.
func (s *side) begin(ctx context.Context, req *zrpc.Request) context.Context {
	begun := time.Now()
	attrs := append([]attribute.KeyValue{semconv.RPCSystemNameKey.String(system)}, s.opt.Attributes...)
	ctx, span := s.tracer.Start(ctx, req.Method, trace.WithSpanKind(s.kind), trace.WithTimestamp(begun),
		trace.WithAttributes(append(attrs[:len(attrs):len(attrs)], semconv.RPCMethod(req.Method))...))
	if req.Peer != nil && req.Peer.Address != "" {
		span.SetAttributes(semconv.NetworkPeerAddress(req.Peer.Address))
	}
	var sent, received atomic.Int64
	if req.Shape != zrpc.Unary && span.IsRecording() {
		req.OnItem(func(out bool, _ event.Raw) {
			if out {
				sent.Add(1)
			} else {
				received.Add(1)
			}
		})
	}
	req.OnEnd(func(err error) {
		now := time.Now()
		attrs := append(attrs, semconv.RPCMethod(s.methods.Fit(req.Method)))
		if err != nil {
			span.SetStatus(codes.Error, err.Error())
			span.SetAttributes(s.errorAttributes(err, errname.Of(err))...)
			var panicked *zrpc.PanicError
			if errors.As(err, &panicked) {
				span.RecordError(err, trace.WithTimestamp(now), trace.WithAttributes(semconv.ExceptionStacktrace(string(panicked.Stack))))
			}
			attrs = append(attrs, s.errorAttributes(err, s.errors.Fit(errname.Of(err)))...)
		}
		if req.Shape != zrpc.Unary {
			span.SetAttributes(keySent.Int64(sent.Load()), keyReceived.Int64(received.Load()))
		}
		s.duration.Record(ctx, now.Sub(begun).Seconds(), metric.WithAttributes(attrs...))
		span.End(trace.WithTimestamp(now))
	})
	return ctx
}

// errorAttributes describes an error. A status code is what crosses the wire; an
// error that the client came to by itself has none.
func (s *side) errorAttributes(err error, name string) []attribute.KeyValue {
	attrs := []attribute.KeyValue{semconv.ErrorTypeKey.String(name)}
	var remote *zrpc.RemoteError
	if s.kind == trace.SpanKindServer || errors.As(err, &remote) {
		attrs = append(attrs, semconv.RPCResponseStatusCode(name))
	}
	return attrs
}
