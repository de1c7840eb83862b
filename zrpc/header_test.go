package zrpc_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/zrpc"
)

// marked has methods that set header keys.
func marked(s *zrpc.Server) {
	s.Handle("mark", func(ctx context.Context, n int) (string, error) {
		err := zrpc.SetHeader(ctx, "n", n)
		return strings.Repeat("x", n), err
	})
	s.Handle("plain", func() string { return "plain" })
	s.Handle("fail", func(ctx context.Context) error {
		zrpc.SetHeader(ctx, "n", 1)
		zrpc.SetHeader(ctx, "n", 2) // takes the place of the first
		return errors.New("no")
	})
	s.Handle("items", func(ctx context.Context, n int) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			zrpc.SetHeader(ctx, "n", "first")
			for i := range n {
				if i == 2 {
					zrpc.SetHeader(ctx, "later", true)
				}
				if !yield(i, nil) {
					return
				}
			}
			zrpc.SetHeader(ctx, "n", "last")
		}
	})
	s.Handle("sum", func(ctx context.Context, in iter.Seq2[int, error]) (sum int, err error) {
		for n := range in {
			sum += n
		}
		return sum, zrpc.SetHeader(ctx, "n", sum)
	})
}

// said spells a header value.
func said(raw event.Raw, ok bool) string {
	if !ok {
		return "none"
	}
	v, err := event.DecodeAny(raw)
	return fmt.Sprint(v, " ", err)
}

// TestAnswerHeader: what a handler sets reaches its caller with every kind of
// answer: inline and not, small and large, an error, an upload's.
func TestAnswerHeader(t *testing.T) {
	c := newPair(t, "tcp://127.0.0.1:*", marked, nil, nil)
	ctx, header := zrpc.WithAnswerHeader(t.Context())
	for i := range 100 { // the later ones run on the reading goroutine
		if got, err := zrpc.Call[string](ctx, c, "mark", i); err != nil || len(got) != i {
			t.Fatalf("mark: %q, %v", got, err)
		}
		if got, want := said(header.Value("n")), fmt.Sprint(i, " <nil>"); got != want {
			t.Fatalf("call %d: header %s, want %s", i, got, want)
		}
	}
	for _, n := range []int{1 << 20, 3} { // an answer that is written from where it is
		if got, err := zrpc.Call[string](ctx, c, "mark", n); err != nil || len(got) != n || said(header.Value("n")) != fmt.Sprint(n, " <nil>") {
			t.Errorf("a result of %d bytes: %d, %v, header %s", n, len(got), err, said(header.Value("n")))
		}
	}
	if _, err := zrpc.Call[any](ctx, c, "plain"); err != nil || said(header.Value("n")) != "none" {
		t.Errorf("an answer without keys: %v, header %s, which another call left", err, said(header.Value("n")))
	}
	if _, err := zrpc.Call[any](ctx, c, "fail"); err == nil || said(header.Value("n")) != "2 <nil>" {
		t.Errorf("an error: %v, header %s", err, said(header.Value("n")))
	}
	if got, err := zrpc.Upload[int](ctx, c, "sum", zrpc.Values(slices.Values([]int{1, 2}))); err != nil || got != 3 || said(header.Value("n")) != "3 <nil>" {
		t.Errorf("an upload: %d, %v, header %s", got, err, said(header.Value("n")))
	}
	r, err := c.Invoke(ctx, "mark", 5)
	if err != nil || r.Streaming() || said(header.Value("n")) != "5 <nil>" {
		t.Errorf("Invoke: %v, header %s", err, said(header.Value("n")))
	}
	var stub struct {
		Mark func(ctx context.Context, n int) (string, error)
	}
	if err := c.Stub(&stub); err != nil {
		t.Fatal(err)
	}
	if _, err := stub.Mark(ctx, 6); err != nil || said(header.Value("n")) != "6 <nil>" {
		t.Errorf("a stub: %v, header %s", err, said(header.Value("n")))
	}
}

