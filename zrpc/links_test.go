package zrpc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/stream"
)

// named starts a server whose "who" answers name, and whose "hang" tells begun
// and waits.
func named(t *testing.T, endpoint, name string, begun chan<- string) (s *Server, actual string) {
	t.Helper()
	s = NewServer(&ServerOptions{Grace: -1})
	s.Handle("who", func() string { return name })
	s.Handle("hang", func(ctx context.Context) error { begun <- name; <-ctx.Done(); return ctx.Err() })
	actual, err := s.Bind(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(context.Background())
	t.Cleanup(func() { s.Close() })
	return s, actual
}

// eventually calls f until it returns true, for far longer than a loaded machine
// needs.
func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !f() {
		if time.Now().After(deadline) {
			t.Fatal(what)
		}
		time.Sleep(time.Millisecond) // polling with a deadline
	}
}

func TestSeveralServers(t *testing.T) {
	c := NewClient(nil)
	defer c.Close()
	var servers []*Server
	begun := make(chan string, 3)
	for i := range 3 {
		s, endpoint := named(t, "tcp://127.0.0.1:*", fmt.Sprint(i), begun)
		servers = append(servers, s)
		if err := c.Connect(endpoint); err != nil {
			t.Fatal(err)
		}
	}
	who := func() string {
		s, err := Call[string](t.Context(), c, "who")
		if err != nil {
			return err.Error()
		}
		return s
	}
	eventually(t, "not all connections came", func() bool { return len(c.core.links.ready.Load().links) == 3 })
	got := map[string]int{}
	for range 300 {
		got[who()]++
	}
	if got["0"] != 100 || got["1"] != 100 || got["2"] != 100 {
		t.Errorf("calls are not spread evenly: %v", got)
	}
	hanging := make(chan error, 3)
	for range 3 {
		go func() { hanging <- second(Call[any](t.Context(), c, "hang")) }()
	}
	if a, b, c := <-begun, <-begun, <-begun; a == b || a == c || b == c {
		t.Errorf("three calls went to %s, %s and %s", a, b, c)
	}
	servers[1].Close()
	if err := <-hanging; !errors.Is(err, ErrLostRemote) {
		t.Errorf("the call at the server that was closed: %v, want ErrLostRemote", err)
	}
	for range 100 {
		if w := who(); w != "0" && w != "2" {
			t.Errorf("with one server gone: %s", w)
		}
	}
	if len(hanging) != 0 {
		t.Errorf("a call at another server ended: %v", <-hanging)
	}
	c.Close()
	for range 2 {
		if err := <-hanging; !errors.Is(err, ErrClosed) {
			t.Errorf("a call in progress at Close: %v, want ErrClosed", err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// TestServerRestarts has the client come before the server, and the server come
// back.
func TestServerRestarts(t *testing.T) {
	for _, tc := range []struct{ transport, endpoint string }{
		{"tcp", "tcp://127.0.0.1:" + freePort(t)},
		{"ipc", "ipc://" + t.TempDir() + "/sock"},
		{"inproc", "inproc://" + t.Name()},
	} {
		t.Run(tc.transport, func(t *testing.T) {
			c, err := Dial(t.Context(), tc.endpoint)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			for round := range 3 {
				answer := make(chan string, 1)
				go func() {
					s, err := Call[string](t.Context(), c, "who")
					answer <- fmt.Sprint(s, err)
				}()
				begun := make(chan string, 1)
				s, _ := named(t, tc.endpoint, "it", begun)
				if got := <-answer; got != "it<nil>" {
					t.Errorf("round %d: a call that was made before the server came: %s", round, got)
				}
				hanging := make(chan error, 1)
				go func() { hanging <- second(Call[any](t.Context(), c, "hang")) }()
				<-begun
				s.Close()
				if err := <-hanging; !errors.Is(err, ErrLostRemote) {
					t.Errorf("round %d: a call in progress: %v, want ErrLostRemote", round, err)
				}
			}
		})
	}
}

// freePort returns a port that was free a moment ago.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// TestWorkersDialOut turns the connection round: the client is bound, and
// servers connect to it.
func TestWorkersDialOut(t *testing.T) {
	c := NewClient(nil)
	defer c.Close()
	endpoint, err := c.Bind("tcp://127.0.0.1:*")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		s := NewServer(nil)
		s.Handle("who", func() string { return fmt.Sprint("worker ", i) })
		if err := s.Connect(endpoint); err != nil {
			t.Fatal(err)
		}
		served := make(chan error, 1)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { served <- s.Serve(ctx) }()
		defer func() {
			cancel()
			if err := <-served; err != nil {
				t.Error(err)
			}
		}()
	}
	seen := map[string]bool{}
	eventually(t, "not both workers were called", func() bool {
		s, err := Call[string](t.Context(), c, "who")
		if err != nil {
			t.Fatal(err)
		}
		seen[s] = true
		return len(seen) == 2
	})
}

// TestClientClosed uses a client after Close, and closes it under a call that
// waits for a connection.
func TestClientClosed(t *testing.T) {
	_, endpoint := named(t, "tcp://127.0.0.1:*", "x", make(chan string, 10))
	c, err := Dial(t.Context(), endpoint)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Call[any](t.Context(), c, "who"); err != nil {
		t.Fatal(err)
	}
	waiting := NewClient(nil)
	if err := waiting.Connect("tcp://127.0.0.1:" + freePort(t)); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- second(Call[any](t.Context(), waiting, "who")) }()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { c.Close(); waiting.Close() })
	}
	wg.Wait()
	for what, err := range map[string]error{
		"a call":           second(Call[any](t.Context(), c, "who")),
		"a waiting call":   <-ended,
		"a derived client": second(Call[any](t.Context(), c.With(CallOptions{Credit: 1}), "who")),
		"Invoke":           second(c.Invoke(t.Context(), "who")),
		"Connect":          c.Connect(endpoint),
		"Bind":             second(c.Bind("tcp://127.0.0.1:*")),
	} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("%s: %v, want ErrClosed", what, err)
		}
	}
}

