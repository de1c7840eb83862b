package zrpc_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/zrpc"
)

// exampleClient serves what handle registers, and returns a client of it.
func exampleClient(so *zrpc.ServerOptions, co *zrpc.ClientOptions, handle func(*zrpc.Server)) (c *zrpc.Client, end func()) {
	srv := zrpc.NewServer(so)
	handle(srv)
	endpoint, err := srv.Bind("inproc://example")
	if err != nil {
		panic(err)
	}
	go srv.Serve(context.Background())
	c = zrpc.NewClient(co)
	if err := c.Connect(endpoint); err != nil {
		panic(err)
	}
	return c, func() { c.Close(); srv.Close() }
}

// An interceptor finds out who calls; handlers read it.
func ExamplePeer_user() {
	identify := func(next zrpc.Handler) zrpc.Handler {
		return func(ctx context.Context, req *zrpc.Request) (any, error) {
			req.Peer.User = strings.TrimPrefix(req.Metadata["authorization"], "Bearer ")
			return next(ctx, req)
		}
	}
	client, end := exampleClient(&zrpc.ServerOptions{Interceptors: []zrpc.Interceptor{identify}}, nil, func(srv *zrpc.Server) {
		srv.Handle("whoami", func(ctx context.Context) string {
			peer, _ := zrpc.PeerFrom(ctx)
			return peer.User
		})
	})
	defer end()

	ctx := zrpc.WithMetadata(context.Background(), zrpc.Metadata{"authorization": "Bearer ann"})
	fmt.Println(zrpc.Call[string](ctx, client, "whoami"))
	// Output: ann <nil>
}

// A call that is refused is made again, by the choice of its caller.
func ExampleRetry() {
	tries := 0
	client, end := exampleClient(nil, nil, func(srv *zrpc.Server) {
		srv.Handle("hello", func() (string, error) {
			if tries++; tries < 3 {
				return "", &zrpc.RemoteError{Name: "ServerBusy", Message: "later"}
			}
			return "hello", nil
		})
	})
	defer end()

	patient := client.With(zrpc.CallOptions{Retry: zrpc.Retry{Attempts: 4, Base: time.Millisecond}})
	fmt.Println(zrpc.Call[string](context.Background(), patient, "hello"))
	fmt.Println(tries, "tries")
	// Output:
	// hello <nil>
	// 3 tries
}

// A handler says something beside its result, and the caller reads it.
func ExampleSetHeader() {
	client, end := exampleClient(nil, nil, func(srv *zrpc.Server) {
		srv.Handle("answer", func(ctx context.Context) (int, error) {
			return 42, zrpc.SetHeader(ctx, "took", "7.5 million years")
		})
	})
	defer end()

	ctx, header := zrpc.WithAnswerHeader(context.Background())
	fmt.Println(zrpc.Call[int](ctx, client, "answer"))
	raw, _ := header.Value("took")
	took, _ := event.Text(raw)
	fmt.Println(string(took))
	// Output:
	// 42 <nil>
	// 7.5 million years
}

// A client's interceptor makes errors of its own of those that end a stream.
func ExampleRequest_OnError() {
	errOver := errors.New("the show is over")
	translate := func(next zrpc.Handler) zrpc.Handler {
		own := func(err error) error {
			var remote *zrpc.RemoteError
			if errors.As(err, &remote) && remote.Name == "Over" {
				return errOver
			}
			return err
		}
		return func(ctx context.Context, req *zrpc.Request) (any, error) {
			req.OnError(own) // in a stream that has begun
			result, err := next(ctx, req)
			return result, own(err) // and before
		}
	}
	client, end := exampleClient(nil, &zrpc.ClientOptions{Interceptors: []zrpc.Interceptor{translate}}, func(srv *zrpc.Server) {
		srv.Handle("acts", func() iter.Seq2[int, error] {
			return func(yield func(int, error) bool) {
				_ = yield(1, nil) && yield(2, nil) && yield(0, &zrpc.RemoteError{Name: "Over"})
			}
		})
	})
	defer end()

	for act, err := range zrpc.Stream[int](context.Background(), client, "acts") {
		fmt.Println(act, err)
	}
	// Output:
	// 1 <nil>
	// 2 <nil>
	// 0 the show is over
}

// A server's interceptor sees a handler's panic as an error.
func ExamplePanicError() {
	report := func(next zrpc.Handler) zrpc.Handler {
		return func(ctx context.Context, req *zrpc.Request) (any, error) {
			result, err := next(ctx, req)
			var panicked *zrpc.PanicError
			if errors.As(err, &panicked) {
				fmt.Println(req.Method, "panicked:", panicked.Value, len(panicked.Stack) > 0)
			}
			return result, err
		}
	}
	client, end := exampleClient(&zrpc.ServerOptions{Interceptors: []zrpc.Interceptor{report}}, nil, func(srv *zrpc.Server) {
		srv.Handle("divide", func(a, b int) int { return a / b })
	})
	defer end()

	_, err := zrpc.Call[int](context.Background(), client, "divide", 1, 0)
	fmt.Println(err)
	// Output:
	// divide panicked: runtime error: integer divide by zero true
	// Panic: panic: runtime error: integer divide by zero
}
