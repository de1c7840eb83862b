package ndarray_test

import (
	"context"
	"fmt"
	"log"

	"github.com/zrpc-go/zrpc/ndarray"
	"github.com/zrpc-go/zrpc/zrpc"
)

// Python's side of the call is numpy's own:
//
//	import msgpack_numpy; msgpack_numpy.patch()
//	import numpy, zerorpc
//	client = zerorpc.Client("tcp://127.0.0.1:4242")
//	client.scale(numpy.array([[1.0, 2.0], [3.0, 4.0]]), 10)
func Example() {
	ctx := context.Background()
	srv := zrpc.NewServer(nil)
	srv.Handle("scale", func(a ndarray.Array[float64], by float64) ndarray.Array[float64] {
		for i := range a.Data {
			a.Data[i] *= by
		}
		return a
	})
	addr, err := srv.Bind("tcp://127.0.0.1:*")
	if err != nil {
		log.Fatal(err)
	}
	go srv.Serve(ctx)
	defer srv.Close()
	client, err := zrpc.Dial(ctx, addr)
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	matrix, err := ndarray.Of([]float64{1, 2, 3, 4}, 2, 2)
	if err != nil {
		log.Fatal(err)
	}
	scaled, err := zrpc.Call[ndarray.Array[float64]](ctx, client, "scale", matrix, 10)
	fmt.Println(scaled.Shape, scaled.Data, scaled.At(1, 0), err)
	// Output: [2 2] [10 20 30 40] 30 <nil>
}
