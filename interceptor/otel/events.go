package otel

import (
	"context"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/interceptor/internal/errname"
	"github.com/zrpc-go/zrpc/interceptor/internal/table"
	"github.com/zrpc-go/zrpc/pubsub"
)

// keyTopic is the topic of an event; the conventions' destination is its name.
const keyTopic = attribute.Key("zrpc.topic")

// eventSide is one interceptor of package pubsub.
type eventSide struct {
	// set at creation
	opt           Options
	kind          trace.SpanKind
	operation     string
	common        []attribute.KeyValue // of spans and metrics
	tracer        trace.Tracer
	duration      metric.Float64Histogram
	names, errors *table.Names
}

// Sender returns an interceptor for publishers and pushers. The span lasts until
// the event is queued.
func Sender(opt *Options) pubsub.Interceptor {
	s := newEventSide(opt, trace.SpanKindProducer, semconv.MessagingOperationTypeSend,
		"messaging.client.operation.duration", "Duration of emitting events, until they are queued.")
	return s.interceptor
}

// Receiver returns an interceptor for subscribers and pullers. It belongs
// outermost, before what makes log lines: those then have the trace. Its span is
// the child of the sender's.
func Receiver(opt *Options) pubsub.Interceptor {
	s := newEventSide(opt, trace.SpanKindConsumer, semconv.MessagingOperationTypeProcess,
		"messaging.process.duration", "Duration of handling events.")
	return s.interceptor
}

func newEventSide(opt *Options, kind trace.SpanKind, operation attribute.KeyValue, metricName, about string) *eventSide {
	o := opt.normalize()
	s := &eventSide{
		opt: o, kind: kind, operation: operation.Value.AsString(),
		names: table.NewNames(maxMethods), errors: table.NewNames(maxErrors),
		tracer: o.tracer(),
	}
	s.common = append([]attribute.KeyValue{
		semconv.MessagingSystemKey.String(system), operation, semconv.MessagingOperationName(s.operation),
	}, o.Attributes...)
	s.common = s.common[:len(s.common):len(s.common)] // every append to it copies
	var err error
	if s.duration, err = o.histogram(metricName, about); err != nil {
		otel.Handle(err) // the instrument that came with it does nothing
	}
	return s
}

func (s *eventSide) interceptor(next pubsub.Handler) pubsub.Handler {
	return func(ctx context.Context, e *pubsub.Event) error {
		h := header{eventHeader{e}, s.opt.Propagator}
		if s.kind == trace.SpanKindConsumer {
			ctx = s.opt.Propagator.Extract(ctx, h)
		}
		begun, name := time.Now(), e.Name
		ctx, span := s.tracer.Start(ctx, s.operation+" "+name, trace.WithSpanKind(s.kind), trace.WithTimestamp(begun),
			trace.WithAttributes(append(s.common, semconv.MessagingDestinationName(name))...))
		if e.Topic != "" {
			span.SetAttributes(keyTopic.String(e.Topic))
		}
		if s.kind == trace.SpanKindProducer {
			s.opt.Propagator.Inject(ctx, h)
		}
		ended := false
		defer func() {
			if !ended { // an interceptor further in panics, or ends its goroutine
				span.SetStatus(codes.Error, "panic")
				span.End()
			}
		}()
		err := next(ctx, e)
		ended = true
		s.end(ctx, span, name, begun, err)
		return err
	}
}

// end ends the span of an event and counts it.
func (s *eventSide) end(ctx context.Context, span trace.Span, name string, begun time.Time, err error) {
	now := time.Now()
	attrs := append(s.common, semconv.MessagingDestinationName(s.names.Fit(name)))
	if err != nil {
		span.SetStatus(codes.Error, err.Error())
		span.SetAttributes(semconv.ErrorTypeKey.String(errname.Of(err)))
		attrs = append(attrs, semconv.ErrorTypeKey.String(s.errors.Fit(errname.Of(err))))
	}
	s.duration.Record(ctx, now.Sub(begun).Seconds(), metric.WithAttributes(attrs...))
	span.End(trace.WithTimestamp(now))
}

// eventHeader has the methods of a *zrpc.Request.
type eventHeader struct{ *pubsub.Event }

func (h eventHeader) HeaderValue(key string) (event.Raw, bool) { return h.Header(key) }
