package pubsub

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/socket"
	"github.com/zrpc-go/zrpc/internal/zmtp"
)

// linker is any of the four types.
type linker interface {
	Bind(endpoint string) (string, error)
	Connect(endpoint string) error
	Close() error
	Stats() Stats
}

// closing closes l when the test ends.
func closing[L interface{ Close() error }](t *testing.T, l L) L {
	t.Helper()
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return l
}

// inproc is an endpoint of the test's own.
func inproc(t *testing.T) string { return "inproc://" + t.Name() }

func bind(t *testing.T, l linker, endpoint string) string {
	t.Helper()
	actual, err := l.Bind(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	return actual
}

func connect(t *testing.T, l linker, endpoint string) {
	t.Helper()
	if err := l.Connect(endpoint); err != nil {
		t.Fatal(err)
	}
}

// emitter is what emits: a Publisher, a Pusher, or what is made of them.
type emitter interface {
	Emit(ctx context.Context, name string, args ...any) error
}

func emit(t *testing.T, e emitter, name string, args ...any) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := e.Emit(ctx, name, args...); err != nil {
		t.Fatal(err)
	}
}

// await waits for subscriptions.
func await(t *testing.T, p *Publisher, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := p.AwaitSubscriptions(ctx, n); err != nil {
		t.Fatal(err)
	}
}

// wait polls until ok.
func wait(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
		<-time.After(time.Millisecond)
	}
}

// source is what yields events: a Subscriber or a Puller.
type source interface {
	Events(ctx context.Context) iter.Seq2[*Event, error]
}

// next takes one event.
func next(ctx context.Context, s source) (e *Event, err error) {
	for e, err = range s.Events(ctx) {
		break
	}
	return e, err
}

// read reads a message's frames as what was received.
func read(frames ...[]byte) (*Event, error) {
	var in intake
	last := len(frames) - 1
	for _, f := range frames[:last] {
		in.msg.Envelope = zmtp.AppendFrame(in.msg.Envelope, true, f)
	}
	in.msg.Body = frames[last]
	if err := event.Parse(in.msg.Body, &in.raw); err != nil {
		return nil, err
	}
	return in.event(), nil
}

// receive takes one event and spells it: topic|name|args.
func receive(t *testing.T, s source) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	e, err := next(ctx, s)
	if err != nil {
		t.Fatal(err)
	}
	return spell(t, e)
}

func spell(t *testing.T, e *Event) string {
	t.Helper()
	var arg any
	if len(e.Args) > 1 {
		if err := e.Decode(&arg); err != nil {
			t.Fatal(err)
		}
	}
	return strings.TrimPrefix(fmt.Sprintf("%s|%s|%v", e.Topic, e.Name, arg), "|")
}

// stalled connects a SUB that subscribes to everything and never reads on: what
// stands before the publisher's own queue for it is one in-memory pipe.
func stalled(t *testing.T, endpoint string) *socket.Socket {
	t.Helper()
	s := socket.New(socket.Options{Type: zmq4.Sub, Linger: -1, Serve: func(p *socket.Peer) {
		_ = p.Send(context.Background(), nil, []byte{1}, zmtp.Now)
		<-p.Done()
	}})
	t.Cleanup(func() { s.Close() })
	if err := s.Connect(endpoint); err != nil {
		t.Fatal(err)
	}
	return s
}

// errDeadline is what the end of contextFor looks like.
var errDeadline = context.DeadlineExceeded

func contextFor(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), d)
}
