package otel

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/zrpc-go/zrpc/interceptor/internal/pair"
	"github.com/zrpc-go/zrpc/zrpc"
)

func register(s *zrpc.Server) {
	s.Handle("trace", func(ctx context.Context) string {
		<-time.After(time.Second)
		return trace.SpanContextFromContext(ctx).TraceID().String()
	})
	s.Handle("fail", func() error { return &zrpc.RemoteError{Name: "ValueError", Message: "no"} })
	s.Handle("crash", func() { panic("ouch") })
	s.Handle("count", func(n int) iter.Seq[int] {
		return func(yield func(int) bool) {
			for i := 0; i < n && yield(i); i++ {
			}
		}
	})
}

// traced runs calls with both interceptors, and returns the spans in the order of
// their ends and the client's and the server's histogram.
func traced(t *testing.T, calls func(ctx context.Context, c *zrpc.Client)) (spans tracetest.SpanStubs, metrics map[string]metricdata.Histogram[float64]) {
	t.Helper()
	recorded := tracetest.NewInMemoryExporter()
	reader := sdkmetric.NewManualReader()
	opt := &Options{
		Tracer:     sdktrace.NewTracerProvider(sdktrace.WithSyncer(recorded)),
		Meter:      sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)),
		Attributes: []attribute.KeyValue{attribute.String("server.address", "test")},
	}
	synctest.Test(t, func(t *testing.T) {
		c := pair.New(t, register, []zrpc.Interceptor{Server(opt)}, []zrpc.Interceptor{Client(opt)})
		calls(t.Context(), c)
		synctest.Wait()
	})
	var data metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &data); err != nil {
		t.Fatal(err)
	}
	metrics = map[string]metricdata.Histogram[float64]{}
	for _, scope := range data.ScopeMetrics {
		for _, m := range scope.Metrics {
			if m.Unit != "s" {
				t.Errorf("%s is in %q", m.Name, m.Unit)
			}
			metrics[m.Name] = m.Data.(metricdata.Histogram[float64])
		}
	}
	return recorded.GetSpans(), metrics
}

// attributes returns some attributes of a span, as text.
func attributes(s tracetest.SpanStub, keys ...string) (values []string) {
	for _, key := range keys {
		i := slices.IndexFunc(s.Attributes, func(a attribute.KeyValue) bool { return string(a.Key) == key })
		if i < 0 {
			values = append(values, "-")
			continue
		}
		values = append(values, fmt.Sprint(s.Attributes[i].Value.AsInterface()))
	}
	return values
}

func TestTraceCrossesTheWire(t *testing.T) {
	var seen string
	spans, metrics := traced(t, func(ctx context.Context, c *zrpc.Client) {
		var err error
		if seen, err = zrpc.Call[string](ctx, c, "trace"); err != nil {
			t.Error(err)
		}
	})
	if len(spans) != 2 {
		t.Fatalf("%d spans, want the server's and the client's", len(spans))
	}
	server, client := spans[0], spans[1]
	if server.SpanContext.TraceID() != client.SpanContext.TraceID() || server.Parent.SpanID() != client.SpanContext.SpanID() || !server.Parent.IsRemote() {
		t.Errorf("the server's span has parent %v, want the client's %v", server.Parent, client.SpanContext)
	}
	if seen != client.SpanContext.TraceID().String() {
		t.Errorf("the handler's context is of trace %s", seen)
	}
	for _, s := range spans {
		if s.Name != "trace" || s.EndTime.Sub(s.StartTime) != time.Second || s.Status.Code != codes.Unset {
			t.Errorf("span %s of %v, %v", s.Name, s.EndTime.Sub(s.StartTime), s.Status)
		}
		if got := attributes(s, "rpc.system.name", "rpc.method", "server.address", "error.type"); !slices.Equal(got, []string{"zerorpc", "trace", "test", "-"}) {
			t.Errorf("attributes %v", got)
		}
	}
	if client.SpanKind != trace.SpanKindClient || server.SpanKind != trace.SpanKindServer {
		t.Errorf("kinds %v and %v", client.SpanKind, server.SpanKind)
	}
	for _, name := range []string{"rpc.client.call.duration", "rpc.server.call.duration"} {
		h, ok := metrics[name]
		if !ok || len(h.DataPoints) != 1 || h.DataPoints[0].Count != 1 || h.DataPoints[0].Sum != 1 {
			t.Errorf("%s: %+v", name, h)
		}
	}
}

