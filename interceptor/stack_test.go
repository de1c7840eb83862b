package interceptor_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/zrpc-go/zrpc/interceptor/auth"
	"github.com/zrpc-go/zrpc/interceptor/hedge"
	"github.com/zrpc-go/zrpc/interceptor/internal/pair"
	"github.com/zrpc-go/zrpc/interceptor/limit"
	"github.com/zrpc-go/zrpc/interceptor/otel"
	"github.com/zrpc-go/zrpc/interceptor/retry"
	"github.com/zrpc-go/zrpc/zrpc"
)

// TestHedgedCallsRunOnce: attempts of many calls at once, each with a span and a
// token of its own, reach a server that runs each call once.
func TestHedgedCallsRunOnce(t *testing.T) {
	tracer := &otel.Options{Tracer: sdktrace.NewTracerProvider(), Propagator: propagation.TraceContext{}}
	var hedged, arrived, ran atomic.Int64
	count := func(next zrpc.Handler) zrpc.Handler {
		return func(ctx context.Context, req *zrpc.Request) (any, error) {
			arrived.Add(1)
			return next(ctx, req)
		}
	}
	c := pair.New(t, func(s *zrpc.Server) {
		s.Handle("square", func(n int) int {
			ran.Add(1)
			<-time.After(time.Millisecond) // long enough for a second attempt
			return n * n
		})
	}, []zrpc.Interceptor{
		otel.Server(tracer),
		count,
		auth.Server(nil, auth.Rule{Methods: "square", Check: auth.Token(auth.Tokens(map[string]string{"t": "u"}))}),
		limit.Server(&limit.Options{Running: 64}),
		retry.Dedupe(nil),
	}, []zrpc.Interceptor{
		retry.Client(nil),
		hedge.Client(&hedge.Options{Delay: 100 * time.Microsecond, Percentile: -1, Budget: -1, OnHedge: func(*zrpc.Request, int) { hedged.Add(1) }}),
		auth.Client(auth.Static("t")),
		otel.Client(tracer),
	})
	c = c.With(zrpc.CallOptions{Idempotent: true, Metadata: zrpc.Metadata{"shared": "by all"}})
	const callers, calls = 8, 50
	var wg sync.WaitGroup
	for g := range callers {
		wg.Go(func() {
			for i := range calls {
				n := g*calls + i
				if got, err := zrpc.Call[int](t.Context(), c, "square", n); err != nil || got != n*n {
					t.Errorf("square(%d) = %d, %v", n, got, err)
				}
			}
		})
	}
	wg.Wait()
	if hedged.Load() == 0 || arrived.Load() <= callers*calls {
		t.Errorf("%d second attempts, %d requests arrived: the test shows nothing", hedged.Load(), arrived.Load())
	}
	if n := ran.Load(); n != callers*calls {
		t.Errorf("%d calls ran %d times", callers*calls, n)
	}
}
