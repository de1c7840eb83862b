package interop

import (
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/socket"
	"github.com/zrpc-go/zrpc/interop/peer"
	"github.com/zrpc-go/zrpc/zrpc"
)

// beat is the heartbeat of these tests: short, but long beside what a crowded
// machine takes to run a process.
const beat = time.Second

// slack is what a crowded machine may add to a deadline. The exact times are
// those of package stream's tests, which have fake time.
const slack = 2 * time.Second

// lost checks that an error is LostRemote.
func lost(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, zrpc.ErrLostRemote) {
		t.Errorf("got %v, want LostRemote", err)
	}
}

// within checks that a loss was found in time: three heartbeats.
func within(t *testing.T, took, limit time.Duration) {
	t.Helper()
	if took > limit+slack {
		t.Errorf("the loss was found after %v, want at most %v", took, limit)
	}
}

// ways are how a peer can go.
var ways = []struct {
	name string
	do   func(*peer.Process)
}{
	{"killed", (*peer.Process).Kill},
	{"stopped", (*peer.Process).Pause}, // its connections stay open
}

// foreignServers are the real servers with the heartbeat of these tests.
var foreignServers = []struct {
	name  string
	start func(testing.TB) *peer.Process
}{
	{"python", func(t testing.TB) *peer.Process {
		return peer.Python(t, "server.py", "--bind", anyPort, "--heartbeat", fmt.Sprint(beat.Seconds()))
	}},
	{"node", func(t testing.TB) *peer.Process {
		return peer.Node(t, "server.js", "--bind", anyPort, "--heartbeat", fmt.Sprint(beat.Seconds()))
	}},
}

// foreignClients are drivers of the real clients, and what they call a loss.
var foreignClients = []struct {
	name  string
	start func(testing.TB) *peer.Driver
	loss  string
	leaks string // channels that the client itself forgets when a call is lost
}{
	{"python", peer.PythonClient, "LostRemote", `{"channels": 1}`}, // it closes streams and timeouts, not calls
	{"node", peer.NodeClient, "HeartbeatError", `{"channels": 0}`},
}

// TestServerLost: a real server goes in the middle of our client's call and
// stream; both end with LostRemote in at most three heartbeats.
func TestServerLost(t *testing.T) {
	t.Parallel()
	for _, of := range foreignServers {
		for _, way := range ways {
			t.Run(of.name+" "+way.name, func(t *testing.T) {
				t.Parallel()
				server := of.start(t)
				c := ourClient(t, server.Endpoint(), zrpc.ClientOptions{Heartbeat: beat})
				called, streamed := make(chan error, 1), make(chan error, 1)
				go func() {
					_, err := zrpc.Call[any](t.Context(), c, "sleep", 60)
					called <- err
				}()
				go func() {
					var last error
					for _, err := range zrpc.Stream[int](t.Context(), c, "slow_stream", 1000, 0.1) {
						last = err
					}
					streamed <- last
				}()
				server.WaitMethod(10*time.Second, "sleep", "begin")
				server.WaitMethod(10*time.Second, "slow_stream", "begin")
				begun := time.Now()
				way.do(server)
				lost(t, <-called)
				within(t, time.Since(begun), 3*beat)
				lost(t, <-streamed)
				within(t, time.Since(begun), 3*beat)
			})
		}
	}
}

// TestOurServerLost: our server goes in the middle of a real client's call and
// stream, which must see it as they see any server go, and have nothing left.
func TestOurServerLost(t *testing.T) {
	t.Parallel()
	for _, of := range foreignClients {
		for _, way := range ways {
			t.Run(of.name+" "+way.name, func(t *testing.T) {
				t.Parallel()
				server := peer.Self(t, "server", anyPort, beat.String())
				client := of.start(t)
				client.Must("new", peer.Args{"client": "c", "endpoint": server.Endpoint(), "heartbeat": beat.Seconds()})
				called := client.Start("call", call("sleep", 60))
				streamed := client.Start("stream", with(call("slow_stream", 1000, 0.1), "progress", true))
				server.WaitMethod(10*time.Second, "sleep", "begin")
				streamed.WaitProgress(10 * time.Second)
				begun := time.Now()
				way.do(server)
				if o := called.Wait(10 * time.Second); o.Error == nil || o.Error.Type != of.loss {
					t.Errorf("the call: %+v, want %s", o, of.loss)
				}
				within(t, time.Since(begun), 3*beat)
				if s := streamed.Wait(10 * time.Second).Stream(t); s.Error == nil || s.Error.Type != of.loss {
					t.Errorf("the stream: %+v, want %s", s, of.loss)
				}
				within(t, time.Since(begun), 3*beat)
				same(t, "open channels", client.Must("stats", peer.Args{"client": "c"}), of.leaks)
			})
		}
	}
}

