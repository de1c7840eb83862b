package peers

import (
	"context"
	"errors"
	"time"

	"github.com/zrpc-go/zrpc/zrpc"
)

// Ways to use zrpc other than by default. The works that are about them name them.

var (
	// zrpcPoolPeer never runs a handler on the goroutine that reads the connection: with
	// a bound on the calls that run at once, high as it is here, each gets a goroutine.
	// So it is with handlers that block.
	zrpcPoolPeer = Peer{Name: "zrpcpool", Title: "zrpc, a goroutine a request", Dial: zrpcDial,
		Serve: func(addr string) (string, error) {
			return zrpcServeWith(addr, zrpc.ServerOptions{PoolSize: idleMost})
		}}
	// zrpcWindowPeer grants what a Python peer does, and no more while it waits.
	zrpcWindowPeer = Peer{Name: "zrpc100", Title: "zrpc, window of 100", Dial: zrpcWindowDial, Serve: zrpcServe}
	// zrpcLossyPeer is for zerorpc-node's server, which loses items of streams.
	zrpcLossyPeer = Peer{Name: "zrpclossy", Title: "zrpc, losses counted", Dial: zrpcLossyDial, Serve: zrpcServe}
)

// pythonWindow is how many items zerorpc-python lets the sender be ahead.
const pythonWindow = 100

func zrpcWindowDial(addr string) (Conn, error) {
	c, err := zrpc.Dial(context.Background(), zrpcScheme+addr)
	if err != nil {
		return nil, err
	}
	return zrpcConn{c.With(zrpc.CallOptions{Credit: pythonWindow})}, nil
}

// zrpcLossyConn is a zrpcConn whose Stream cannot be relied on.
type zrpcLossyConn struct{ zrpcConn }

func zrpcLossyDial(addr string) (Conn, error) {
	c, err := zrpcDial(addr)
	if err != nil {
		return nil, err
	}
	return zrpcLossyConn{c.(zrpcConn)}, nil
}

// lossyTime is what a stream may take whose end was lost: several times what one of
// wire.FirstItems takes a slow peer.
const lossyTime = 500 * time.Millisecond

// StreamLossy counts the items and does not ask which.
func (c zrpcLossyConn) StreamLossy(n int) (got int, took time.Duration, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), lossyTime)
	defer cancel()
	start := time.Now()
	for _, err := range zrpc.Stream[int](ctx, c.c, "count", n) {
		if errors.Is(err, context.DeadlineExceeded) {
			break
		}
		if err != nil {
			return got, took, err
		}
		got++
		took = time.Since(start)
	}
	return got, took, nil
}
