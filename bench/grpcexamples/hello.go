package grpcexamples

import (
	"context"
	"fmt"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/zrpc-go/zrpc/bench/grpcexamples/pb"
)

type greeter struct {
	pb.UnimplementedGreeterServer
}

func (greeter) Hello(ctx context.Context, in *pb.HelloRequest) (*pb.HelloReply, error) {
	return &pb.HelloReply{Text: "Hello, " + in.GetName()}, nil
}

func serveHello(ctx context.Context, addr string) error {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	srv := grpc.NewServer()
	pb.RegisterGreeterServer(srv, greeter{})
	context.AfterFunc(ctx, srv.GracefulStop)
	return srv.Serve(ln)
}

func callHello(ctx context.Context, addr, name string) error {
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	reply, err := pb.NewGreeterClient(conn).Hello(ctx, &pb.HelloRequest{Name: name}, grpc.WaitForReady(true))
	if err != nil {
		return err
	}
	fmt.Println(reply.GetText())
	return nil
}
