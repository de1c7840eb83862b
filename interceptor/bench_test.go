package interceptor_test

import (
	"context"
	"io"
	"log/slog"
	"testing"

	"github.com/zrpc-go/zrpc/interceptor/auth"
	"github.com/zrpc-go/zrpc/interceptor/breaker"
	"github.com/zrpc-go/zrpc/interceptor/hedge"
	"github.com/zrpc-go/zrpc/interceptor/limit"
	"github.com/zrpc-go/zrpc/interceptor/logging"
	"github.com/zrpc-go/zrpc/interceptor/prom"
	"github.com/zrpc-go/zrpc/interceptor/ratelimit"
	"github.com/zrpc-go/zrpc/interceptor/retry"
	"github.com/zrpc-go/zrpc/zrpc"
)

// BenchmarkInterceptor is what each adds to a call, beginning and end, without the
// call; none is what the bench itself costs.
func BenchmarkInterceptor(b *testing.B) {
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	for _, test := range []struct {
		name string
		i    zrpc.Interceptor
	}{
		{"none", func(next zrpc.Handler) zrpc.Handler { return next }},
		{"logging", logging.Server(&logging.Options{Logger: log})},
		{"prom", prom.NewServer(nil).Interceptor()},
		{"auth", auth.Server(nil, auth.Rule{Methods: "admin_*", Check: auth.Nobody}, auth.Rule{Methods: "*", Check: auth.Anyone})},
		{"ratelimit", ratelimit.Server(ratelimit.Options{PerPeer: ratelimit.Limit{Rate: 1e9}, Total: ratelimit.Limit{Rate: 1e9}})},
		{"limit", limit.Server(nil)},
		{"retry", retry.Client(nil)},
		{"hedge", hedge.Client(nil)},
		{"breaker", breaker.Client(nil)},
	} {
		b.Run(test.name, func(b *testing.B) {
			h := test.i(func(context.Context, *zrpc.Request) (any, error) { return nil, nil })
			peer := &zrpc.Peer{Address: "192.0.2.1:4242"}
			b.ReportAllocs()
			for b.Loop() {
				req := &zrpc.Request{Method: "add", Peer: peer, Idempotent: true}
				if _, err := req.Attempt(context.Background(), h); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
