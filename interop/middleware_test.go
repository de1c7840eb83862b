package interop

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/interop/peer"
	"github.com/zrpc-go/zrpc/zrpc"
)

// TestHookParity makes the same calls from each kind of client to each kind of
// server, Python's with a middleware and ours with interceptors: on either side
// the two must see the same, in the same order, whoever is at the other end.
func TestHookParity(t *testing.T) {
	t.Parallel()
	names := map[kind]string{python: "python", ours: "ours"}
	for _, from := range []kind{python, ours} {
		for _, to := range []kind{python, ours} {
			t.Run(names[from]+" to "+names[to], func(t *testing.T) {
				t.Parallel()
				server := startHookedServer(t, to)
				client := startHookedClient(t, from, server.endpoint)
				for _, test := range []struct {
					streams        bool
					timeout        time.Duration
					method         string
					args           []any
					client, server []string
				}{
					{false, 0, "hello", []any{"RPC"},
						[]string{`before hello ["RPC"]`, `after hello OK`},
						[]string{`load T1`, `before hello ["RPC"]`, `after hello OK`}},
					{false, 0, "fail", []any{"ValueError", "x"},
						[]string{`before fail ["ValueError","x"]`, `remote ValueError: x`, `after fail ERR`},
						[]string{`load T1`, `before fail ["ValueError","x"]`, `inspect fail ValueError: x`}},
					// A stream's hooks run once, when it has ended.
					{true, 0, "streaming_range", []any{0, 3, 1},
						[]string{`before streaming_range [0,3,1]`, `after streaming_range STREAM_DONE`},
						[]string{`load T1`, `before streaming_range [0,3,1]`, `after streaming_range STREAM_DONE`}},
					{true, 0, "fail_stream", []any{2},
						[]string{`before fail_stream [2]`, `remote ValueError: after 2`, `after fail_stream ERR`},
						[]string{`load T1`, `before fail_stream [2]`, `inspect fail_stream ValueError: after 2`}},
					{false, 500 * time.Millisecond, "sleep", []any{2},
						[]string{`before sleep [2]`, `after sleep timeout`},
						[]string{`load T1`, `before sleep [2]`, `after sleep OK`}},
				} {
					client.do(t, test.streams, test.timeout, test.method, test.args...)
					if got := client.lines(t); !slices.Equal(got, test.client) {
						t.Errorf("%s: the client's hooks saw\n%s\nwant\n%s", test.method, strings.Join(got, "\n"), strings.Join(test.client, "\n"))
					}
					want := test.server
					if test.timeout > 0 && from == ours && to == ours {
						// Between two of ours a caller's timeout ends the handler: what
						// Python's cannot do.
						want = append(slices.Clone(want[:2]), "inspect sleep: its caller's time is over")
					}
					if got := server.lines(t, len(want)); !slices.Equal(got, want) {
						t.Errorf("%s: the server's hooks saw\n%s\nwant\n%s", test.method, strings.Join(got, "\n"), strings.Join(want, "\n"))
					}
				}
			})
		}
	}
}

// TestPythonResolvesEndpoint: resolve_endpoint gives a Python client and server
// the place of ours, and our resolver names Python's.
func TestPythonResolvesEndpoint(t *testing.T) {
	t.Parallel()
	s := ourServer(t, 0)
	client := peer.PythonClient(t)
	client.Must("new", peer.Args{"client": "c", "endpoint": "the peer", "hooks": true, "names": peer.Args{"the peer": s.bind(t)}})
	same(t, "hello", client.Must("call", call("hello", "RPC")), `"Hello, RPC"`)

	at := freeEndpoint(t)
	peer.Python(t, "server.py", "--bind", "the peer", "--hooks", "--name-endpoint", "the peer", at)
	c := zrpc.NewClient(&zrpc.ClientOptions{Resolver: zrpc.StaticResolver{at}})
	t.Cleanup(func() { c.Close() })
	if got, err := zrpc.Call[string](t.Context(), c, "hello", "RPC"); err != nil || got != "Hello, RPC" {
		t.Errorf("hello at a server that resolved its place: %q, %v", got, err)
	}
}

