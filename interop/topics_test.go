package interop

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/interop/peer"
	"github.com/zrpc-go/zrpc/pubsub"
)

// TestTopicsToPython: Python's Subscriber knows nothing of topics and reads every
// event, whether or not one stands before it, and its header.
func TestTopicsToPython(t *testing.T) {
	t.Parallel()
	for _, weBind := range []bool{true, false} {
		t.Run(fmt.Sprint("we bind: ", weBind), func(t *testing.T) {
			t.Parallel()
			pub := pubsub.NewPublisher(nil)
			t.Cleanup(func() { pub.Close() })
			var theirs *peer.Process
			if weBind {
				at, err := pub.Bind(anyPort)
				if err != nil {
					t.Fatal(err)
				}
				theirs = peer.Python(t, "server.py", "--kind", "subscriber", "--connect", at)
			} else {
				theirs = peer.Python(t, "server.py", "--kind", "subscriber", "--bind", anyPort)
				if err := pub.Connect(theirs.Endpoint()); err != nil {
					t.Fatal(err)
				}
			}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			if err := pub.AwaitSubscriptions(ctx, 1); err != nil {
				t.Fatal(err)
			}
			for i, e := range []*pubsub.Emitter{
				pub.Topic(""), pub.Topic("eu."), pub.Topic("\x93\x00").WithHeader("trace_id", "T1"), pub.WithHeader("trace_id", "T1"),
			} {
				if err := e.Emit(ctx, "event", i); err != nil {
					t.Fatal(err)
				}
			}
			for i := range 4 {
				want := fmt.Sprintf("[%d]", i)
				n := theirs.WaitNote(10*time.Second, want, func(n peer.Note) bool { return string(n.Event) == want })
				if has := bytes.Contains(n.Header, []byte(`["trace_id", "T1"]`)); has != (i >= 2) {
					t.Errorf("header of event %d: %s", i, n.Header)
				}
			}
		})
	}
}

