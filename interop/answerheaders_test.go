package interop

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/interop/peer"
	"github.com/zrpc-go/zrpc/zrpc"
)

// TestAnswerHeadersToPython: what our handlers and interceptors set in the header
// of an answer, Python's client_after_request finds there, with a result, an error,
// and the last event of a stream; and the answers are what they were.
func TestAnswerHeadersToPython(t *testing.T) {
	t.Parallel()
	s := ourServerWith(t, zrpc.ServerOptions{Interceptors: []zrpc.Interceptor{
		func(next zrpc.Handler) zrpc.Handler { // what get_task_context is for
			return func(ctx context.Context, req *zrpc.Request) (any, error) {
				if err := req.SetHeader("served_by", "ours"); err != nil {
					return nil, err
				}
				return next(ctx, req)
			}
		},
	}})
	err := errors.Join(
		s.srv.Handle("mark", func(ctx context.Context, value any) (string, error) {
			return "marked", zrpc.SetHeader(ctx, "mark", value)
		}),
		s.srv.Handle("mark_stream", func(ctx context.Context, n int) iter.Seq2[int, error] {
			return func(yield func(int, error) bool) {
				for i := range n {
					err := zrpc.SetHeader(ctx, "mark", i)
					if !yield(i, err) || err != nil {
						return
					}
				}
				zrpc.SetHeader(ctx, "mark", "last")
			}
		}))
	if err != nil {
		t.Fatal(err)
	}
	client := peer.PythonClient(t)
	client.Must("new", peer.Args{"client": "c", "endpoint": s.bind(t)})
	wants := func(after string, pairs ...string) {
		t.Helper()
		header := string(client.Must("header", peer.Args{"client": "c"}))
		for _, pair := range append(pairs, `["served_by", "ours"]`) {
			if !strings.Contains(header, pair) {
				t.Errorf("after %s Python sees the header %s, which lacks %s", after, header, pair)
			}
		}
	}
	same(t, "mark", client.Must("call", call("mark", []any{1, "x"})), `"marked"`)
	wants("a result", `["mark", [1, "x"]]`)
	client.MustFail("call", call("fail", "ValueError", "x"))
	wants("an error")
	client.MustFail("call", call("nope"))
	wants("an unknown method")
	if o := client.Do("stream", call("mark_stream", 250)).Stream(t); len(o.Items) != 250 || o.End != "done" {
		t.Errorf("a stream whose every item has a header: %d items, %s", len(o.Items), o.End)
	}
	wants("a stream", `["mark", "last"]`)
}

// TestAnswerHeadersFromPython: what a Python server's get_task_context gives, which
// it sends with results, errors and each event of a stream, our callers and
// interceptors read.
func TestAnswerHeadersFromPython(t *testing.T) {
	t.Parallel()
	server := peer.Python(t, "server.py", "--bind", anyPort, "--headers", `{"trace_id": "S1", "n": [1, {"k": null}]}`)
	var seen []string
	read := func(next zrpc.Handler) zrpc.Handler { // what client_after_request is for
		return func(ctx context.Context, req *zrpc.Request) (any, error) {
			req.OnEnd(func(error) {
				raw, _ := req.HeaderValue("n")
				n, err := event.DecodeAny(raw)
				seen = append(seen, fmt.Sprint(req.Method, " ", n, " ", err))
			})
			return next(ctx, req)
		}
	}
	for _, interceptors := range [][]zrpc.Interceptor{nil, {read}} {
		c := ourClient(t, server.Endpoint(), zrpc.ClientOptions{Interceptors: interceptors})
		ctx, header := zrpc.WithAnswerHeader(t.Context())
		trace := func(after string) {
			t.Helper()
			raw, ok := header.Value("trace_id")
			if text, _ := event.Text(raw); !ok || string(text) != "S1" {
				t.Errorf("after %s with %d interceptors trace_id is %q, %v", after, len(interceptors), raw, ok)
			}
			if raw, ok := header.Value("absent"); ok {
				t.Errorf("after %s a key that nobody set is %q", after, raw)
			}
		}
		if got, err := zrpc.Call[string](ctx, c, "hello", "RPC"); err != nil || got != "Hello, RPC" {
			t.Errorf("hello: %q, %v", got, err)
		}
		trace("a result")
		_, err := zrpc.Call[any](ctx, c, "fail", "ValueError", "x")
		serverSuite{}.isRemote(t, err, "ValueError", "x", "Traceback")
		trace("an error")
		ctx, header = zrpc.WithAnswerHeader(t.Context())
		for n, err := range zrpc.Stream[int](ctx, c, "streaming_range", 0, 150, 1) {
			if err != nil {
				t.Fatal(err)
			}
			if n == 0 {
				trace("the first item")
			}
		}
		trace("the last")
		ctx, header = zrpc.WithAnswerHeader(t.Context())
		for range zrpc.Stream[int](ctx, c, "fail_stream", 2) {
		}
		trace("an error in a stream")
	}
	want := []string{"hello", "fail", "streaming_range", "fail_stream"}
	for i := range want {
		want[i] += " [1 map[k:<nil>]] <nil>"
	}
	if !slices.Equal(seen, want) {
		t.Errorf("the interceptor read\n%s\nwant\n%s", strings.Join(seen, "\n"), strings.Join(want, "\n"))
	}
}
