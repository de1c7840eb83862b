package main

import (
	"context"
	"iter"
	"log"

	"github.com/zrpc-go/zrpc/zrpc"
)

// start runs a server whose answers say its name.
func start(ctx context.Context, name string) (srv *zrpc.Server, addr string) {
	srv = zrpc.NewServer(&zrpc.ServerOptions{Name: name})
	srv.Handle("who", func() string { return name })
	srv.Handle("whose", func(n int) iter.Seq[string] {
		return func(yield func(string) bool) {
			for n > 0 && yield(name) {
				n--
			}
		}
	})
	addr, err := srv.Bind("tcp://127.0.0.1:*")
	if err != nil {
		log.Fatal(err)
	}
	go srv.Serve(ctx)
	return srv, addr
}