// TestTopicsFromPython: Python's Publisher sends no topics. Who named none gets
// its events, who named one does not.
func TestTopicsFromPython(t *testing.T) {
	t.Parallel()
	d := peer.PythonClient(t)
	at := text(t, d.Must("new", peer.Args{"client": "c", "kind": "publisher", "bind": true, "endpoint": anyPort}))
	all, some := pubsub.NewSubscriber(nil), pubsub.NewSubscriber(nil)
	t.Cleanup(func() { all.Close(); some.Close() })
	if err := some.Subscribe("eu."); err != nil {
		t.Fatal(err)
	}
	got := make(chan string, 1000)
	if err := all.Handle("event", func(ctx context.Context, args ...any) {
		e, _ := pubsub.FromContext(ctx)
		got <- fmt.Sprint(e.Topic, args)
	}); err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- all.Serve(t.Context()) }()
	for _, s := range []*pubsub.Subscriber{all, some} {
		if err := s.Connect(at); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, 10*time.Second, "an event", func() bool {
		d.Must("call", call("event", 1))
		select {
		case s := <-got:
			if s != "[1]" {
				t.Fatalf("received %s", s)
			}
			return some.Stats().Peers == 1
		default:
			return false
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	for e, err := range some.Events(ctx) {
		if err == nil {
			t.Errorf("a subscriber of a topic got %s", e.Name)
		}
	}
	all.Close()
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// TestTopicsOfLibzmq: libzmq's sockets filter by our topics, and ours by theirs.
func TestTopicsOfLibzmq(t *testing.T) {
	t.Parallel()
	driver := peer.Sockets(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	t.Run("ours publishes", func(t *testing.T) {
		d := driver.On(t)
		pub := pubsub.NewPublisher(nil)
		t.Cleanup(func() { pub.Close() })
		at, err := pub.Bind(anyPort)
		if err != nil {
			t.Fatal(err)
		}
		open(t, d, "S", "SUB", peer.Args{"connect": at})
		d.Must("subscribe", peer.Args{"socket": "S", "topic": "eu."})
		if err := pub.AwaitSubscriptions(ctx, 1); err != nil {
			t.Fatal(err)
		}
		for _, e := range []*pubsub.Emitter{pub.Topic("us."), pub.Topic(""), pub.Topic("eu.fr.")} {
			if err := e.Emit(ctx, "event", 1); err != nil {
				t.Fatal(err)
			}
		}
		m := unframes(t, d.Must("recv", peer.Args{"socket": "S"}))
		if len(m) != 2 || string(m[0]) != "eu.fr." || !bytes.HasSuffix(m[1], []byte("\xa5event\x91\x01")) {
			t.Errorf("libzmq received %q, want the topic and its event", m)
		}
	})
	t.Run("theirs publishes", func(t *testing.T) {
		d := driver.On(t)
		sub := pubsub.NewSubscriber(nil)
		t.Cleanup(func() { sub.Close() })
		if err := sub.Subscribe("eu."); err != nil {
			t.Fatal(err)
		}
		if err := sub.Connect(open(t, d, "P", "XPUB", peer.Args{"bind": anyPort})); err != nil {
			t.Fatal(err)
		}
		p := pairTest{T: t, driver: d, theirs: "P"}
		p.get([][]byte{[]byte("\x01eu.")}) // XPUB shows the subscription
		body := []byte("\x93\x81\xa1v\x03\xa5event\x91\x01")
		p.send([][]byte{[]byte("us."), body})
		p.send([][]byte{body})
		p.send([][]byte{[]byte("eu.fr."), body})
		for e, err := range sub.Events(ctx) {
			if err != nil || e.Topic != "eu.fr." || e.Name != "event" {
				t.Errorf("received %+v, %v", e, err)
			}
			break
		}
	})
}

// TestLossToLibzmq: a subscriber of libzmq's that does not read misses what its
// buffers and ours have no room for, and every event is in one of the two counts.
func TestLossToLibzmq(t *testing.T) {
	t.Parallel()
	d := peer.Sockets(t)
	told := make(chan pubsub.Loss, 100)
	pub := pubsub.NewPublisher(&pubsub.Options{HWM: 10, OnLoss: func(l pubsub.Loss) { told <- l }})
	t.Cleanup(func() { pub.Close() })
	at, err := pub.Bind(anyPort)
	if err != nil {
		t.Fatal(err)
	}
	open(t, d, "S", "SUB", peer.Args{"connect": at, "options": peer.Args{"RCVHWM": 10, "RCVBUF": 4096}})
	d.Must("subscribe", peer.Args{"socket": "S", "topic": ""})
	if err := pub.AwaitSubscriptions(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	const events = 2000
	payload := make([]byte, 32<<10)
	begun := time.Now()
	for range events {
		// The last four bytes are what drain takes for a number: all alike.
		if err := pub.Emit(t.Context(), "event", payload); err != nil {
			t.Fatal(err)
		}
	}
	took := time.Since(begun)
	dropped := pub.Stats().Dropped.Full
	if dropped == 0 || took > 10*time.Second {
		t.Fatalf("%d of %d dropped, in %v", dropped, events, took)
	}
	select {
	case l := <-told:
		if l.Dropped == 0 || len(l.Slow) > 1 {
			t.Errorf("OnLoss was told %+v", l)
		}
	case <-time.After(10 * time.Second):
		t.Error("OnLoss was not told")
	}
	got := d.Must("drain", peer.Args{"socket": "S", "count": events, "timeout": 2})
	same(t, "what arrived", got, fmt.Sprintf(`{"count": %d, "ordered": true}`, events-int(dropped)))
}

// script starts a Python program of examples/ and returns what it prints.
func script(t *testing.T, path string, args ...string) *bufio.Scanner {
	t.Helper()
	path = filepath.Join(peer.Dir(t), "..", "examples", filepath.FromSlash(path))
	cmd := exec.Command(peer.PythonPath(t), append([]string{"-u", path}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // those that serve do not end on their own
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s: %s", path, stderr.String())
		}
	})
	return bufio.NewScanner(out)
}

// TestTwins runs the Python twins of examples/pubsub and examples/pipeline, each
// against the Go side of it.
func TestTwins(t *testing.T) {
	t.Parallel()
	line := func(t *testing.T, s *bufio.Scanner, want string) {
		t.Helper()
		if !s.Scan() || strings.TrimSpace(s.Text()) != want {
			t.Errorf("printed %q, want %q", s.Text(), want)
		}
	}
	timed := func(t *testing.T) context.Context {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		t.Cleanup(cancel)
		return ctx
	}
	t.Run("subscriber.py", func(t *testing.T) {
		t.Parallel()
		pub := pubsub.NewPublisher(nil)
		t.Cleanup(func() { pub.Close() })
		at, err := pub.Bind(anyPort)
		if err != nil {
			t.Fatal(err)
		}
		out := script(t, "pubsub/subscriber.py", at)
		if err := pub.AwaitSubscriptions(timed(t), 1); err != nil {
			t.Fatal(err)
		}
		if err := pub.Topic("eu.fr.").Emit(t.Context(), "weather", "Paris", 15); err != nil {
			t.Fatal(err)
		}
		line(t, out, "Paris 15")
	})
	t.Run("publisher.py", func(t *testing.T) {
		t.Parallel()
		sub := pubsub.NewSubscriber(nil)
		t.Cleanup(func() { sub.Close() })
		at := freeEndpoint(t)
		if err := sub.Connect(at); err != nil {
			t.Fatal(err)
		}
		script(t, "pubsub/publisher.py", at)
		for e, err := range sub.Events(timed(t)) {
			var city string
			var degrees int
			if err == nil {
				err = e.Decode(&city, &degrees)
			}
			if err != nil || e.Name != "weather" || city == "" || degrees < 15 {
				t.Errorf("received %+v %s %d, %v", e, city, degrees, err)
			}
			break
		}
	})
	for _, workers := range []string{"go", "python"} {
		for _, sink := range []string{"go", "python"} {
			t.Run("workers in "+workers+", sink in "+sink, func(t *testing.T) {
				t.Parallel()
				tasks, results := freeEndpoint(t), freeEndpoint(t)
				for range 2 {
					if workers == "python" {
						script(t, "pipeline/worker.py", tasks, results)
					} else {
						goWorker(t, tasks, results)
					}
				}
				if sink == "python" {
					line(t, script(t, "pipeline/pipeline.py", tasks, results), "sum of squares 285")
				} else {
					goSink(t, timed(t), tasks, results)
				}
			})
		}
	}
}

// goWorker is examples/pipeline's work.
func goWorker(t *testing.T, tasks, results string) {
	t.Helper()
	push, pull := pubsub.NewPusher(nil), pubsub.NewPuller(nil)
	if err := pull.Handle("square", func(ctx context.Context, n int) error {
		return push.Emit(ctx, "squared", n, n*n)
	}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- pull.Serve(ctx) }()
	t.Cleanup(func() { stop(); <-served; push.Close(); pull.Close() })
	if err := push.Connect(results); err != nil {
		t.Fatal(err)
	}
	if err := pull.Connect(tasks); err != nil {
		t.Fatal(err)
	}
}

// goSink is examples/pipeline's run.
func goSink(t *testing.T, ctx context.Context, tasks, results string) {
	t.Helper()
	push, pull := pubsub.NewPusher(nil), pubsub.NewPuller(nil)
	t.Cleanup(func() { push.Close(); pull.Close() })
	for s, at := range map[interface {
		Bind(string) (string, error)
	}]string{push: tasks, pull: results} {
		if _, err := s.Bind(at); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 10 {
		if err := push.Emit(ctx, "square", n); err != nil {
			t.Fatal(err)
		}
	}
	sum, count := 0, 0
	for e, err := range pull.Events(ctx) {
		var n, square int
		if err == nil {
			err = e.Decode(&n, &square)
		}
		if err != nil {
			t.Fatal(err)
		}
		if sum, count = sum+square, count+1; count == 10 {
			break
		}
	}
	if sum != 285 {
		t.Errorf("sum %d, want 285", sum)
	}
}
