package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"

	"github.com/zrpc-go/zrpc/zrpc"
)

// One function by HTTP and by zerorpc, and the health of both.
func Example() {
	ctx, stop := context.WithCancel(context.Background())
	srv := zrpc.NewServer(nil)
	srv.Handle("hello", hello)
	addr, err := srv.Bind("tcp://127.0.0.1:*")
	if err != nil {
		log.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- serve(ctx, srv, ln) }()
	client, err := zrpc.Dial(ctx, addr)
	if err != nil {
		log.Fatal(err)
	}

	fmt.Println(zrpc.Call[string](ctx, client, "hello", "RPC"))
	fmt.Print(get("http://" + ln.Addr().String() + "/hello/HTTP"))
	fmt.Print(get("http://" + ln.Addr().String() + "/healthz"))
	client.Close()
	stop()
	fmt.Println(<-served)
	// Output:
	// Hello, RPC <nil>
	// 200 OK: Hello, HTTP
	// 200 OK: {"connections":1}
	// <nil>
}

func get(url string) string {
	r, err := http.Get(url)
	if err != nil {
		return err.Error()
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err.Error()
	}
	return r.Status + ": " + string(body)
}