// TestClientLost: a real client goes in the middle of its call and stream; our
// handlers' contexts end in at most three heartbeats and nothing stays behind.
func TestClientLost(t *testing.T) {
	t.Parallel()
	for _, of := range foreignClients {
		for _, way := range ways {
			t.Run(of.name+" "+way.name, func(t *testing.T) {
				t.Parallel()
				s := ourServer(t, beat)
				client := of.start(t)
				client.Must("new", peer.Args{"client": "c", "endpoint": s.bind(t), "heartbeat": beat.Seconds()})
				client.Start("call", call("sleep", 60))
				s.waitNote(t, 10*time.Second, "begin sleep")
				begun := time.Now()
				way.do(client.Process)
				s.waitNote(t, 10*time.Second, "lost sleep")
				within(t, time.Since(begun), 3*beat)
				eventually(t, slack, "the server holds no call", func() bool { return s.srv.Stats().Calls == 0 })
				if way.name == "killed" {
					eventually(t, slack, "the server holds no connection", func() bool { return s.srv.Stats().Conns == 0 })
				}
			})
		}
	}
}

// TestOurClientLost: our client goes in the middle of its call or stream; a real
// server must see it as it sees any client go.
func TestOurClientLost(t *testing.T) {
	t.Parallel()
	for _, way := range ways {
		for _, method := range []string{"sleep", "slow_stream"} {
			t.Run("python server, "+method+", client "+way.name, func(t *testing.T) {
				t.Parallel()
				server := foreignServers[0].start(t)
				client := peer.Self(t, "client", server.Endpoint(), beat.String(), method)
				server.WaitMethod(10*time.Second, method, "begin")
				begun := time.Now()
				way.do(client)
				waitEnded(server, method)
				within(t, time.Since(begun), 3*beat)
				holdsNothing(t, server)
			})
		}
	}
}

// TestEarlyStopEndsServer: our client leaves a stream, and Python's generator
// ends as if its client had died, in at most three heartbeats.
func TestEarlyStopEndsServer(t *testing.T) {
	t.Parallel()
	server := foreignServers[0].start(t)
	c := ourClient(t, server.Endpoint(), zrpc.ClientOptions{Heartbeat: beat})
	for _, err := range zrpc.Stream[int](t.Context(), c, "slow_stream", 1000, 0.1) {
		if err != nil {
			t.Fatal(err)
		}
		break
	}
	begun := time.Now()
	waitEnded(server, "slow_stream")
	within(t, time.Since(begun), 3*beat)
	holdsNothing(t, server)
}

// TestEarlyStopEndsOurs: a Python client leaves a stream of our server and stays
// connected; the iterator is ended in at most three heartbeats.
func TestEarlyStopEndsOurs(t *testing.T) {
	t.Parallel()
	s := ourServer(t, beat)
	client := peer.PythonClient(t)
	client.Must("new", peer.Args{"client": "c", "endpoint": s.bind(t), "heartbeat": beat.Seconds()})
	client.Must("stream", with(call("slow_stream", 1000, 0.1), "limit", 2))
	begun := time.Now()
	s.waitNote(t, 10*time.Second, "lost slow_stream")
	within(t, time.Since(begun), 3*beat)
	eventually(t, slack, "the server holds no call", func() bool { return s.srv.Stats().Calls == 0 })
	same(t, "the next call", client.Must("call", call("hello", "RPC")), `"Hello, RPC"`)
}

// waitEnded waits until a Python method was ended from outside: by LostRemote
// where it waits itself, by GeneratorExit where zerorpc waits for credit.
func waitEnded(server *peer.Process, method string) {
	server.WaitNote(10*time.Second, "end of "+method, func(n peer.Note) bool {
		return n.Method == method && n.Note != "begin"
	})
}

// holdsNothing asks a Python server what it holds, but for this very call.
func holdsNothing(t *testing.T, server *peer.Process) {
	t.Helper()
	c := ourClient(t, server.Endpoint(), zrpc.ClientOptions{})
	var got map[string]int
	eventually(t, 2*slack, "the server holds nothing but the question", func() bool {
		var err error
		if got, err = zrpc.Call[map[string]int](t.Context(), c, "stats"); err != nil {
			t.Fatal(err)
		}
		return got["channels"] == 1 && got["tasks"] == 1
	})
}

