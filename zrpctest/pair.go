package zrpctest

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/zrpc-go/zrpc/zrpc"
)

// names numbers the endpoints, which all tests of a process share.
var names atomic.Int64

// endpoint returns one that nobody uses.
func endpoint() string { return fmt.Sprint("inproc://zrpctest-", names.Add(1)) }

// Pair starts a server with the methods that register gives it and returns a
// client of it. Both are closed at the end of the test.
func Pair(t testing.TB, register func(*zrpc.Server)) *zrpc.Client {
	t.Helper()
	return dial(t, serve(t, nil, register), nil)
}

// Options configures PairWith. The zero value is Pair with a Proxy that does no
// harm.
type Options struct {
	Server *zrpc.ServerOptions // nil: the defaults
	Client *zrpc.ClientOptions // nil: the defaults
	Faults Faults
}

// PairWith is Pair with options and a Proxy between the two.
func PairWith(t testing.TB, o Options, register func(*zrpc.Server)) (*zrpc.Client, *Proxy) {
	t.Helper()
	p := NewProxy(t, serve(t, o.Server, register), o.Faults)
	return dial(t, p.Endpoint(), o.Client), p
}

// serve starts a server and returns its endpoint.
func serve(t testing.TB, o *zrpc.ServerOptions, register func(*zrpc.Server)) string {
	t.Helper()
	s := zrpc.NewServer(o)
	register(s)
	actual, err := s.Bind(endpoint())
	if err != nil {
		t.Fatalf("zrpctest: %v", err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(context.Background()) }()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("zrpctest: closing the server: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("zrpctest: serving: %v", err)
		}
	})
	return actual
}

// dial returns a client of an endpoint.
func dial(t testing.TB, endpoint string, o *zrpc.ClientOptions) *zrpc.Client {
	t.Helper()
	c := zrpc.NewClient(o)
	t.Cleanup(func() { c.Close() })
	if err := c.Connect(endpoint); err != nil {
		t.Fatalf("zrpctest: %v", err)
	}
	return c
}
