package grpcexamples

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"google.golang.org/grpc"

	"github.com/zrpc-go/zrpc/bench/grpcexamples/pb"
)

type room struct {
	pb.UnimplementedRoomServer

	mu sync.Mutex // guards the field below

	members map[chan string]bool
}

func (r *room) Join(talk grpc.BidiStreamingServer[pb.Line, pb.Line]) error {
	first, err := talk.Recv()
	if err != nil {
		return err
	}
	name := first.GetText()
	inbox := make(chan string, 100)
	r.enter(inbox, name)
	defer r.leave(inbox, name)
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		for {
			line, err := talk.Recv() // fails when the call is over, at the latest
			if err != nil {
				return
			}
			r.say(name + ": " + line.GetText())
		}
	}()
	for {
		select {
		case text := <-inbox:
			if err := talk.Send(&pb.Line{Text: text}); err != nil {
				return err
			}
		case <-gone:
			return nil
		case <-talk.Context().Done():
			return talk.Context().Err()
		}
	}
}

func member(ctx context.Context, client pb.RoomClient, name string, in io.Reader) error {
	talk, err := client.Join(ctx)
	if err != nil {
		return err
	}
	if err := talk.Send(&pb.Line{Text: name}); err != nil {
		return err
	}
	go func() { // Send and Recv may run side by side
		lines := bufio.NewScanner(in)
		for lines.Scan() && talk.Send(&pb.Line{Text: lines.Text()}) == nil {
		}
		talk.CloseSend()
	}()
	for {
		line, err := talk.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		fmt.Println(line.GetText())
	}
}
