package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"syscall"

	"github.com/zrpc-go/zrpc/zrpc"
)

// The process gets SIGTERM in the middle of a call.
func Example() {
	ctx, stop := untilSignal()
	defer stop()
	begun, finish := make(chan bool), make(chan bool)
	srv, err := newServer(func(ctx context.Context, _ float64) (string, error) {
		begun <- true
		select {
		case <-finish:
			return "done", nil
		case <-ctx.Done():
			return "", ctx.Err()
		}
	})
	if err != nil {
		log.Fatal(err)
	}
	addr, err := srv.Bind("tcp://127.0.0.1:*")
	if err != nil {
		log.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ctx) }()
	client, err := zrpc.Dial(context.Background(), addr)
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	answered := make(chan string, 1)
	go func() {
		text, err := zrpc.Call[string](context.Background(), client, "work", 5)
		answered <- fmt.Sprint("the call in progress: ", text, " ", err)
	}()
	<-begun
	self, _ := os.FindProcess(os.Getpid())
	self.Signal(syscall.SIGTERM)
	<-ctx.Done()
	for { // the server learns of it at the same time as we do
		_, err := zrpc.Call[string](context.Background(), client, "nothing")
		var remote *zrpc.RemoteError
		if errors.As(err, &remote) && remote.Name == "ServerStopping" {
			fmt.Println("a new call:", remote.Name)
			break
		}
	}
	close(finish)
	fmt.Println(<-answered)
	fmt.Println("Serve:", <-served)
	// Output:
	// a new call: ServerStopping
	// the call in progress: done <nil>
	// Serve: <nil>
}
