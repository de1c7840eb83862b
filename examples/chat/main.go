// Chat is a room on the network: what each member says goes to all, in a call with a stream in both directions.
//
//	go run ./examples/chat          # the room
//	go run ./examples/chat ann      # a member: lines of the terminal go out, others' come in
package main

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"

	"github.com/zrpc-go/zrpc/zrpc"
)

const endpoint = "tcp://127.0.0.1:4242"

func main() {
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if len(os.Args) == 2 {
		err = member(ctx, os.Args[1])
	} else {
		err = room(ctx)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func room(ctx context.Context) error {
	srv := zrpc.NewServer(nil)
	if err := srv.Register(new(Room)); err != nil {
		return err
	}
	addr, err := srv.Bind(endpoint)
	if err != nil {
		return err
	}
	log.Println("the room is at", addr)
	return srv.Serve(ctx)
}

func member(ctx context.Context, name string) error {
	client, err := zrpc.Dial(ctx, endpoint)
	if err != nil {
		return err
	}
	defer client.Close()
	talk, err := zrpc.Open[string, string](ctx, client, "join", name)
	if err != nil {
		return err
	}
	go func() { // Send and Recv may run side by side
		lines := bufio.NewScanner(os.Stdin)
		for lines.Scan() && talk.Send(lines.Text()) == nil {
		}
		talk.CloseSend()
	}()
	for text, err := range talk.All() {
		if err != nil {
			return err
		}
		fmt.Println(text)
	}
	return nil
}
