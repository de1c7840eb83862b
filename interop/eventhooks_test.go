package interop

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/interceptor/otel"
	"github.com/zrpc-go/zrpc/interop/peer"
	"github.com/zrpc-go/zrpc/pubsub"
)

// eventHooks is an interceptor that does what load_task_context,
// server_before_exec, server_after_exec and server_inspect_exception do for a
// Puller or Subscriber.
func (l *lines) eventHooks(next pubsub.Handler) pubsub.Handler {
	return func(ctx context.Context, e *pubsub.Event) error {
		raw, _ := e.Header("trace_id")
		trace, _ := event.Text(raw)
		v, _ := event.DecodeAny(e.Args)
		args, _ := json.Marshal(v)
		l.add("load %s", trace)
		l.add("before %s %s", e.Name, args)
		err := next(ctx, e)
		var named *namedError
		switch {
		case errors.As(err, &named):
			l.add("inspect %s %s: %s", e.Name, named.name, named.message)
		case errors.Is(err, pubsub.ErrNoHandler):
			l.add("inspect %s NameError: %s", e.Name, e.Name)
		default:
			l.add("after %s None", e.Name)
		}
		return err
	}
}

// setTrace is an interceptor that does what get_task_context does.
func setTrace(next pubsub.Handler) pubsub.Handler {
	return func(ctx context.Context, e *pubsub.Event) error {
		if err := e.SetHeader("trace_id", "T1"); err != nil {
			return err
		}
		return next(ctx, e)
	}
}

// hookedReceiver is a puller or subscriber, Python's or ours, whose hooks write
// lines.
type hookedReceiver struct {
	endpoint string
	python   *peer.Process // nil: ours
	ours     *lines
}

func startHookedReceiver(t *testing.T, of kind, pattern string) *hookedReceiver {
	t.Helper()
	if of == python {
		kind := map[string]string{"push": "puller", "publish": "subscriber"}[pattern]
		p := peer.Python(t, "server.py", "--kind", kind, "--bind", anyPort, "--hooks")
		return &hookedReceiver{endpoint: p.Endpoint(), python: p}
	}
	l := new(lines)
	opt := &pubsub.Options{Interceptors: []pubsub.Interceptor{l.eventHooks}}
	var r eventSink = pubsub.NewPuller(opt)
	if pattern == "publish" {
		r = pubsub.NewSubscriber(opt)
	}
	return &hookedReceiver{endpoint: serveEvents(t, r), ours: l}
}

// serveEvents gives a receiver of ours the methods of Python's, and serves.
func serveEvents(t *testing.T, r eventSink) (endpoint string) {
	t.Helper()
	err := errors.Join(
		r.Handle("event", func(args ...any) {}),
		r.Handle("fail", func(message string) error { return &namedError{"ValueError", message} }))
	if err != nil {
		t.Fatal(err)
	}
	endpoint, err = r.Bind(anyPort)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- r.Serve(context.Background()) }()
	t.Cleanup(func() {
		r.Close()
		if err := <-served; err != nil {
			t.Errorf("serving: %v", err)
		}
	})
	return endpoint
}

// poll returns the lines that came since, of Python's at least one.
func (r *hookedReceiver) poll(t *testing.T) []string {
	t.Helper()
	if r.python == nil {
		return r.ours.take()
	}
	n := r.python.On(t).WaitNote(10*time.Second, "a hook's line", func(n peer.Note) bool { return n.Note == "hook" })
	return []string{n.Text}
}

// startSender returns what emits, as Python's or ours does, with the key trace_id
// in each header.
func startSender(t *testing.T, of kind, pattern, endpoint string) (emit func(name string, args ...any)) {
	t.Helper()
	if of == python {
		d := peer.PythonClient(t)
		kind := map[string]string{"push": "pusher", "publish": "publisher"}[pattern]
		d.Must("new", peer.Args{"client": "c", "kind": kind, "endpoint": endpoint, "headers": peer.Args{"trace_id": "T1"}})
		return func(name string, args ...any) { d.On(t).Must("call", call(name, args...)) }
	}
	opt := &pubsub.Options{Interceptors: []pubsub.Interceptor{setTrace}}
	var s eventSource = pubsub.NewPusher(opt)
	if pattern == "publish" {
		s = pubsub.NewPublisher(opt)
	}
	t.Cleanup(func() { s.Close() })
	if err := s.Connect(endpoint); err != nil {
		t.Fatal(err)
	}
	return func(name string, args ...any) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		if err := s.Emit(ctx, name, args...); err != nil {
			t.Fatal(err)
		}
	}
}

