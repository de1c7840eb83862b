package grpcexamples

import (
	"context"
	"slices"
	"strings"
	"sync"

	"google.golang.org/grpc"

	"github.com/zrpc-go/zrpc/bench/grpcexamples/pb"
)

type weather struct {
	pb.UnimplementedWeatherServer

	mu sync.Mutex // guards the field below

	followers map[chan *pb.Report][]string // the topics of each; none: all
}

func (w *weather) Follow(in *pb.FollowRequest, out grpc.ServerStreamingServer[pb.Report]) error {
	reports := make(chan *pb.Report, 1000)
	w.mu.Lock()
	w.followers[reports] = in.GetTopics()
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		delete(w.followers, reports)
		w.mu.Unlock()
	}()
	for {
		select {
		case report := <-reports:
			if err := out.Send(report); err != nil {
				return err
			}
		case <-out.Context().Done():
			return out.Context().Err()
		}
	}
}

// publish never waits: who is a thousand reports behind misses this one.
func (w *weather) publish(topic string, report *pb.Report) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for reports, topics := range w.followers {
		wanted := func(prefix string) bool { return strings.HasPrefix(topic, prefix) }
		if len(topics) > 0 && !slices.ContainsFunc(topics, wanted) {
			continue
		}
		select {
		case reports <- report:
		default:
		}
	}
}

func follow(ctx context.Context, client pb.WeatherClient, handle func(*pb.Report), topics ...string) error {
	reports, err := client.Follow(ctx, &pb.FollowRequest{Topics: topics})
	if err != nil {
		return err
	}
	for {
		report, err := reports.Recv()
		if err != nil {
			return err // to follow on after a broken connection, begin again
		}
		handle(report)
	}
}
