package grpcexamples

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/zrpc-go/zrpc/bench/grpcexamples/pb"
)

// reader answers every third call.
type reader struct {
	pb.UnimplementedReaderServer
	calls atomic.Int32
}

func (r *reader) Read(context.Context, *pb.ReadRequest) (*pb.ReadReply, error) {
	if r.calls.Add(1)%3 != 0 {
		return nil, status.Error(codes.Unavailable, "try again")
	}
	return &pb.ReadReply{Text: "forty-two"}, nil
}

// The call is repeated until it succeeds, and each attempt logged.
func Example_interceptors() {
	ln := listen()
	srv := newReaderServer(log.New(os.Stdout, "server: ", 0), new(reader))
	go srv.Serve(ln)
	conn, err := dialReader(ln.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	ctx := metadata.AppendToOutgoingContext(context.Background(), "user", "ann")
	reply, err := pb.NewReaderClient(conn).Read(ctx, &pb.ReadRequest{})
	fmt.Println(reply.GetText(), err)
	conn.Close()
	srv.Stop()
	// Output:
	// server: Read by "ann": rpc error: code = Unavailable desc = try again
	// server: Read by "ann": rpc error: code = Unavailable desc = try again
	// server: Read by "ann": <nil>
	// forty-two <nil>
}

// What examples/balancing prints.
func Example_balancing() {
	ctx := context.Background()
	addr1, stop1 := start(func(s *grpc.Server) { pb.RegisterNamedServer(s, named{name: "one"}) })
	addr2, stop2 := start(func(s *grpc.Server) { pb.RegisterNamedServer(s, named{name: "two"}) })
	defer stop2()
	conn, err := dialBoth(addr1, addr2)
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	client := pb.NewNamedClient(conn)
	answers := map[string]int{}
	for len(answers) < 2 { // a connection that is still being made gets no calls
		answers[who(ctx, client)]++
	}
	clear(answers)
	for range 100 {
		answers[who(ctx, client)]++
	}
	fmt.Println("of 100 calls, either server had 20 at least:", answers["one"] >= 20 && answers["two"] >= 20)
	clear(answers)
	names, err := client.Whose(ctx, &pb.Number{Value: 1000})
	for err == nil {
		var name *pb.Name
		if name, err = names.Recv(); err == nil {
			answers[name.GetName()]++
		}
	}
	fmt.Println("1000 items of a stream came from", len(answers), "server")
	stop1()
	clear(answers)
	for range 100 {
		answers[who(ctx, client)]++
	}
	fmt.Println("without the first:", answers)
	// Output:
	// of 100 calls, either server had 20 at least: true
	// 1000 items of a stream came from 1 server
	// without the first: map[two:100]
}

// slow is a worker whose work ends when the test says so.
type slow struct {
	worker
	begun, finish chan bool
}

func (s slow) Work(ctx context.Context, in *pb.WorkRequest) (*pb.WorkReply, error) {
	s.begun <- true
	<-s.finish
	return s.worker.Work(ctx, in)
}

// The call in progress is answered, and Serve returns then.
func Example_graceful() {
	ctx, stop := context.WithCancel(context.Background())
	ln, srv := listen(), grpc.NewServer()
	s := slow{begun: make(chan bool), finish: make(chan bool)}
	pb.RegisterWorkerServer(srv, s)
	served := make(chan error, 1)
	go func() { served <- serveGracefully(ctx, srv, ln) }()
	conn := dial(ln.Addr().String())
	defer conn.Close()
	answered := make(chan string, 1)
	go func() {
		reply, err := pb.NewWorkerClient(conn).Work(context.Background(), &pb.WorkRequest{})
		answered <- fmt.Sprint(reply.GetText(), " ", err)
	}()
	<-s.begun
	stop()
	close(s.finish)
	fmt.Println(<-answered)
	fmt.Println(<-served)
	// Output:
	// done <nil>
	// <nil>
}

// Both are served, and both end; when the web's listener fails, so does the rest.
func Example_http() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	rpc, web, srv := listen(), listen(), grpc.NewServer()
	pb.RegisterGreeterServer(srv, greeter{})
	routes := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "Hello, HTTP") })
	served := make(chan error, 1)
	go func() { served <- serveBoth(ctx, srv, routes, rpc, web) }()
	conn := dial(rpc.Addr().String())
	reply, err := pb.NewGreeterClient(conn).Hello(ctx, &pb.HelloRequest{Name: "RPC"})
	fmt.Println(reply.GetText(), err)
	conn.Close()
	if r, err := http.Get("http://" + web.Addr().String()); err == nil {
		io.Copy(os.Stdout, r.Body)
		r.Body.Close()
	}
	fmt.Println()
	stop()
	fmt.Println(<-served)
	// Output:
	// Hello, RPC <nil>
	// Hello, HTTP
	// <nil>
}
