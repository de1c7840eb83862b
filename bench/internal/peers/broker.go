package peers

import (
	"context"
	"strings"

	"github.com/zrpc-go/zrpc/broker"
	"github.com/zrpc-go/zrpc/zrpc"
)

// zrpc through its broker: client → broker → worker. The server process runs both, which
// talk over loopback TCP as two programs would (as with NATS), so the CPU time of the
// server's side contains the broker's.

var brokerPeer = Peer{Name: "broker", Title: "zrpc through its broker", Serve: brokerServe, Dial: brokerDial}

// brokerServe starts the broker with default options, and a worker that connects to it.
func brokerServe(addr string) (string, error) {
	b := broker.New(nil)
	front, err := b.BindFrontend(zrpcScheme + addr)
	if err != nil {
		return "", err
	}
	back, err := b.BindBackend(zrpcScheme + "127.0.0.1:*")
	if err != nil {
		return "", err
	}
	worker, err := zrpcServer(zrpc.ServerOptions{})
	if err != nil {
		return "", err
	}
	if err := worker.Connect(back); err != nil {
		return "", err
	}
	// Both end with the process. A call that comes before the worker has joined waits.
	go b.Serve(context.Background())
	go worker.Serve(context.Background())
	return strings.TrimPrefix(front, zrpcScheme), nil
}

// brokerConn hides Idle: a broker bounds the channels below what that work has.
type brokerConn struct {
	Conn
	ByteEchoer
	Streamer
	Uploader
	Duplexer
}

func brokerDial(addr string) (Conn, error) {
	c, err := zrpcDial(addr)
	if err != nil {
		return nil, err
	}
	z := c.(zrpcConn)
	return brokerConn{z, z, z, z, z}, nil
}
