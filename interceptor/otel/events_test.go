package otel

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/zrpc-go/zrpc/interceptor/internal/pair"
	"github.com/zrpc-go/zrpc/pubsub"
)

// The sender's span is the parent of the receiver's, which is the parent of what
// the handler makes; errors and durations are in spans and metrics.
func TestEventsCarryTheTrace(t *testing.T) {
	recorded := tracetest.NewInMemoryExporter()
	reader := sdkmetric.NewManualReader()
	opt := &Options{
		Tracer:     sdktrace.NewTracerProvider(sdktrace.WithSyncer(recorded)),
		Meter:      sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)),
		Attributes: []attribute.KeyValue{attribute.String("server.address", "test")},
	}
	crash := func(next pubsub.Handler) pubsub.Handler {
		return func(ctx context.Context, e *pubsub.Event) error {
			if e.Name == "crash" {
				panic("of an interceptor further in")
			}
			return next(ctx, e)
		}
	}
	seen := map[string]trace.SpanContext{}
	synctest.Test(t, func(t *testing.T) {
		push := pair.Events(t, func(p *pubsub.Puller) {
			p.Handle("work", func(ctx context.Context) {
				<-time.After(time.Second)
				seen["work"] = trace.SpanContextFromContext(ctx)
			})
			p.Handle("fail", func() error { return errors.New("no") })
		}, []pubsub.Interceptor{Sender(opt)}, []pubsub.Interceptor{Receiver(opt), crash})
		for _, name := range []string{"work", "fail", "absent", "crash"} {
			if err := push.Emit(t.Context(), name); err != nil {
				t.Fatal(err)
			}
		}
		<-time.After(2 * time.Second)
	})
	want := map[string][]string{ // operation, destination, error.type
		"send work": {"send", "work", "-"}, "process work": {"process", "work", "-"},
		"send fail": {"send", "fail", "-"}, "process fail": {"process", "fail", "Error"},
		"send absent": {"send", "absent", "-"}, "process absent": {"process", "absent", "NoHandler"},
		"send crash": {"send", "crash", "-"}, "process crash": {"process", "crash", "-"},
	}
	senders := map[trace.TraceID]trace.SpanID{}
	for _, s := range recorded.GetSpans() {
		w, ok := want[s.Name]
		delete(want, s.Name)
		if !ok {
			t.Errorf("a span %s", s.Name)
			continue
		}
		got := attributes(s, "messaging.operation.type", "messaging.destination.name", "error.type")
		common := attributes(s, "messaging.system", "messaging.operation.name", "server.address")
		if !slices.Equal(got, w) || !slices.Equal(common, []string{"zerorpc", w[0], "test"}) {
			t.Errorf("%s: attributes %v %v, want %v", s.Name, got, common, w)
		}
		if failed := w[2] != "-" || s.Name == "process crash"; (s.Status.Code == codes.Error) != failed {
			t.Errorf("%s: status %v", s.Name, s.Status)
		}
		if s.SpanKind == trace.SpanKindProducer {
			senders[s.SpanContext.TraceID()] = s.SpanContext.SpanID()
			continue
		}
		if s.SpanKind != trace.SpanKindConsumer || !s.Parent.IsRemote() || s.Parent.SpanID() != senders[s.SpanContext.TraceID()] {
			t.Errorf("%s: kind %v, parent %v", s.Name, s.SpanKind, s.Parent)
		}
		if s.Name == "process work" && (!seen["work"].Equal(s.SpanContext) || s.EndTime.Sub(s.StartTime) != time.Second) {
			t.Errorf("the handler had the span %v, want %v of a second", seen["work"], s.SpanContext)
		}
	}
	if len(want) > 0 {
		t.Errorf("no spans %v", want)
	}
	var data metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &data); err != nil {
		t.Fatal(err)
	}
	series := map[string]int{}
	for _, scope := range data.ScopeMetrics {
		for _, m := range scope.Metrics {
			series[m.Name+" in "+m.Unit] = len(m.Data.(metricdata.Histogram[float64]).DataPoints)
		}
	}
	if len(series) != 2 || series["messaging.client.operation.duration in s"] != 4 || series["messaging.process.duration in s"] != 3 {
		t.Errorf("metrics %v", series)
	}
}

// The topic is an attribute of the span.
func TestEventTopic(t *testing.T) {
	recorded := tracetest.NewInMemoryExporter()
	opt := &Options{Tracer: sdktrace.NewTracerProvider(sdktrace.WithSyncer(recorded))}
	pub := pubsub.NewPublisher(&pubsub.Options{Interceptors: []pubsub.Interceptor{Sender(opt)}})
	defer pub.Close()
	if err := pub.Topic("eu.").Emit(t.Context(), "tick"); err != nil {
		t.Fatal(err)
	}
	if s := recorded.GetSpans(); len(s) != 1 || attributes(s[0], "zrpc.topic")[0] != "eu." {
		t.Errorf("spans %v", s)
	}
}
