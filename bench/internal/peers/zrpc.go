package peers

import (
	"context"
	"iter"
	"strings"

	"github.com/zrpc-go/zrpc/zrpc"
)

// zrpc, ours: a server and clients with their default options, and the calls that its
// documentation shows first.

const zrpcScheme = "tcp://"

var zrpcPeer = Peer{Name: "zrpc", Title: "zrpc", Serve: zrpcServe, Dial: zrpcDial}

func zrpcServe(addr string) (string, error) {
	srv := zrpc.NewServer(nil)
	for name, fn := range map[string]any{
		"echo":  func(s string) string { return s },
		"bytes": func(p []byte) []byte { return p },
		"count": zrpcCount,
	} {
		if err := srv.Handle(name, fn); err != nil {
			return "", err
		}
	}
	endpoint, err := srv.Bind(zrpcScheme + addr)
	if err != nil {
		return "", err
	}
	go srv.Serve(context.Background())
	return strings.TrimPrefix(endpoint, zrpcScheme), nil
}

func zrpcCount(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

type zrpcConn struct{ c *zrpc.Client }

func zrpcDial(addr string) (Conn, error) {
	c, err := zrpc.Dial(context.Background(), zrpcScheme+addr)
	if err != nil {
		return nil, err
	}
	return zrpcConn{c}, nil
}

func (c zrpcConn) Echo(s string) (string, error) {
	return zrpc.Call[string](context.Background(), c.c, "echo", s)
}

func (c zrpcConn) EchoBytes(p []byte) ([]byte, error) {
	return zrpc.Call[[]byte](context.Background(), c.c, "bytes", p)
}

func (c zrpcConn) Stream(n int) (int, error) {
	i := 0
	for item, err := range zrpc.Stream[int](context.Background(), c.c, "count", n) {
		if err != nil {
			return i, err
		}
		if item != i {
			return i, errOrder
		}
		i++
	}
	return i, nil
}

func (c zrpcConn) Close() error { return c.c.Close() }
