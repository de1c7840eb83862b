// Package pair starts a server and a client in memory, for tests of interceptors.
package pair

import (
	"context"
	"errors"
	"testing"

	"github.com/zrpc-go/zrpc/zrpc"
)

// New returns a client of a server that register has given its methods, with
// these interceptors around the server's and the client's calls. Both end with
// the test. It works in a bubble of testing/synctest, where every heartbeat in
// time that is waited for costs nothing.
func New(t *testing.T, register func(*zrpc.Server), server, client []zrpc.Interceptor) *zrpc.Client {
	t.Helper()
	s := zrpc.NewServer(&zrpc.ServerOptions{Interceptors: server})
	if register != nil {
		register(s)
	}
	endpoint, err := s.Bind("inproc://" + t.Name())
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(context.Background()) }()
	c := zrpc.NewClient(&zrpc.ClientOptions{Interceptors: client})
	if err := c.Connect(endpoint); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		// A test without a call to the server may end before Serve has begun.
		if err := <-served; err != nil && !errors.Is(err, zrpc.ErrClosed) {
			t.Error(err)
		}
	})
	return c
}
