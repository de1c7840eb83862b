package grpcexamples

import (
	"log"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// listen listens on any free port.
func listen() net.Listener {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	return ln
}

// start serves what register registers, and returns the address and a function
// that ends it.
func start(register func(*grpc.Server)) (addr string, stop func()) {
	ln, srv := listen(), grpc.NewServer()
	register(srv)
	go srv.Serve(ln)
	return ln.Addr().String(), srv.Stop
}

// dial connects to an address.
func dial(addr string) *grpc.ClientConn {
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	return conn
}

// connected starts a service and connects to it.
func connected(register func(*grpc.Server)) (conn *grpc.ClientConn, end func()) {
	addr, stop := start(register)
	conn = dial(addr)
	return conn, func() { conn.Close(); stop() }
}
