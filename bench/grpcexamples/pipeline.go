package grpcexamples

import (
	"context"
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc"

	"github.com/zrpc-go/zrpc/bench/grpcexamples/pb"
)

type tasks struct {
	pb.UnimplementedTasksServer

	todo chan int64
	done chan int64
}

func (s *tasks) Work(worker grpc.BidiStreamingServer[pb.Squared, pb.Task]) error {
	for n := range s.todo {
		err := worker.Send(&pb.Task{N: n})
		var result *pb.Squared
		if err == nil {
			result, err = worker.Recv()
		}
		if err != nil {
			s.todo <- n // for another worker
			return err
		}
		s.done <- result.GetSquare()
	}
	return nil
}

func (s *tasks) run(tasks int) {
	for n := range tasks {
		s.todo <- int64(n)
	}
	sum := int64(0)
	for range tasks {
		sum += <-s.done
	}
	close(s.todo)
	fmt.Println("sum of squares", sum)
}

func work(ctx context.Context, client pb.TasksClient) error {
	tasks, err := client.Work(ctx)
	if err != nil {
		return err
	}
	for {
		task, err := tasks.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := tasks.Send(&pb.Squared{Square: task.GetN() * task.GetN()}); err != nil {
			return err
		}
	}
}
