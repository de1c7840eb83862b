package grpcexamples

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"

	"github.com/zrpc-go/zrpc/bench/grpcexamples/pb"
)

type shapes struct {
	pb.UnimplementedShapesServer
}

func (shapes) Add(ctx context.Context, in *pb.AddRequest) (*pb.Number, error) {
	return &pb.Number{Value: in.GetA() + in.GetB()}, nil
}

func (shapes) Count(in *pb.Number, out grpc.ServerStreamingServer[pb.Number]) error {
	for i := int64(1); i <= in.GetValue(); i++ {
		if err := out.Send(&pb.Number{Value: i}); err != nil {
			return err
		}
	}
	return nil
}

func (shapes) Sum(numbers grpc.ClientStreamingServer[pb.Number, pb.Number]) error {
	var sum int64
	for {
		n, err := numbers.Recv()
		if errors.Is(err, io.EOF) {
			return numbers.SendAndClose(&pb.Number{Value: sum})
		}
		if err != nil {
			return err
		}
		sum += n.GetValue()
	}
}

func (shapes) Sums(numbers grpc.BidiStreamingServer[pb.Number, pb.Number]) error {
	var sum int64
	for {
		n, err := numbers.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		sum += n.GetValue()
		if err := numbers.Send(&pb.Number{Value: sum}); err != nil {
			return err
		}
	}
}