// TestTaskContextTravels: a trace that a Python client's get_task_context begins
// goes through our server and our client to a Python server's load_task_context,
// as zerorpc has it travel from task to task.
func TestTaskContextTravels(t *testing.T) {
	t.Parallel()
	last := peer.Python(t, "server.py", "--bind", anyPort, "--hooks")
	type traceKey struct{}
	forward := ourClient(t, last.Endpoint(), zrpc.ClientOptions{Interceptors: []zrpc.Interceptor{
		func(next zrpc.Handler) zrpc.Handler { // what get_task_context is for
			return func(ctx context.Context, req *zrpc.Request) (any, error) {
				if err := req.SetHeader("trace_id", ctx.Value(traceKey{})); err != nil {
					return nil, err
				}
				return next(ctx, req)
			}
		},
	}})
	s := ourServerWith(t, zrpc.ServerOptions{Interceptors: []zrpc.Interceptor{
		func(next zrpc.Handler) zrpc.Handler { // what load_task_context is for
			return func(ctx context.Context, req *zrpc.Request) (any, error) {
				raw, _ := req.HeaderValue("trace_id")
				trace, _ := event.Text(raw)
				return next(context.WithValue(ctx, traceKey{}, string(trace)), req)
			}
		},
	}})
	err := s.srv.Handle("forward", func(ctx context.Context, name string) (string, error) {
		return zrpc.Call[string](ctx, forward, "hello", name)
	})
	if err != nil {
		t.Fatal(err)
	}
	first := peer.PythonClient(t)
	first.Must("new", peer.Args{"client": "c", "endpoint": s.bind(t), "headers": peer.Args{"trace_id": "from afar"}})
	same(t, "the answer", first.Must("call", call("forward", "RPC")), `"Hello, RPC"`)
	last.WaitNote(10*time.Second, "the trace", func(n peer.Note) bool { return n.Text == "load from afar" })
}

// refused is what an interceptor makes of a remote PermissionError.
type refused struct{ message string }

func (e *refused) Error() string { return e.message }

// TestRemoteErrorsReplaced: client_handle_remote_error gives a Python caller an
// exception of its own for an error of our handler; an interceptor does so for a
// caller of ours and Python's handler, and may also answer in its place.
func TestRemoteErrorsReplaced(t *testing.T) {
	t.Parallel()
	client := peer.PythonClient(t)
	client.Must("new", peer.Args{"client": "c", "endpoint": ourServer(t, 0).bind(t), "hooks": true})
	if e := client.MustFail("call", call("fail", "Refused", "not you")); e.Type != "Refused" || e.Message != "not you" {
		t.Errorf("Python's user sees %+v", e)
	}
	c := ourClient(t, pythonServer(t).Endpoint(), zrpc.ClientOptions{Interceptors: []zrpc.Interceptor{
		func(next zrpc.Handler) zrpc.Handler {
			return func(ctx context.Context, req *zrpc.Request) (any, error) {
				result, err := next(ctx, req)
				var remote *zrpc.RemoteError
				switch {
				case errors.As(err, &remote) && remote.Name == "PermissionError":
					return nil, &refused{remote.Message}
				case errors.As(err, &remote) && remote.Name == "KeyError":
					return "no such thing", nil
				}
				return result, err
			}
		},
	}})
	_, err := zrpc.Call[any](t.Context(), c, "fail", "PermissionError", "not you")
	var own *refused
	if !errors.As(err, &own) || own.message != "not you" {
		t.Errorf("our user sees %v", err)
	}
	if got, err := zrpc.Call[string](t.Context(), c, "fail", "KeyError", "k"); err != nil || got != "no such thing" {
		t.Errorf("an error that was answered: %q, %v", got, err)
	}
}

// TestAnswersReplaced: client_patterns_list lets a Python client read our answers
// in a way of its own; an interceptor does so at our client with Python's.
func TestAnswersReplaced(t *testing.T) {
	t.Parallel()
	client := peer.PythonClient(t)
	client.Must("new", peer.Args{"client": "c", "endpoint": ourServer(t, 0).bind(t), "hooks": true, "loud": true})
	same(t, "hello", client.Must("call", call("hello", "RPC")), `"HELLO, RPC"`)
	same(t, "add", client.Must("call", call("add", 1, 2)), `3`)
	if e := client.MustFail("call", call("fail", "ValueError", "x")); e.Name != "ValueError" {
		t.Errorf("fail: %v", e)
	}
	if o := client.Do("stream", call("streaming_range", 0, 3, 1)).Stream(t); len(o.Items) != 3 || o.End != "done" {
		t.Errorf("a stream: %+v", o)
	}
	c := ourClient(t, pythonServer(t).Endpoint(), zrpc.ClientOptions{Interceptors: []zrpc.Interceptor{
		func(next zrpc.Handler) zrpc.Handler {
			return func(ctx context.Context, req *zrpc.Request) (any, error) {
				result, err := next(ctx, req)
				raw, ok := result.(event.Raw)
				if text, is := event.Text(raw); err == nil && ok && is {
					return strings.ToUpper(string(text)), nil
				}
				return result, err
			}
		},
	}})
	if got, err := zrpc.Call[string](t.Context(), c, "hello", "RPC"); err != nil || got != "HELLO, RPC" {
		t.Errorf("hello: %q, %v", got, err)
	}
	if got, err := zrpc.Call[int](t.Context(), c, "add", 1, 2); err != nil || got != 3 {
		t.Errorf("add: %d, %v", got, err)
	}
}