// TestAnswerHeaderOfStream: a key goes with the first item after it was set and
// with the end; items in between have none, and leave the reader what there was.
func TestAnswerHeaderOfStream(t *testing.T) {
	var mu sync.Mutex
	var extra []string // the events with keys of ours
	c := newPair(t, "inproc://"+t.Name(), marked, &zrpc.ServerOptions{Trace: func(sent bool, body []byte) {
		var e event.Event
		if !sent || event.Parse(body, &e) != nil {
			return
		}
		if _, ok := e.Lookup("n"); ok {
			mu.Lock()
			defer mu.Unlock()
			extra = append(extra, fmt.Sprintf("%s %x", e.Name, e.Args))
		}
	}}, nil)
	ctx, header := zrpc.WithAnswerHeader(t.Context())
	var got []string
	for n, err := range zrpc.Stream[int](ctx, c.With(zrpc.CallOptions{Credit: 1}), "items", 5) {
		if err != nil {
			t.Fatal(err)
		}
		if n > 0 { // the first item's credit asks for two at once
			got = append(got, fmt.Sprint(n, " ", said(header.Value("n")), ", ", said(header.Value("later"))))
		}
	}
	got = append(got, fmt.Sprint("end ", said(header.Value("n")), ", ", said(header.Value("later"))))
	want := []string{"1 first <nil>, none", "2 first <nil>, true <nil>", "3 first <nil>, true <nil>", "4 first <nil>, true <nil>", "end last <nil>, true <nil>"}
	if !slices.Equal(got, want) {
		t.Errorf("a stream's header:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	mu.Lock()
	defer mu.Unlock()
	if want := []string{"STREAM 00", "STREAM 02", "STREAM_DONE c0"}; !slices.Equal(extra, want) {
		t.Errorf("the events with keys are %q, want %q", extra, want)
	}
}

// TestInterceptorsAndAnswerHeaders: a server's interceptors set keys, a client's
// read them behind next and at the end, also outside of attempts, while the caller
// has its own way to them.
func TestInterceptorsAndAnswerHeaders(t *testing.T) {
	stamp := func(next zrpc.Handler) zrpc.Handler {
		return func(ctx context.Context, req *zrpc.Request) (any, error) {
			if err := req.SetHeader("by", "interceptor"); err != nil {
				return nil, err
			}
			result, err := next(ctx, req)
			if e := req.SetHeader("after", err == nil); e != nil {
				return nil, e
			}
			return result, err
		}
	}
	var log []string
	read := func(next zrpc.Handler) zrpc.Handler {
		return func(ctx context.Context, req *zrpc.Request) (any, error) {
			req.OnEnd(func(error) { log = append(log, "end "+said(req.HeaderValue("n"))+" "+said(req.HeaderValue("after"))) })
			result, err := next(ctx, req)
			log = append(log, "next "+said(req.HeaderValue("n"))+" "+said(req.HeaderValue("by")))
			return result, err
		}
	}
	again := func(next zrpc.Handler) zrpc.Handler {
		return func(ctx context.Context, req *zrpc.Request) (any, error) {
			req.Attempt(ctx, func(context.Context, *zrpc.Request) (any, error) { return nil, zrpc.ErrUnavailable })
			return req.Attempt(ctx, next)
		}
	}
	c := newPair(t, "inproc://"+t.Name(), marked, &zrpc.ServerOptions{Interceptors: []zrpc.Interceptor{stamp}},
		&zrpc.ClientOptions{Interceptors: []zrpc.Interceptor{read, again}})
	ctx, header := zrpc.WithAnswerHeader(zrpc.WithMetadata(t.Context(), zrpc.Metadata{"kept": "too"}))
	if _, err := zrpc.Call[string](ctx, c, "mark", 7); err != nil || said(header.Value("n")) != "7 <nil>" {
		t.Errorf("mark: %v, header %s", err, said(header.Value("n")))
	}
	zrpc.Call[any](ctx, c, "fail")
	zrpc.Call[any](ctx, c, "nope")
	for range zrpc.Stream[int](ctx, c.With(zrpc.CallOptions{Credit: 1}), "items", 1) {
	}
	want := []string{
		"next 7 <nil> interceptor <nil>", "end 7 <nil> true <nil>",
		"next 2 <nil> interceptor <nil>", "end 2 <nil> false <nil>",
		"next none interceptor <nil>", "end none false <nil>",
		"next first <nil> interceptor <nil>", "end last <nil> true <nil>",
	}
	if !slices.Equal(log, want) {
		t.Errorf("the interceptor read\n%s\nwant\n%s", strings.Join(log, "\n"), strings.Join(want, "\n"))
	}
}

// TestSetHeaderRefuses: what could not be sent, or would not be, is an error.
func TestSetHeaderRefuses(t *testing.T) {
	calls := make(chan context.Context, 1)
	c := newPair(t, "inproc://"+t.Name(), func(s *zrpc.Server) {
		s.Handle("try", func(ctx context.Context) (refused int) {
			calls <- ctx
			for key, value := range map[string]any{
				"message_id": "x", "v": 1, "md": "x", event.KeyPlain: true, "bad value": "\xff", "\xff": 1, "channel": make(chan int), "large": make([]byte, 1<<20),
			} {
				if zrpc.SetHeader(ctx, key, value) != nil {
					refused++
				}
			}
			// Many small ones make a large one.
			for i := range 2000 {
				if err := zrpc.SetHeader(ctx, fmt.Sprint("k", i), make([]byte, 1000)); err != nil {
					return refused + 1
				}
			}
			return refused
		})
	}, nil, nil)
	ctx, header := zrpc.WithAnswerHeader(t.Context())
	got, err := zrpc.Call[int](ctx, c, "try")
	if err != nil || got != 9 {
		t.Errorf("%d were refused, %v, want all 8 and the sum of many", got, err)
	}
	if _, ok := header.Value("k1000"); !ok {
		t.Error("the keys that fit did not arrive")
	}
	served := <-calls
	<-served.Done()
	if err := zrpc.SetHeader(served, "late", 1); err == nil {
		t.Error("a key was set after the answer")
	}
	if err := zrpc.SetHeader(t.Context(), "k", 1); err == nil {
		t.Error("a key was set on no answer")
	}
}

// TestAnswerHeaderOfHedge: of attempts that run at once, the header is that of the one
// whose answer counts, also when one that was given up is answered after all.
func TestAnswerHeaderOfHedge(t *testing.T) {
	both := func(next zrpc.Handler) zrpc.Handler {
		return func(ctx context.Context, req *zrpc.Request) (any, error) {
			first, cancel := context.WithCancel(ctx)
			answered, given, ended := make(chan bool), make(chan bool), make(chan bool)
			go func() {
				defer close(ended)
				req.Attempt(first, func(ctx context.Context, a *zrpc.Request) (any, error) {
					defer func() { answered <- true; <-given }()
					a.Args = event.Raw{0x91, 1}
					return next(ctx, a)
				})
			}()
			<-answered
			result, err := req.Attempt(ctx, next)
			cancel()
			close(given)
			<-ended
			return result, err
		}
	}
	c := newPair(t, "inproc://"+t.Name(), marked, nil, &zrpc.ClientOptions{Interceptors: []zrpc.Interceptor{both}})
	ctx, header := zrpc.WithAnswerHeader(t.Context())
	text, err := zrpc.Call[string](ctx, c, "mark", 2)
	if err != nil || text != "xx" || said(header.Value("n")) != "2 <nil>" {
		t.Errorf("%q, %v, with the header of call %s", text, err, said(header.Value("n")))
	}
}
