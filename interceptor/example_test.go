package interceptor_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/zrpc-go/zrpc/interceptor/auth"
	"github.com/zrpc-go/zrpc/interceptor/breaker"
	"github.com/zrpc-go/zrpc/interceptor/hedge"
	"github.com/zrpc-go/zrpc/interceptor/limit"
	"github.com/zrpc-go/zrpc/interceptor/logging"
	"github.com/zrpc-go/zrpc/interceptor/otel"
	"github.com/zrpc-go/zrpc/interceptor/prom"
	"github.com/zrpc-go/zrpc/interceptor/ratelimit"
	"github.com/zrpc-go/zrpc/interceptor/retry"
	"github.com/zrpc-go/zrpc/zrpc"
)

// All of them together, in the order that the package documentation advises.
func Example() {
	log := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			switch a.Key { // which differ each time
			case slog.TimeKey, "duration", "peer", "key", "text":
				return slog.Attr{}
			}
			return a
		},
	}))
	metrics := prom.NewServer(nil)
	prometheus.MustRegister(metrics)
	srv := zrpc.NewServer(&zrpc.ServerOptions{Interceptors: []zrpc.Interceptor{
		otel.Server(nil),
		metrics.Interceptor(),
		logging.Server(&logging.Options{Logger: log}),
		ratelimit.Server(ratelimit.Options{Methods: map[string]ratelimit.Limit{"report": {Rate: 0.01, Burst: 1}}}),
		auth.Server(log, auth.Rule{Methods: "*", Check: auth.Token(auth.Tokens(map[string]string{"s3cret": "ann"}))}),
		limit.Server(nil),
		retry.Dedupe(nil),
	}})
	srv.Handle("hello", func(ctx context.Context) string {
		peer, _ := zrpc.PeerFrom(ctx)
		return "Hello, " + peer.User
	})
	srv.Handle("report", func() string { return strings.Repeat("=", 10) })
	endpoint, err := srv.Bind("inproc://interceptors")
	if err != nil {
		fmt.Println(err)
		return
	}
	go srv.Serve(context.Background())
	defer srv.Close()

	client := zrpc.NewClient(&zrpc.ClientOptions{
		CallOptions: zrpc.CallOptions{Idempotent: true},
		Interceptors: []zrpc.Interceptor{
			otel.Client(nil),
			prom.NewClient(nil).Interceptor(),
			retry.Client(&retry.Options{Attempts: 2}),
			hedge.Client(nil),
			breaker.Client(nil),
			auth.Client(auth.Static("s3cret")),
		},
	})
	defer client.Close()
	if err := client.Connect(endpoint); err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	fmt.Println(zrpc.Call[string](ctx, client, "hello"))
	fmt.Println(zrpc.Call[string](ctx, client, "report"))
	if _, err := zrpc.Call[string](ctx, client, "report"); zrpc.Unsent(err) {
		fmt.Println("too often, even at the second attempt")
	}
	// Output:
	// level=INFO msg="call served" method=hello shape=unary
	// Hello, ann <nil>
	// level=INFO msg="call served" method=report shape=unary
	// ========== <nil>
	// level=WARN msg="call served" method=report shape=unary error=RateLimited
	// level=WARN msg="call served" method=report shape=unary error=RateLimited
	// too often, even at the second attempt
}