func TestErrorsAndStreams(t *testing.T) {
	spans, metrics := traced(t, func(ctx context.Context, c *zrpc.Client) {
		zrpc.Call[any](ctx, c, "fail")
		for range zrpc.Stream[int](ctx, c, "count", 7) {
		}
		ctx, cancel := context.WithTimeout(ctx, time.Millisecond)
		defer cancel()
		zrpc.Call[any](ctx, c, "trace")
		<-time.After(time.Second)
	})
	want := map[string][]string{ // error.type, rpc.response.status_code, items sent and received
		"fail server":  {"ValueError", "ValueError", "-", "-"},
		"fail client":  {"ValueError", "ValueError", "-", "-"},
		"count server": {"-", "-", "7", "0"},
		"count client": {"-", "-", "0", "7"},
		"trace client": {"TimeoutExpired", "-", "-", "-"}, // nobody said so but the client
		"trace server": {"-", "-", "-", "-"},              // its handler did not mind
	}
	for _, s := range spans {
		name := s.Name + " " + s.SpanKind.String()
		got := attributes(s, "error.type", "rpc.response.status_code", "zrpc.items.sent", "zrpc.items.received")
		if !slices.Equal(got, want[name]) {
			t.Errorf("%s: %v, want %v", name, got, want[name])
		}
		if failed := s.Status.Code == codes.Error; failed != (got[0] != "-") {
			t.Errorf("%s: status %v", name, s.Status)
		}
		delete(want, name)
	}
	if len(want) > 0 {
		t.Errorf("no spans for %v", want)
	}
	if n := len(metrics["rpc.client.call.duration"].DataPoints); n != 3 {
		t.Errorf("the client's metric has %d series, want one for each method", n)
	}
}

func TestHeaderIgnoresWhatIsNoTrace(t *testing.T) {
	for _, value := range []any{"garbage", 7, make([]byte, 3*maxValue), "00-" + string(make([]byte, 60))} {
		synctest.Test(t, func(t *testing.T) {
			recorded := tracetest.NewInMemoryExporter()
			server := Server(&Options{Tracer: sdktrace.NewTracerProvider(sdktrace.WithSyncer(recorded))})
			hostile := func(next zrpc.Handler) zrpc.Handler {
				return func(ctx context.Context, req *zrpc.Request) (any, error) {
					if err := req.SetHeader("traceparent", value); err != nil {
						t.Error(err)
					}
					return next(ctx, req)
				}
			}
			c := pair.New(t, register, []zrpc.Interceptor{server}, []zrpc.Interceptor{hostile})
			if _, err := zrpc.Call[any](t.Context(), c, "trace"); err != nil {
				t.Error(err)
			}
			synctest.Wait()
			if spans := recorded.GetSpans(); len(spans) != 1 || spans[0].Parent.IsValid() {
				t.Errorf("a header of %.20v made the spans %v", value, spans)
			}
		})
	}
	h := header{new(zrpc.Request), propagation.TraceContext{}}
	if h.Set("message_id", "x"); !slices.Contains(h.Keys(), "traceparent") {
		t.Errorf("keys %v", h.Keys())
	}
}

// TestPanicIsAnException: the server's span has the stack, and both spans and
// metrics the error by its name.
func TestPanicIsAnException(t *testing.T) {
	spans, metrics := traced(t, func(ctx context.Context, c *zrpc.Client) { zrpc.Call[any](ctx, c, "crash") })
	for _, s := range spans {
		if got := attributes(s, "error.type", "rpc.response.status_code"); !slices.Equal(got, []string{"Panic", "Panic"}) || s.Status.Code != codes.Error {
			t.Errorf("the %v span has %v, %v", s.SpanKind, got, s.Status)
		}
		stacks := 0
		for _, e := range s.Events {
			for _, a := range e.Attributes {
				if a.Key == "exception.stacktrace" && strings.Contains(a.Value.AsString(), "otel.register") {
					stacks++
				}
			}
		}
		if (stacks == 1) != (s.SpanKind == trace.SpanKindServer) {
			t.Errorf("the %v span has %d stacks", s.SpanKind, stacks)
		}
	}
	if n := len(metrics["rpc.server.call.duration"].DataPoints); n != 1 || len(spans) != 2 {
		t.Errorf("%d series, %d spans", n, len(spans))
	}
}
