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

type calculator struct {
	pb.UnimplementedCalculatorServer
}

func (calculator) Add(ctx context.Context, in *pb.AddRequest) (*pb.Number, error) {
	return &pb.Number{Value: in.GetA() + in.GetB()}, nil
}

func (calculator) Divide(ctx context.Context, in *pb.DivideRequest) (*pb.Quotient, error) {
	if in.GetB() == 0 {
		return nil, status.Error(codes.InvalidArgument, "division by zero")
	}
	return &pb.Quotient{Value: in.GetA() / in.GetB()}, nil
}

func (calculator) Squares(in *pb.Numbers, out grpc.ServerStreamingServer[pb.Number]) error {
	for _, n := range in.GetValues() {
		if err := out.Send(&pb.Number{Value: n * n}); err != nil {
			return err
		}
	}
	return nil
}

func useCalculator(ctx context.Context, conn *grpc.ClientConn) error {
	calc := pb.NewCalculatorClient(conn)
	sum, err := calc.Add(ctx, &pb.AddRequest{A: 1, B: 2})
	fmt.Println("1 + 2 =", sum.GetValue(), err)
	squares, err := calc.Squares(ctx, &pb.Numbers{Values: []int64{1, 2, 3}})
	if err != nil {
		return err
	}
	for {
		square, err := squares.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		fmt.Println("square", square.GetValue())
	}
	_, err = calc.Divide(ctx, &pb.DivideRequest{A: 1, B: 0})
	if status.Code(err) == codes.InvalidArgument {
		fmt.Println("1 / 0 is an", status.Code(err))
	}
	return nil
}
