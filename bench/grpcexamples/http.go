package grpcexamples

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"google.golang.org/grpc"
)

// serveBoth serves rpc and web until ctx ends, and then lets what runs come to its end.
func serveBoth(ctx context.Context, srv *grpc.Server, routes http.Handler, rpc, ln net.Listener) error {
	ctx, stop := context.WithCancel(ctx)
	web := &http.Server{Handler: routes, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() {
		failed <- web.Serve(ln)
		stop() // neither goes on without the other
	}()
	context.AfterFunc(ctx, srv.GracefulStop)
	err := srv.Serve(rpc) // returns when GracefulStop has
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err = errors.Join(err, web.Shutdown(grace))
	if e := <-failed; !errors.Is(e, http.ErrServerClosed) {
		err = errors.Join(err, e)
	}
	return err
}
