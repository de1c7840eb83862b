// Http puts a zrpc service beside the HTTP server that a program has already, under one life: both start together, the
// health check knows of both, and both end together.
//
//	go run ./examples/http
//	curl localhost:8080/healthz
//	zrpc tcp://127.0.0.1:4242 hello RPC
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/zrpc-go/zrpc/zrpc"
)

// hello is served both ways.
func hello(ctx context.Context, name string) (string, error) { return "Hello, " + name, nil }

// routes is the HTTP side.
func routes(ctx context.Context, srv *zrpc.Server) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello/{name}", func(w http.ResponseWriter, r *http.Request) {
		text, err := hello(r.Context(), r.PathValue("name"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprintln(w, text)
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) {
		if ctx.Err() != nil { // stopping: no more traffic to here, please
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		json.NewEncoder(w).Encode(map[string]int{"connections": srv.Stats().Conns})
	})
	return mux
}

// serve serves both until ctx ends, and then lets what runs come to its end.
func serve(ctx context.Context, srv *zrpc.Server, ln net.Listener) error {
	ctx, stop := context.WithCancel(ctx)
	web := &http.Server{Handler: routes(ctx, srv), ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() {
		failed <- web.Serve(ln)
		stop() // neither goes on without the other
	}()
	err := srv.Serve(ctx) // drains before it returns
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err = errors.Join(err, web.Shutdown(grace))
	if e := <-failed; !errors.Is(e, http.ErrServerClosed) {
		err = errors.Join(err, e)
	}
	return err
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	srv := zrpc.NewServer(nil)
	srv.Handle("hello", hello)
	_, err := srv.Bind("tcp://127.0.0.1:4242")
	ln, err2 := net.Listen("tcp", "127.0.0.1:8080")
	if err := errors.Join(err, err2); err != nil {
		log.Fatal(err)
	}
	log.Print(serve(ctx, srv, ln))
}
