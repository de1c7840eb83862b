package interop

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/interop/peer"
	"github.com/zrpc-go/zrpc/pubsub"
)

// eventSource is our Pusher or Publisher.
type eventSource interface {
	Bind(endpoint string) (string, error)
	Connect(endpoint string) error
	Close() error
	Emit(ctx context.Context, name string, args ...any) error
	Stats() pubsub.Stats
}

// sources are our senders and the real receivers of what they send.
var sources = []struct {
	name     string
	make     func() eventSource
	receiver string // the kind of python/server.py
}{
	{"push", func() eventSource { return pubsub.NewPusher(nil) }, "puller"},
	{"publish", func() eventSource { return pubsub.NewPublisher(nil) }, "subscriber"},
}

// TestEventsToPython sends events to Python's Puller and Subscriber, with either
// side bound. An event of an unknown name or a failing one must not end them.
func TestEventsToPython(t *testing.T) {
	t.Parallel()
	for _, of := range sources {
		for _, weBind := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, we bind: %v", of.name, weBind), func(t *testing.T) {
				t.Parallel()
				ours := of.make()
				t.Cleanup(func() { ours.Close() })
				var theirs *peer.Process
				if weBind {
					at, err := ours.Bind(anyPort)
					if err != nil {
						t.Fatal(err)
					}
					theirs = peer.Python(t, "server.py", "--kind", of.receiver, "--connect", at)
				} else {
					theirs = peer.Python(t, "server.py", "--kind", of.receiver, "--bind", anyPort)
					if err := ours.Connect(theirs.Endpoint()); err != nil {
						t.Fatal(err)
					}
				}
				emit(t, ours, theirs)
			})
		}
	}
}

// emit sends events and waits for their receiver to print them.
func emit(t *testing.T, ours eventSource, theirs *peer.Process) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	// A publisher's events are dropped until the subscription has arrived.
	first := make(chan struct{})
	go func() {
		defer close(first)
		theirs.WaitNote(20*time.Second, "first event", func(n peer.Note) bool { return string(n.Event) == `["first"]` })
	}()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for waiting := true; waiting; {
		if err := ours.Emit(ctx, "event", "first"); err != nil {
			t.Fatal(err)
		}
		select {
		case <-first:
			waiting = false
		case <-tick.C:
		}
	}
	for _, e := range []struct {
		name string
		args []any
	}{
		{"no_such_method", []any{1}},
		{"fail", []any{"on purpose"}},
		{"event", []any{1, "text", []byte{0, 255}, map[string]any{"k": []any{nil, 1.5}}}},
	} {
		if err := ours.Emit(ctx, e.name, e.args...); err != nil {
			t.Fatal(err)
		}
	}
	n := theirs.WaitNote(10*time.Second, "event", func(n peer.Note) bool {
		return n.Event != nil && string(n.Event) != `["first"]`
	})
	same(t, "arguments", n.Event, `[1, "text", {"bin": "00ff"}, {"map": [["k", [null, {"float": "1.5"}]]]}]`)
	for i := range 500 { // fewer than the queues hold: a publisher drops beyond
		if err := ours.Emit(ctx, "event", i); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 500 {
		want := fmt.Sprintf("[%d]", i)
		theirs.WaitNote(10*time.Second, want, func(n peer.Note) bool { return string(n.Event) == want })
	}
}

// eventSink is our Puller or Subscriber.
type eventSink interface {
	Bind(endpoint string) (string, error)
	Connect(endpoint string) error
	Close() error
	Handle(name string, fn any) error
	Serve(ctx context.Context) error
}

// TestEventsFromPython is the other direction: Python's Pusher and Publisher to
// handlers of ours.
func TestEventsFromPython(t *testing.T) {
	t.Parallel()
	driver := peer.PythonClient(t)
	for _, of := range []struct {
		kind string
		make func() eventSink
	}{
		{"pusher", func() eventSink { return pubsub.NewPuller(nil) }},
		{"publisher", func() eventSink { return pubsub.NewSubscriber(nil) }},
	} {
		for _, weBind := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, we bind: %v", of.kind, weBind), func(t *testing.T) {
				d := driver.On(t)
				ours := of.make()
				got := make(chan []any, 1000)
				if err := ours.Handle("event", func(args ...any) { got <- args }); err != nil {
					t.Fatal(err)
				}
				served := make(chan error, 1)
				go func() { served <- ours.Serve(context.Background()) }()
				t.Cleanup(func() {
					ours.Close()
					if err := <-served; err != nil {
						t.Errorf("serving: %v", err)
					}
				})
				if weBind {
					at, err := ours.Bind(anyPort)
					if err != nil {
						t.Fatal(err)
					}
					d.Must("new", peer.Args{"client": "c", "kind": of.kind, "endpoint": at})
				} else {
					at := d.Must("new", peer.Args{"client": "c", "kind": of.kind, "bind": true, "endpoint": anyPort})
					if err := ours.Connect(text(t, at)); err != nil {
						t.Fatal(err)
					}
				}
				t.Cleanup(func() { d.Must("close", peer.Args{"client": "c"}) })
				receiveEvents(t, d, got)
			})
		}
	}
}

// receiveEvents has the driver send events and looks at what the handler got.
func receiveEvents(t *testing.T, d *peer.Driver, got chan []any) {
	t.Helper()
	var args []any
	eventually(t, 10*time.Second, "the subscription has arrived", func() bool {
		d.Must("call", call("event", "first"))
		select {
		case args = <-got:
			return true
		default:
			return false
		}
	})
	if fmt.Sprint(args) != "[first]" {
		t.Fatalf("first event: %v", args)
	}
	d.Must("call", call("no_such_event", 1)) // passed over
	d.Must("call", call("event", peer.Args{"bin": "00ff"}, peer.Args{"map": [][]any{{"k", nil}}}))
	for i := range 300 {
		d.Must("call", call("event", i))
	}
	deadline := time.After(20 * time.Second)
	next := func() []any {
		for {
			select {
			case a := <-got:
				if fmt.Sprint(a) != "[first]" { // some came late
					return a
				}
			case <-deadline:
				t.Fatal("no more events")
			}
		}
	}
	a := next()
	if b, ok := a[0].([]byte); len(a) != 2 || !ok || !bytes.Equal(b, []byte{0, 255}) || fmt.Sprint(a[1]) != "map[k:<nil>]" {
		t.Errorf("arguments: %v", a)
	}
	for i := range 300 {
		if a := next(); fmt.Sprint(a) != fmt.Sprintf("[%d]", i) {
			t.Fatalf("event %d: %v", i, a)
		}
	}
}

// TestEventHeader: what a Python middleware adds to an event is visible.
func TestEventHeader(t *testing.T) {
	t.Parallel()
	d := peer.PythonClient(t)
	ours := pubsub.NewPuller(nil)
	t.Cleanup(func() { ours.Close() })
	at, err := ours.Bind(anyPort)
	if err != nil {
		t.Fatal(err)
	}
	d.Must("new", peer.Args{"client": "c", "kind": "pusher", "endpoint": at, "headers": peer.Args{"trace_id": "T1"}})
	d.Must("call", call("event"))
	for e, err := range ours.Events(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		raw, ok := e.Header("trace_id")
		var got string
		if err := event.Decode(raw, &got); !ok || err != nil || got != "T1" {
			t.Errorf("trace_id: %q, %v, %v", got, ok, err)
		}
		break
	}
}
