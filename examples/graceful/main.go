// Graceful finishes what it has begun when it is told to stop: at SIGTERM it answers no new calls, lets those in
// progress end, and exits.
//
//	go run ./examples/graceful
//	zrpc -j tcp://127.0.0.1:4242 work 5 &    # then: kill the server; the answer still comes
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/zrpc-go/zrpc/zrpc"
)

// work takes its time, but not longer than the server gives it.
func work(ctx context.Context, seconds float64) (string, error) {
	select {
	case <-time.After(time.Duration(seconds * float64(time.Second))):
		return "done", nil
	case <-ctx.Done(): // the caller is gone, or Grace is over
		return "", context.Cause(ctx)
	}
}

// newServer returns the service. Grace is below the time that an orchestrator lets pass between SIGTERM and SIGKILL,
// which is 30 s with Kubernetes and 10 s with Docker.
func newServer(work func(context.Context, float64) (string, error)) (*zrpc.Server, error) {
	srv := zrpc.NewServer(&zrpc.ServerOptions{Grace: 8 * time.Second})
	return srv, srv.Handle("work", work)
}

// untilSignal returns a context that ends at SIGTERM or Ctrl-C; a second one kills the process as ever.
func untilSignal() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

func main() {
	ctx, stop := untilSignal()
	defer stop()
	srv, err := newServer(work)
	if err != nil {
		log.Fatal(err)
	}
	addr, err := srv.Bind("tcp://127.0.0.1:4242")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("serving on", addr)
	if err := srv.Serve(ctx); err != nil { // returns when all is answered, or Grace is over
		log.Fatal(err)
	}
	fmt.Println("drained")
}
