package interop

import (
	"context"
	"fmt"
	"iter"
	"net"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/zrpc"
)

// anyPort lets a server choose, so that tests at the same time do not collide.
const anyPort = "tcp://127.0.0.1:*"

// service is our server's side of python/services.py: the same methods with the
// same outcomes.
type service struct {
	notes chan string // what a method tells its test: "begin sleep", "lost sleep", …
	srv   *zrpc.Server
}

// namedError is an error that chooses its class on the wire.
type namedError struct{ name, message string }

func (e *namedError) Error() string    { return e.message }
func (e *namedError) WireName() string { return e.name }

func (s *service) note(what string) {
	select {
	case s.notes <- what:
	default: // nobody waits for so many
	}
}

// pause waits, or notes and reports that the caller went away.
func (s *service) pause(ctx context.Context, method string, seconds float64) error {
	select {
	case <-time.After(time.Duration(seconds * float64(time.Second))):
		return nil
	case <-ctx.Done():
		s.note("lost " + method)
		return context.Cause(ctx)
	}
}

// sleep returns its argument as it came: Python's 3 and 3.0 are two things.
func (s *service) sleep(ctx context.Context, argument event.Raw) (event.Raw, error) {
	var seconds float64
	if err := event.Decode(argument, &seconds); err != nil {
		return nil, err
	}
	s.note("begin sleep")
	return argument, s.pause(ctx, "sleep", seconds)
}

func (s *service) slowStream(ctx context.Context, count int, seconds float64) iter.Seq2[int, error] {
	s.note("begin slow_stream")
	return func(yield func(int, error) bool) {
		for i := range count {
			if err := s.pause(ctx, "slow_stream", seconds); err != nil {
				yield(0, err)
				return
			}
			if !yield(i, nil) {
				s.note("lost slow_stream")
				return
			}
		}
	}
}

// streamingRange takes a step or, as Python's default, none.
func streamingRange(from, to int, step ...int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := from; i < to; i += append(step, 1)[0] {
			if !yield(i) {
				return
			}
		}
	}
}

func failStream(count int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := range count {
			if !yield(i, nil) {
				return
			}
		}
		yield(0, &namedError{"ValueError", fmt.Sprintf("after %d", count)})
	}
}

// header returns the request's header key, so that a test sees what arrived.
func header(ctx context.Context, key string) (event.Raw, error) {
	if v, ok := zrpc.HeaderValue(ctx, key); ok {
		return v, nil
	}
	return nil, &namedError{"KeyError", key}
}

// register gives a server the methods.
func (s *service) register() error {
	for _, m := range []struct {
		name string
		fn   any
		doc  zrpc.HandleOption
	}{
		{"hello", func(name string) string { return "Hello, " + name }, zrpc.WithDoc("Greets the caller.\n\nThe second paragraph is for help alone.", "name")},
		{"echo", func(x event.Raw) event.Raw { return x }, zrpc.WithDoc("Returns its argument.", "x")},
		{"echo_any", func(x any) any { return x }, zrpc.WithDoc("", "x")},
		{"add", func(a, b int) int { return a + b }, zrpc.WithDoc("Adds.", "a", "b")},
		{"undocumented", func() bool { return true }, zrpc.WithDoc("")},
		{"big", func(size int) []byte { return repeated(size) }, zrpc.WithDoc("", "size")},
		{"hand", func(b *zrpc.Bytes) *zrpc.Bytes { return b }, zrpc.WithDoc("", "content")},
		{"sleep", s.sleep, zrpc.WithDoc("Sleeps.", "seconds")},
		{"fail", func(name, message string) error { return &namedError{name, message} }, zrpc.WithDoc("", "name", "message")},
		{"streaming_range", streamingRange, zrpc.WithDoc("Streams a range.", "fr", "to", "step")},
		{"slow_stream", s.slowStream, zrpc.WithDoc("", "count", "seconds")},
		{"fail_stream", failStream, zrpc.WithDoc("", "count")},
		{"header", header, zrpc.WithDoc("", "key")},
	} {
		if err := s.srv.Handle(m.name, m.fn, m.doc); err != nil {
			return err
		}
	}
	return nil
}

// repeated is what the method big returns.
func repeated(size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = 0xa5
	}
	return b
}

// start makes a server of the service, not yet bound or connected.
func start(heartbeat time.Duration) (*service, error) {
	s := &service{
		notes: make(chan string, 100),
		srv:   zrpc.NewServer(&zrpc.ServerOptions{Name: "Peer", Heartbeat: heartbeat}),
	}
	return s, s.register()
}

// ourServer serves in this process until the test ends.
func ourServer(t *testing.T, heartbeat time.Duration) *service {
	t.Helper()
	s, err := start(heartbeat)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.srv.Serve(context.Background()) }()
	t.Cleanup(func() {
		if err := s.srv.Close(); err != nil {
			t.Errorf("closing the server: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("serving: %v", err)
		}
	})
	return s
}

// bind binds the server to a free port.
func (s *service) bind(t *testing.T) string {
	t.Helper()
	endpoint, err := s.srv.Bind(anyPort)
	if err != nil {
		t.Fatal(err)
	}
	return endpoint
}

// waitNote waits for a method's note; others on the way are dropped.
func (s *service) waitNote(t *testing.T, within time.Duration, want string) {
	t.Helper()
	deadline := time.After(within)
	for {
		select {
		case got := <-s.notes:
			if got == want {
				return
			}
		case <-deadline:
			t.Fatalf("the server's methods did not note %q within %v", want, within)
		}
	}
}

// eventually waits until cond is true.
func eventually(t *testing.T, within time.Duration, what string, cond func() bool) {
	t.Helper()
	deadline := time.After(within)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within %v: %s", within, what)
		}
	}
}

// freeEndpoint is an endpoint that was free a moment ago.
func freeEndpoint(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "tcp://" + l.Addr().String()
}
