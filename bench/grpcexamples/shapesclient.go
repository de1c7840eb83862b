package grpcexamples

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/zrpc-go/zrpc/bench/grpcexamples/pb"
)

func useShapes(ctx context.Context, client pb.ShapesClient, numbers ...int64) error {
	sum, err := client.Add(ctx, &pb.AddRequest{A: 1, B: 2})
	fmt.Println(sum.GetValue(), err)

	count, err := client.Count(ctx, &pb.Number{Value: 3})
	if err != nil {
		return err
	}
	for {
		n, err := count.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		fmt.Println("count", n.GetValue())
	}

	upload, err := client.Sum(ctx)
	if err != nil {
		return err
	}
	for _, n := range numbers {
		if upload.Send(&pb.Number{Value: n}) != nil {
			break // CloseAndRecv has the reason
		}
	}
	sum, err = upload.CloseAndRecv()
	fmt.Println(sum.GetValue(), err)

	sums, err := client.Sums(ctx)
	if err != nil {
		return err
	}
	go func() {
		for _, n := range numbers {
			if sums.Send(&pb.Number{Value: n}) != nil {
				return // Recv has the reason
			}
		}
		sums.CloseSend()
	}()
	for {
		sum, err := sums.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		fmt.Println("so far", sum.GetValue())
	}
}
