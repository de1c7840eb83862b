package grpcexamples

import (
	"context"
	"net"
	"time"

	"google.golang.org/grpc"

	"github.com/zrpc-go/zrpc/bench/grpcexamples/pb"
)

type worker struct {
	pb.UnimplementedWorkerServer
}

func (worker) Work(ctx context.Context, in *pb.WorkRequest) (*pb.WorkReply, error) {
	select {
	case <-time.After(time.Duration(in.GetSeconds() * float64(time.Second))):
		return &pb.WorkReply{Text: "done"}, nil
	case <-ctx.Done(): // the caller is gone, or the grace is over
		return nil, ctx.Err()
	}
}

func serveGracefully(ctx context.Context, srv *grpc.Server, ln net.Listener) error {
	context.AfterFunc(ctx, func() {
		kill := time.AfterFunc(8*time.Second, srv.Stop)
		defer kill.Stop()
		srv.GracefulStop()
	})
	return srv.Serve(ln) // returns when all is answered, or the grace is over
}
