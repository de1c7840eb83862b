package zrpc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/stream"
)

// lockedBuffer is a log that several goroutines write.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// TestCallBounds fills a server with calls and makes one more.
func TestCallBounds(t *testing.T) {
	for _, tc := range []struct {
		why    string
		opt    ServerOptions
		served bool // the call beyond the bound
	}{
		{"of one connection", ServerOptions{MaxConnCalls: 3}, false},
		{"of all", ServerOptions{MaxCalls: 3}, false},
		{"defaults are larger", ServerOptions{}, true},
		{"negative is no bound", ServerOptions{MaxCalls: -1, MaxConnCalls: -1, MaxConns: -1, MaxMessage: -1, PoolSize: -1}, true},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		g := newGated(t, "inproc://"+t.Name(), &tc.opt, ctx)
		g.Handle("hello", func() string { return "hello" })
		c := dial(t, g.endpoint)
		answers := make(chan error, 3)
		for range 3 {
			go func() { answers <- second(Call[any](t.Context(), c, "wait")) }()
			<-g.begun
		}
		_, err := Call[string](t.Context(), c, "hello")
		var remote *RemoteError
		switch {
		case tc.served && err != nil:
			t.Errorf("%s: %v", tc.why, err)
		case !tc.served && (!errors.As(err, &remote) || remote.Name != "ServerBusy" || !strings.Contains(remote.Message, "3 calls are open")):
			t.Errorf("%s: %v, want ServerBusy", tc.why, err)
		}
		close(g.gate)
		for range 3 {
			if err := <-answers; err != nil {
				t.Errorf("%s: a call within the bound: %v", tc.why, err)
			}
		}
		if s, err := Call[string](t.Context(), c, "hello"); err != nil || s != "hello" {
			t.Errorf("%s: with room again: %q, %v", tc.why, s, err)
		}
		cancel()
		<-g.served
	}
}

