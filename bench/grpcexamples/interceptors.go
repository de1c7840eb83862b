package grpcexamples

import (
	"context"
	"log"
	"path"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"github.com/zrpc-go/zrpc/bench/grpcexamples/pb"
)

// logged tells l of every call that is no stream, and what became of it.
func logged(l *log.Logger) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		reply, err := next(ctx, req)
		l.Printf("%s by %q: %v", path.Base(info.FullMethod), user(ctx), err)
		return reply, err
	}
}

// loggedStreams is the same for streams.
func loggedStreams(l *log.Logger) grpc.StreamServerInterceptor {
	return func(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
		err := next(srv, stream)
		l.Printf("%s by %q: %v", path.Base(info.FullMethod), user(stream.Context()), err)
		return err
	}
}

func user(ctx context.Context) string {
	return strings.Join(metadata.ValueFromIncomingContext(ctx, "user"), " ")
}

// retry has calls of Reader repeated, at random times up to 10, 20, 40 ms …: their author knows that they may run twice.
const retry = `{"methodConfig": [{
	"name": [{"service": "examples.v1.Reader"}],
	"retryPolicy": {
		"maxAttempts": 5,
		"initialBackoff": "0.01s",
		"maxBackoff": "1s",
		"backoffMultiplier": 2,
		"retryableStatusCodes": ["UNAVAILABLE"]
	}
}]}`

func newReaderServer(l *log.Logger, reader pb.ReaderServer) *grpc.Server {
	srv := grpc.NewServer(grpc.UnaryInterceptor(logged(l)), grpc.StreamInterceptor(loggedStreams(l)))
	pb.RegisterReaderServer(srv, reader)
	return srv
}

func dialReader(addr string) (*grpc.ClientConn, error) {
	return grpc.NewClient(addr, grpc.WithDefaultServiceConfig(retry),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
}
