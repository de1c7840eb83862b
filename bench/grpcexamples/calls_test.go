package grpcexamples

import (
	"context"
	"fmt"

	"google.golang.org/grpc"

	"github.com/zrpc-go/zrpc/bench/grpcexamples/pb"
)

func Example_hello() {
	ln := listen()
	addr := ln.Addr().String()
	ln.Close() // serveHello listens for itself
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- serveHello(ctx, addr) }()
	fmt.Println(callHello(context.Background(), addr, "RPC"))
	stop()
	fmt.Println(<-served)
	// Output:
	// Hello, RPC
	// <nil>
	// <nil>
}

// What examples/thermometer prints.
func Example_thermometer() {
	conn, end := connected(func(s *grpc.Server) { pb.RegisterThermometerServer(s, thermometer{}) })
	defer end()
	fmt.Println(useThermometer(context.Background(), pb.NewThermometerClient(conn)))
	// Output:
	// 68
	// 0 20
	// 1 21
	// 2 22
	// 20
	// 21
	// 23
	// <nil>
}

// What examples/shapes prints.
func Example_shapes() {
	conn, end := connected(func(s *grpc.Server) { pb.RegisterShapesServer(s, shapes{}) })
	defer end()
	fmt.Println(useShapes(context.Background(), pb.NewShapesClient(conn), 1, 2, 3))
	// Output:
	// 3 <nil>
	// count 1
	// count 2
	// count 3
	// 6 <nil>
	// so far 1
	// so far 3
	// so far 6
	// <nil>
}

// What examples/streaming prints.
func Example_streaming() {
	conn, end := connected(func(s *grpc.Server) { pb.RegisterCounterServer(s, counter{}) })
	defer end()
	fmt.Println(countdown(context.Background(), pb.NewCounterClient(conn)))
	fmt.Println(enough(context.Background(), pb.NewCounterClient(conn)))
	// Output:
	// 2
	// 1
	// the service failed: FailedPrecondition no rocket
	// <nil>
	// enough
	// <nil>
}

// What examples/stub prints, but for the name of the error.
func Example_stub() {
	conn, end := connected(func(s *grpc.Server) { pb.RegisterCalculatorServer(s, calculator{}) })
	defer end()
	fmt.Println(useCalculator(context.Background(), conn))
	// Output:
	// 1 + 2 = 3 <nil>
	// square 1
	// square 4
	// square 9
	// 1 / 0 is an InvalidArgument
	// <nil>
}
