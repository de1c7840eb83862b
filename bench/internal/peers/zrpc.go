package peers

import (
	"context"
	"iter"
	"strings"
	"time"

	"github.com/zrpc-go/zrpc/zrpc"
)

// zrpc, ours: a server and clients with their default options, and the calls that its
// documentation shows first.

const zrpcScheme = "tcp://"

var zrpcPeer = Peer{Name: "zrpc", Title: "zrpc", Serve: zrpcServe, Dial: zrpcDial,
	Publish: zrpcPublish, Subscribe: zrpcSubscribe}

// zrpcServe registers plain functions, as a user would, and says nothing about how they
// are to be run.
func zrpcServe(addr string) (string, error) {
	return zrpcServeWith(addr, zrpc.ServerOptions{})
}

// zrpcServeWith does so under other options.
func zrpcServeWith(addr string, opt zrpc.ServerOptions) (string, error) {
	srv, err := zrpcServer(opt)
	if err != nil {
		return "", err
	}
	endpoint, err := srv.Bind(zrpcScheme + addr)
	if err != nil {
		return "", err
	}
	// Serve ends with the process; what it could report then reaches nobody.
	go srv.Serve(context.Background())
	return strings.TrimPrefix(endpoint, zrpcScheme), nil
}

// zrpcServer has the methods of the work. Its limits on connections and calls are raised
// to what the idle ones need; all else is as opt says.
func zrpcServer(opt zrpc.ServerOptions) (*zrpc.Server, error) {
	opt.MaxConns, opt.MaxCalls = 2*idleMost, 2*idleMost
	srv := zrpc.NewServer(&opt)
	for name, fn := range map[string]any{
		"echo":  func(s string) string { return s },
		"bytes": func(p []byte) []byte { return p },
		"sleep": func(ms int) int { time.Sleep(time.Duration(ms) * time.Millisecond); return ms },
		"lent":  func(b *zrpc.Bytes) *zrpc.Bytes { return b },
		"count": zrpcCount,
		"sum":   zrpcSum,
		"same":  func(in iter.Seq2[int, error]) iter.Seq2[int, error] { return in },
	} {
		if err := srv.Handle(name, fn); err != nil {
			return nil, err
		}
	}
	return srv, nil
}

// zrpcSum counts the caller's items and checks their order.
func zrpcSum(in iter.Seq2[int, error]) (int, error) {
	n := 0
	for item, err := range in {
		if err != nil {
			return n, err
		}
		if item != n {
			return n, errOrder
		}
		n++
	}
	return n, nil
}

// zrpcCount is a stream in the form that needs no error: the numbers 0 to n-1.
func zrpcCount(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

// zrpcConn is one client with one connection. All callers share it, which is what its
// documentation advises.
type zrpcConn struct{ c *zrpc.Client }

// zrpcDial does not wait for the connection; the warm-up before each run does.
func zrpcDial(addr string) (Conn, error) {
	c, err := zrpc.Dial(context.Background(), zrpcScheme+addr)
	if err != nil {
		return nil, err
	}
	return zrpcConn{c}, nil
}

// Echo is the typed call, the one that a program written in Go makes.
func (c zrpcConn) Echo(s string) (string, error) {
	return zrpc.Call[string](context.Background(), c.c, "echo", s)
}

// EchoBytes gets a slice of its own with every call: the generic call hands its result
// over for good.
func (c zrpcConn) EchoBytes(p []byte) ([]byte, error) {
	return zrpc.Call[[]byte](context.Background(), c.c, "bytes", p)
}

// EchoLent gives the memory of the result back when it was looked at.
func (c zrpcConn) EchoLent(p []byte) ([]byte, func(), error) {
	b, err := zrpc.Call[*zrpc.Bytes](context.Background(), c.c, "lent", zrpc.NewBytes(p, nil))
	return b.Bytes(), b.Release, err
}

// Stream keeps the default credit. The iterator's error is always its last pair, so
// that the loop needs no check after it.
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

// Sleep gets the milliseconds back, which need no check.
func (c zrpcConn) Sleep(d time.Duration) error {
	_, err := zrpc.Call[int](context.Background(), c.c, "sleep", d.Milliseconds())
	return err
}

func (c zrpcConn) Close() error { return c.c.Close() }
