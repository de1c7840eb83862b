package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log"
	"os"
	"os/signal"

	"github.com/zrpc-go/zrpc/zrpc"
)

const endpoint = "tcp://127.0.0.1:4242"

// Remote is the client's side of Calculator.
type Remote struct {
	Add     func(ctx context.Context, a, b int) (int, error)
	Divide  func(ctx context.Context, a, b float64) (float64, error)
	Squares func(ctx context.Context, numbers ...int) iter.Seq2[int, error]
}

func main() {
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	run := serve
	if len(os.Args) == 2 && os.Args[1] == "client" {
		run = use
	}
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
}

func serve(ctx context.Context) error {
	srv := zrpc.NewServer(nil)
	if err := srv.Register(Calculator{}); err != nil {
		return err
	}
	addr, err := srv.Bind(endpoint)
	if err != nil {
		return err
	}
	log.Println("serving on", addr)
	return srv.Serve(ctx)
}

func use(ctx context.Context) error {
	client, err := zrpc.Dial(ctx, endpoint)
	if err != nil {
		return err
	}
	defer client.Close()
	var calc Remote
	if err := client.Stub(&calc); err != nil {
		return err
	}
	sum, err := calc.Add(ctx, 1, 2)
	fmt.Println("1 + 2 =", sum, err)
	for square, err := range calc.Squares(ctx, 1, 2, 3) {
		fmt.Println("square", square, err)
	}
	_, err = calc.Divide(ctx, 1, 0)
	var remote *zrpc.RemoteError
	if errors.As(err, &remote) {
		fmt.Println("1 / 0 is a", remote.Name)
	}
	return nil
}