// TestPoolSize runs no more calls at once than allowed, and all of them in time.
func TestPoolSize(t *testing.T) {
	g := newGated(t, "inproc://"+t.Name(), &ServerOptions{PoolSize: 2}, t.Context())
	c := dial(t, g.endpoint)
	answers := make(chan error, 10)
	for range 10 {
		go func() { answers <- second(Call[any](t.Context(), c, "wait")) }()
	}
	<-g.begun
	<-g.begun
	eventually(t, "not all calls came", func() bool { return g.Stats().Calls == 10 })
	if len(g.begun) > 0 {
		t.Error("a third call runs")
	}
	close(g.gate)
	for range 10 {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
}

// TestMaxMessage sends more than either side takes.
func TestMaxMessage(t *testing.T) {
	g := newGated(t, "inproc://"+t.Name(), &ServerOptions{MaxMessage: 10_000}, t.Context())
	g.Handle("echo", func(b []byte) []byte { return b })
	g.Handle("zeros", func(n int) []byte { return make([]byte, n) })
	c := dial(t, g.endpoint)
	if b, err := Call[[]byte](t.Context(), c, "echo", make([]byte, 9000)); err != nil || len(b) != 9000 {
		t.Errorf("within the bound: %d bytes, %v", len(b), err)
	}
	if _, err := Call[[]byte](t.Context(), c, "echo", make([]byte, 11_000)); !errors.Is(err, ErrLostRemote) {
		t.Errorf("beyond the server's bound: %v, want ErrLostRemote: it hung up", err)
	}
	small := NewClient(&ClientOptions{MaxMessage: 5000})
	defer small.Close()
	if err := small.Connect(g.endpoint); err != nil {
		t.Fatal(err)
	}
	if _, err := Call[[]byte](t.Context(), small, "zeros", 6000); !errors.Is(err, ErrLostRemote) {
		t.Errorf("beyond the client's bound: %v, want ErrLostRemote: we hung up", err)
	}
}

// TestUnsendableResults returns what msgpack has no form for.
func TestUnsendableResults(t *testing.T) {
	c := pair(t, nil, func(s *Server) {
		s.Handle("channel", func() any { return make(chan int) })
		s.Handle("inside", func() any { return map[string]any{"f": func() {}} })
		s.Handle("complex", func() any { return 1i })
		s.Handle("item", func() iter.Seq[any] {
			return func(yield func(any) bool) { _ = yield(1) && yield(make(chan int)) && yield(2) }
		})
		s.Handle("add", func(a, b int) int { return a + b })
	})
	var remote *RemoteError
	for method, want := range map[string]string{
		"channel": "can not serialize 'chan int' object", "inside": "can not serialize 'func()' object",
		"complex": "can not serialize 'complex128' object",
	} {
		_, err := Call[any](t.Context(), c, method)
		if !errors.As(err, &remote) || remote.Name != "TypeError" || remote.Message != want {
			t.Errorf("%s: %v, want TypeError: %s", method, err, want)
		}
	}
	n := 0
	var err error
	for _, err = range Stream[any](t.Context(), c, "item") {
		n++
	}
	if n != 2 || !errors.As(err, &remote) || remote.Name != "TypeError" {
		t.Errorf("a stream: %d pairs, then %v", n, err)
	}
	for _, args := range [][]any{{1}, {1, 2, 3}, {1, "x"}} {
		if _, err := Call[any](t.Context(), c, "add", args...); !errors.As(err, &remote) || remote.Name != "TypeError" {
			t.Errorf("add%v: %v, want TypeError", args, err)
		}
	}
	if _, err := Call[string](t.Context(), c, "add", 1, 2); err == nil || !strings.Contains(err.Error(), "result of add: is int, want str") {
		t.Errorf("a result of another type: %v", err)
	}
}

// TestHeaderValue reads what middleware at the caller's end has added.
func TestHeaderValue(t *testing.T) {
	type key struct{}
	c := pair(t, nil, func(s *Server) {
		s.Handle("tenant", func(ctx context.Context) (string, error) {
			ctx, cancel := context.WithCancel(context.WithValue(ctx, key{}, 1))
			defer cancel()
			raw, ok := HeaderValue(ctx, "tenant")
			if !ok {
				return "", errors.New("none")
			}
			var s string
			return s, errors.Join(event.Decode(raw, &s), nil)
		})
		s.Handle("both", func(ctx context.Context) string {
			a, aOK := HeaderValue(ctx, "tenant")
			b, bOK := HeaderValue(ctx, "nope")
			v, vOK := HeaderValue(ctx, "v")
			return fmt.Sprintf("%x %v %x %v %x %v", a, aOK, b, bOK, v, vOK)
		})
	})
	if _, ok := HeaderValue(t.Context(), "tenant"); ok {
		t.Error("a context of no call has header values")
	}
	l, err := c.core.links.pick(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	extra := event.AppendString(event.AppendString(nil, "tenant"), "acme")
	for range 50 { // on a goroutine of its own, then by the reader
		r, err := l.mux.Call(t.Context(), &stream.Request{Method: "both", Args: []byte{0x90}, Extra: extra, NExtra: 1})
		if err != nil {
			t.Fatal(err)
		}
		var got string
		if err := event.Decode(r.Result, &got); err != nil || got != "a461636d65 true  false 03 true" {
			t.Fatalf("%q, %v", got, err)
		}
		r.Release()
	}
	if _, err := Call[string](t.Context(), c, "tenant"); err == nil || err.Error() != "Error: none" {
		t.Errorf("without the key: %v", err)
	}
}

// TestTraceAndLog checks what is told to those who look.
func TestTraceAndLog(t *testing.T) {
	var mu sync.Mutex
	traced := map[string]int{}
	trace := func(who string) func(bool, []byte) {
		return func(sent bool, body []byte) {
			var e event.Event
			if err := event.Parse(body, &e); err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			traced[fmt.Sprint(who, " sent ", sent, " ", string(e.Name))]++
		}
	}
	log := new(lockedBuffer)
	logger := slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s := NewServer(&ServerOptions{Trace: trace("server"), Logger: logger})
	s.Handle("crash", func() { panic("ouch") })
	s.Handle("big", func(b []byte) []byte { return b })
	endpoint, err := s.Bind("tcp://127.0.0.1:*")
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(t.Context())
	c := NewClient(&ClientOptions{Trace: trace("client"), Logger: logger})
	if err := c.Connect(endpoint); err != nil {
		t.Fatal(err)
	}
	Call[any](t.Context(), c, "crash")
	if b, err := Call[[]byte](t.Context(), c, "big", make([]byte, 50_000)); err != nil || len(b) != 50_000 {
		t.Errorf("a large call under trace: %d, %v", len(b), err)
	}
	c.Close()
	s.Close()
	mu.Lock()
	defer mu.Unlock()
	for _, want := range []string{
		"client sent true crash", "server sent false crash", "server sent true ERR", "client sent false ERR",
		"client sent true big", "server sent false big", "server sent true OK", "client sent false OK",
	} {
		if traced[want] != 1 {
			t.Errorf("%q was traced %d times", want, traced[want])
		}
	}
	for _, want := range []string{"connection ended", "handler panicked", "panic=ouch", "options_test.go"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %q", want)
		}
	}
}

// TestCredit gives streams a window of their own, and reads them slowly.
func TestCredit(t *testing.T) {
	c := pair(t, nil, func(s *Server) {
		s.Handle("count", func(n int) iter.Seq[int] {
			return func(yield func(int) bool) {
				for i := 0; i < n && yield(i); i++ {
				}
			}
		})
	})
	for _, credit := range []int{1, 2, 10, 100, 5000} {
		next := 0
		for n, err := range Stream[int](t.Context(), c.With(CallOptions{Credit: credit}), "count", 12_000) {
			if err != nil || n != next {
				t.Fatalf("credit %d: item %d is %d, %v", credit, next, n, err)
			}
			next++
		}
		if next != 12_000 {
			t.Errorf("credit %d: %d items", credit, next)
		}
	}
}
