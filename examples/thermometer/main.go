// Thermometer is the service of docs/grpc.md, which shows it beside the same in gRPC.
//
//	go run ./examples/thermometer            # serves until interrupted
//	go run ./examples/thermometer client     # calls it
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"

	"github.com/zrpc-go/zrpc/zrpc"
)

const endpoint = "tcp://127.0.0.1:4242"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	run := serve
	if len(os.Args) == 2 && os.Args[1] == "client" {
		run = use
	}
	if err := run(ctx, endpoint); err != nil {
		log.Fatal(err)
	}
}

func use(ctx context.Context, endpoint string) error {
	client, err := zrpc.Dial(ctx, endpoint)
	if err != nil {
		return err
	}
	defer client.Close()

	fahrenheit, err := zrpc.Call[float64](ctx, client, "convert", 20.0)
	if err != nil {
		return err
	}
	fmt.Println(fahrenheit)

	for reading, err := range zrpc.Stream[Reading](ctx, client, "watch", 3) {
		if err != nil {
			return err
		}
		fmt.Println(reading.N, reading.Celsius)
	}

	smooth, err := zrpc.Open[float64, float64](ctx, client, "smooth")
	if err != nil {
		return err
	}
	go func() {
		for _, celsius := range []float64{20, 22, 27} {
			if smooth.Send(celsius) != nil {
				return
			}
		}
		smooth.CloseSend()
	}()
	for mean, err := range smooth.All() {
		if err != nil {
			return err
		}
		fmt.Println(mean)
	}
	return nil
}
