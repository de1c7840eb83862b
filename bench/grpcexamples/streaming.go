package grpcexamples

import (
	"context"
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/zrpc-go/zrpc/bench/grpcexamples/pb"
)

type counter struct {
	pb.UnimplementedCounterServer
}

func (counter) StreamingRange(in *pb.RangeRequest, out grpc.ServerStreamingServer[pb.Number]) error {
	for n := in.GetFrom(); n < in.GetTo(); n += in.GetStep() {
		if err := out.Send(&pb.Number{Value: n}); err != nil {
			return err
		}
	}
	return nil
}

func (counter) Countdown(in *pb.Number, out grpc.ServerStreamingServer[pb.Number]) error {
	for n := in.GetValue(); n > 0; n-- {
		if err := out.Send(&pb.Number{Value: n}); err != nil {
			return err
		}
	}
	return status.Error(codes.FailedPrecondition, "no rocket")
}

func countdown(ctx context.Context, client pb.CounterClient) error {
	down, err := client.Countdown(ctx, &pb.Number{Value: 2})
	if err != nil {
		return err
	}
	for {
		n, err := down.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			s := status.Convert(err)
			fmt.Println("the service failed:", s.Code(), s.Message())
			return nil
		}
		fmt.Println(n.GetValue())
	}
}

func enough(ctx context.Context, client pb.CounterClient) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // or the stream leaks
	count, err := client.StreamingRange(ctx, &pb.RangeRequest{From: 0, To: 1 << 40, Step: 1})
	if err != nil {
		return err
	}
	for {
		n, err := count.Recv()
		if err != nil {
			return err
		}
		if n.GetValue() == 1000 {
			break
		}
	}
	fmt.Println("enough")
	return nil
}