// TestEventHookParity sends the same events from each kind of sender to each kind
// of receiver: Python's middleware and our interceptors must see the same, in the
// same order, whoever is at the other end.
func TestEventHookParity(t *testing.T) {
	t.Parallel()
	names := map[kind]string{python: "python", ours: "ours"}
	for _, pattern := range []string{"push", "publish"} {
		for _, from := range []kind{python, ours} {
			for _, to := range []kind{python, ours} {
				t.Run(pattern+", "+names[from]+" to "+names[to], func(t *testing.T) {
					t.Parallel()
					r := startHookedReceiver(t, to, pattern)
					emit := startSender(t, from, pattern, r.endpoint)
					first := []string{`load T1`, `before event ["first"]`, `after event None`}
					var got []string
					if pattern == "publish" {
						// Dropped until the subscription has arrived.
						r.awaitFirst(t, emit)
					} else {
						emit("event", "first")
					}
					emit("event", 1, "x")
					emit("fail", "on purpose")
					emit("no_such_event", 1)
					emit("event", "last")
					want := []string{
						`load T1`, `before event [1,"x"]`, `after event None`,
						`load T1`, `before fail ["on purpose"]`, `inspect fail ValueError: on purpose`,
						`load T1`, `before no_such_event [1]`, `inspect no_such_event NameError: no_such_event`,
						`load T1`, `before event ["last"]`, `after event None`,
					}
					if to == python { // of an unknown event its middleware sees the error alone
						want = slices.Delete(want, 6, 8)
					}
					eventually(t, 10*time.Second, "the last event's hooks have run", func() bool {
						got = append(got, r.poll(t)...)
						for len(got) >= 3 && slices.Equal(got[:3], first) {
							got = got[3:]
						}
						return len(got) >= len(want)
					})
					if !slices.Equal(got, want) {
						t.Errorf("the hooks saw\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
					}
				})
			}
		}
	}
}

// awaitFirst emits until something has arrived. Its lines are left to the test.
func (r *hookedReceiver) awaitFirst(t *testing.T, emit func(string, ...any)) {
	t.Helper()
	arrived := make(chan struct{})
	if r.python != nil {
		go func() {
			defer close(arrived)
			r.python.WaitNote(10*time.Second, "an event", func(n peer.Note) bool { return n.Event != nil })
		}()
	}
	eventually(t, 10*time.Second, "an event", func() bool {
		emit("event", "first")
		if r.python == nil {
			r.ours.mu.Lock()
			defer r.ours.mu.Unlock()
			return len(r.ours.list) > 0
		}
		select {
		case <-arrived:
			return true
		default:
			return false
		}
	})
}

// TestEventContextTravels: a trace that begins in Python's Pusher goes by an event
// to a handler of ours, and with what that emits on to Python's Subscriber: by a
// key of the user's own, and as W3C Trace Context by package otel.
func TestEventContextTravels(t *testing.T) {
	t.Parallel()
	const trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	last := peer.Python(t, "server.py", "--kind", "subscriber", "--bind", anyPort, "--hooks")
	type traceKey struct{}
	pub := pubsub.NewPublisher(&pubsub.Options{Interceptors: []pubsub.Interceptor{otel.Sender(nil),
		func(next pubsub.Handler) pubsub.Handler { // what get_task_context is for
			return func(ctx context.Context, e *pubsub.Event) error {
				if err := e.SetHeader("trace_id", ctx.Value(traceKey{})); err != nil {
					return err
				}
				return next(ctx, e)
			}
		},
	}})
	t.Cleanup(func() { pub.Close() })
	if err := pub.Connect(last.Endpoint()); err != nil {
		t.Fatal(err)
	}
	if err := pub.AwaitSubscriptions(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	pull := pubsub.NewPuller(&pubsub.Options{Interceptors: []pubsub.Interceptor{otel.Receiver(nil),
		func(next pubsub.Handler) pubsub.Handler { // what load_task_context is for
			return func(ctx context.Context, e *pubsub.Event) error {
				raw, _ := e.Header("trace_id")
				id, _ := event.Text(raw)
				return next(context.WithValue(ctx, traceKey{}, string(id)), e)
			}
		},
	}})
	if err := pull.Handle("forward", func(ctx context.Context, n int) error { return pub.Emit(ctx, "event", n) }); err != nil {
		t.Fatal(err)
	}
	first := peer.PythonClient(t)
	first.Must("new", peer.Args{"client": "c", "kind": "pusher", "endpoint": serveEvents(t, pull), "headers": peer.Args{
		"trace_id": "from afar", "traceparent": "00-" + trace + "-" + parent + "-01",
	}})
	first.Must("call", call("forward", 7))
	last.WaitNote(10*time.Second, "the trace", func(n peer.Note) bool { return n.Text == "load from afar" })
	n := last.WaitNote(10*time.Second, "the event", func(n peer.Note) bool { return n.Event != nil })
	// Without a tracer of OpenTelemetry's SDK there are no spans of our own, so the
	// trace is passed on as it came.
	if string(n.Event) != "[7]" || !bytes.Contains(n.Header, []byte("00-"+trace+"-")) {
		t.Errorf("event %s with the header %s", n.Event, n.Header)
	}
}
