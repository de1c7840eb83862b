package grpcexamples

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/zrpc-go/zrpc/bench/grpcexamples/pb"
)

// Ann says two lines and goes, and hears herself.
func Example_chat() {
	conn, end := connected(func(s *grpc.Server) { pb.RegisterRoomServer(s, new(room)) })
	defer end()
	talk, err := pb.NewRoomClient(conn).Join(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	hear := func() {
		line, err := talk.Recv()
		fmt.Println("bob hears", line.GetText(), err)
	}
	talk.Send(&pb.Line{Text: "bob"})
	hear()
	// A line on which the room closes may not be answered: ann waits for hers.
	heard, in := io.Pipe()
	ann := make(chan error)
	go func() { ann <- member(context.Background(), pb.NewRoomClient(conn), "ann", heard) }()
	hear()
	io.Copy(in, strings.NewReader("hello\n"))
	hear()
	talk.Send(&pb.Line{Text: "hello, ann"})
	hear()
	in.Close()
	hear()
	if err := <-ann; err != nil {
		fmt.Println(err)
	}
	// Unordered output:
	// bob hears bob joined <nil>
	// bob hears ann joined <nil>
	// ann joined
	// bob hears ann: hello <nil>
	// ann: hello
	// bob hears bob: hello, ann <nil>
	// bob: hello, ann
	// bob hears ann left <nil>
}

// What examples/pubsub prints.
func Example_pubsub() {
	w := &weather{followers: map[chan *pb.Report][]string{}}
	conn, end := connected(func(s *grpc.Server) { pb.RegisterWeatherServer(s, w) })
	defer end()
	ctx, stop := context.WithCancel(context.Background())
	followed := make(chan error)
	go func() {
		followed <- follow(ctx, pb.NewWeatherClient(conn), func(r *pb.Report) {
			fmt.Println(r.GetCity(), r.GetDegrees())
			if r.GetDegrees() == 19 {
				stop()
			}
		}, "eu.")
	}()
	for followers := 0; followers == 0; <-time.After(time.Millisecond) {
		w.mu.Lock()
		followers = len(w.followers)
		w.mu.Unlock()
	}
	for n, city := range []struct{ topic, name string }{
		{"eu.fr.", "Paris"}, {"eu.de.", "Berlin"}, {"us.", "Chicago"}, {"eu.fr.", "Paris"}, {"eu.de.", "Berlin"},
	} {
		w.publish(city.topic, &pb.Report{City: city.name, Degrees: int32(15 + n)})
	}
	fmt.Println(status.Code(<-followed) == codes.Canceled)
	// Output:
	// Paris 15
	// Berlin 16
	// Paris 18
	// Berlin 19
	// true
}

// What examples/pipeline prints, although one of the workers goes away with a task.
func Example_pipeline() {
	s := &tasks{todo: make(chan int64, 10), done: make(chan int64)}
	conn, end := connected(func(srv *grpc.Server) { pb.RegisterTasksServer(srv, s) })
	defer end()
	client := pb.NewTasksClient(conn)
	ran := make(chan bool)
	go func() { s.run(10); close(ran) }()
	ctx, leave := context.WithCancel(context.Background())
	defer leave()
	gone, err := client.Work(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	gone.Recv()
	leave()
	worked := make(chan error)
	for range 3 {
		go func() { worked <- work(context.Background(), client) }()
	}
	<-ran
	for range 3 {
		if err := <-worked; err != nil {
			fmt.Println(err)
		}
	}
	// Output: sum of squares 285
}
