package main

import (
	"context"
	"errors"
	"iter"

	"github.com/zrpc-go/zrpc/zrpc"
)

// Thermometer is the service.
type Thermometer struct{}

// Reading is an item of the stream.
type Reading struct {
	N       int     `msgpack:"n"`
	Celsius float64 `msgpack:"celsius"`
}

func (Thermometer) Convert(ctx context.Context, celsius float64) (float64, error) {
	if celsius < -273.15 {
		return 0, errors.New("below absolute zero")
	}
	return celsius*9/5 + 32, nil
}

func (Thermometer) Watch(ctx context.Context, n int) iter.Seq2[Reading, error] {
	return func(yield func(Reading, error) bool) {
		for i := range n {
			if !yield(Reading{i, 20 + float64(i)}, nil) {
				return
			}
		}
	}
}

func (Thermometer) Smooth(ctx context.Context, in iter.Seq2[float64, error]) iter.Seq2[float64, error] {
	return func(yield func(float64, error) bool) {
		n, sum := 0.0, 0.0
		for celsius, err := range in {
			if err != nil { // the caller's stream broke off
				yield(0, err)
				return
			}
			n, sum = n+1, sum+celsius
			if !yield(sum/n, nil) {
				return
			}
		}
	}
}

func serve(ctx context.Context, endpoint string) error {
	srv := zrpc.NewServer(nil)
	if err := srv.Register(Thermometer{}); err != nil {
		return err
	}
	if _, err := srv.Bind(endpoint); err != nil {
		return err
	}
	return srv.Serve(ctx)
}
