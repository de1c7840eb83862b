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

type thermometer struct {
	pb.UnimplementedThermometerServer
}

func (thermometer) Convert(ctx context.Context, in *pb.Celsius) (*pb.Fahrenheit, error) {
	if in.GetDegrees() < -273.15 {
		return nil, status.Error(codes.InvalidArgument, "below absolute zero")
	}
	return &pb.Fahrenheit{Degrees: in.GetDegrees()*9/5 + 32}, nil
}

func (thermometer) Watch(in *pb.WatchRequest, out grpc.ServerStreamingServer[pb.Reading]) error {
	for i := range in.GetN() {
		if err := out.Send(&pb.Reading{N: i, Celsius: 20 + float64(i)}); err != nil {
			return err
		}
	}
	return nil
}

func (thermometer) Smooth(talk grpc.BidiStreamingServer[pb.Celsius, pb.Celsius]) error {
	n, sum := 0.0, 0.0
	for {
		in, err := talk.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		n, sum = n+1, sum+in.GetDegrees()
		if err := talk.Send(&pb.Celsius{Degrees: sum / n}); err != nil {
			return err
		}
	}
}

func useThermometer(ctx context.Context, client pb.ThermometerClient) error {
	fahrenheit, err := client.Convert(ctx, &pb.Celsius{Degrees: 20})
	if err != nil {
		return err
	}
	fmt.Println(fahrenheit.GetDegrees())

	watch, err := client.Watch(ctx, &pb.WatchRequest{N: 3})
	if err != nil {
		return err
	}
	for {
		reading, err := watch.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		fmt.Println(reading.GetN(), reading.GetCelsius())
	}

	smooth, err := client.Smooth(ctx)
	if err != nil {
		return err
	}
	go func() {
		for _, celsius := range []float64{20, 22, 27} {
			if smooth.Send(&pb.Celsius{Degrees: celsius}) != nil {
				return
			}
		}
		smooth.CloseSend()
	}()
	for {
		mean, err := smooth.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		fmt.Println(mean.GetDegrees())
	}
	return nil
}