// brokenConn is a connection that reads nothing and was closed.
type brokenConn struct {
	stream.Conn
	closed chan struct{}
	once   sync.Once
}

func (c *brokenConn) Fill() error                         { <-c.closed; return io.EOF }
func (c *brokenConn) Next() (stream.Message, bool, error) { return stream.Message{}, false, nil }
func (c *brokenConn) Extended() bool                      { return false }
func (c *brokenConn) Close(error) error                   { c.once.Do(func() { close(c.closed) }); return nil }

// TestDeadLinkIsNotPickedAgain has a connection end, of which the client's list
// does not know yet: a call must not try it in circles.
func TestDeadLinkIsNotPickedAgain(t *testing.T) {
	c := NewClient(nil)
	defer c.Close()
	dead := &link{mux: stream.NewClientMux(&brokenConn{closed: make(chan struct{})}, nil), endpoint: "tcp://dead"}
	dead.mux.Close(ErrLostRemote)
	c.core.links.add(dead)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	n := 0
	call := c.core.tries(ctx, &CallOptions{}, "f")
	for call.next() {
		n++
		_, call.err = call.link.mux.Call(ctx, &stream.Request{Method: "f", Args: []byte{0x90}})
	}
	if n != 1 || !errors.Is(call.err, ErrUnavailable) {
		t.Errorf("%d tries, then %v; want 1 and ErrUnavailable", n, call.err)
	}
}

// TestCutStreamIsNoEnd closes the server in the middle of a stream: a loop over
// it must not take what came for all there was.
func TestCutStreamIsNoEnd(t *testing.T) {
	for _, endpoint := range []string{"tcp://127.0.0.1:*", "ipc://" + t.TempDir() + "/s", "inproc://" + t.Name()} {
		begun := make(chan context.Context, 1)
		s := NewServer(nil)
		s.Handle("items", func(ctx context.Context) iter.Seq[int] {
			return func(yield func(int) bool) {
				_ = yield(1)
				begun <- ctx
				<-ctx.Done()
			}
		})
		actual, err := s.Bind(endpoint)
		if err != nil {
			t.Fatal(err)
		}
		go s.Serve(t.Context())
		c, err := Dial(t.Context(), actual)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, err = range Stream[int](t.Context(), c, "items") {
			if n++; n == 1 {
				<-begun
				s.Close()
			}
		}
		if n != 2 || !errors.Is(err, ErrLostRemote) {
			t.Errorf("%s: %d pairs, the last with %v; want an item and ErrLostRemote", endpoint, n, err)
		}
		c.Close()
	}
}