// TestServerComesLater: a client is there before its server, which is then
// killed and comes again at the same place.
func TestServerComesLater(t *testing.T) {
	t.Parallel()
	at := freeEndpoint(t)
	c := ourClient(t, at, zrpc.ClientOptions{Heartbeat: 5 * time.Second})
	for round := range 2 {
		called := make(chan error, 1)
		go func() {
			_, err := zrpc.Call[string](t.Context(), c, "hello", "RPC")
			for errors.Is(err, zrpc.ErrLostRemote) && round > 0 {
				// Sent before the client saw the last server's end.
				_, err = zrpc.Call[string](t.Context(), c, "hello", "RPC")
			}
			called <- err
		}()
		server := peer.Python(t, "server.py", "--bind", at)
		select {
		case err := <-called:
			if err != nil {
				t.Errorf("round %d: %v", round, err)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("round %d: no answer", round)
		}
		server.Kill()
	}
}

// TestOurServerComesLater is the same with the real clients.
func TestOurServerComesLater(t *testing.T) {
	t.Parallel()
	for _, of := range foreignClients {
		t.Run(of.name, func(t *testing.T) {
			t.Parallel()
			at := freeEndpoint(t)
			client := of.start(t)
			client.Must("new", peer.Args{"client": "c", "endpoint": at})
			for range 2 {
				called := client.Start("call", call("hello", "RPC"))
				server := peer.Self(t, "server", at, beat.String())
				o := called.Wait(10 * time.Second)
				if o.Error != nil {
					t.Fatalf("the call: %v", o.Error)
				}
				same(t, "hello", o.OK, `"Hello, RPC"`)
				server.Kill()
			}
		})
	}
}

// TestCutStream: a connection that is closed in the middle of a stream, in good
// order as a dying process's are, is a loss and never the end of the stream: what
// was read so far is not all.
func TestCutStream(t *testing.T) {
	t.Parallel()
	server := socket.NewRouter(socket.Options{})
	at, err := server.Bind(anyPort)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	c := ourClient(t, at, zrpc.ClientOptions{})
	items := make(chan error, 10)
	go func() {
		defer close(items)
		for _, err := range zrpc.Stream[int](t.Context(), c, "streaming_range", 0, 10) {
			items <- err
		}
	}()
	frames, err := server.Recv(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var request event.Event
	if err := event.Parse(frames[len(frames)-1], &request); err != nil {
		t.Fatal(err)
	}
	body := event.AppendHead(nil, &event.Head{ID: []byte("1"), ResponseTo: request.ID, Name: "STREAM"})
	if err := server.Send(t.Context(), frames[0], nil, event.AppendInt(body, 0)); err != nil {
		t.Fatal(err)
	}
	if err := <-items; err != nil {
		t.Fatalf("the first item: %v", err)
	}
	if _, err := server.Recv(t.Context()); err != nil { // the credit: nothing is unread, so the end is no reset
		t.Fatal(err)
	}
	server.Close()
	err, more := <-items
	if !more {
		t.Fatal("the stream ended well after 1 item of 10")
	}
	lost(t, err)
}

// TestCutUpload is the same the other way round: a caller that streams to a
// handler is gone, and the handler must not take what came for all there was.
func TestCutUpload(t *testing.T) {
	t.Parallel()
	s := ourServer(t, 0)
	begun, ended := make(chan struct{}, 1), make(chan error, 1)
	err := s.srv.Handle("collect", func(items iter.Seq2[int, error]) (int, error) {
		count := 0
		for _, err := range items {
			if err != nil {
				ended <- err
				return 0, err
			}
			count++
			begun <- struct{}{}
		}
		ended <- nil
		return count, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	client := socket.NewDealer(socket.Options{})
	defer client.Close()
	if err := client.Connect(s.bind(t)); err != nil {
		t.Fatal(err)
	}
	request := event.AppendArrayHeader(event.AppendHead(nil, &event.Head{ID: []byte("1"), Name: "collect"}), 0)
	item := event.AppendInt(event.AppendHead(nil, &event.Head{ID: []byte("2"), ResponseTo: event.AppendBin(nil, []byte("1")), Name: "STREAM"}), 7)
	for _, body := range [][]byte{request, item} {
		if err := client.Send(t.Context(), nil, body); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case <-begun:
	case err := <-ended:
		t.Fatalf("the handler ended before its first item: %v", err)
	case <-time.After(10 * time.Second):
		t.Fatal("the handler got no item")
	}
	if _, err := client.Recv(t.Context()); err != nil { // credit or not, all is read
		t.Fatal(err)
	}
	client.Close()
	select {
	case err := <-ended:
		if err == nil {
			t.Fatal("the stream of a lost caller ended well")
		}
		lost(t, err)
	case <-time.After(10 * time.Second):
		t.Fatal("the handler was not told that its caller is gone")
	}
}
