package interop

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/interop/peer"
	"github.com/zrpc-go/zrpc/zrpc"
)

// lines are what hooks and interceptors write down, in order.
type lines struct {
	mu   sync.Mutex
	list []string // guarded by mu
}

func (l *lines) add(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, fmt.Sprintf(format, args...))
}

// take returns the lines so far and forgets them.
func (l *lines) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	taken := l.list
	l.list = nil
	return taken
}

// arguments spells a request's arguments as python/middleware.py does.
func arguments(req *zrpc.Request) string {
	v, err := event.DecodeAny(req.Args)
	if err != nil {
		return err.Error()
	}
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// serverHooks is an interceptor that does what load_task_context,
// server_before_exec, server_after_exec and server_inspect_exception do.
func (l *lines) serverHooks(next zrpc.Handler) zrpc.Handler {
	return func(ctx context.Context, req *zrpc.Request) (any, error) {
		raw, _ := req.HeaderValue("trace_id")
		trace, _ := event.Text(raw)
		l.add("load %s", trace)
		l.add("before %s %s", req.Method, arguments(req))
		result, err := next(ctx, req)
		var named interface{ WireName() string }
		switch {
		case errors.As(err, &named):
			l.add("inspect %s %s: %s", req.Method, named.WireName(), err)
		case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
			l.add("inspect %s: its caller's time is over", req.Method)
		case err != nil:
			l.add("inspect %s %v", req.Method, err)
		case req.Shape == zrpc.ServerStream:
			l.add("after %s STREAM_DONE", req.Method)
		default:
			l.add("after %s OK", req.Method)
		}
		return result, err
	}
}

// clientHooks is an interceptor that does what get_task_context,
// client_before_request, client_handle_remote_error and client_after_request do.
func (l *lines) clientHooks(next zrpc.Handler) zrpc.Handler {
	return func(ctx context.Context, req *zrpc.Request) (any, error) {
		if err := req.SetHeader("trace_id", "T1"); err != nil {
			return nil, err
		}
		l.add("before %s %s", req.Method, arguments(req))
		req.OnEnd(func(err error) {
			var remote *zrpc.RemoteError
			switch {
			case errors.As(err, &remote):
				l.add("remote %s: %s", remote.Name, remote.Message)
				l.add("after %s ERR", req.Method)
			case errors.Is(err, context.DeadlineExceeded):
				l.add("after %s timeout", req.Method)
			case err != nil:
				l.add("after %s %v", req.Method, err)
			case req.Shape == zrpc.ServerStream:
				l.add("after %s STREAM_DONE", req.Method)
			default:
				l.add("after %s OK", req.Method)
			}
		})
		return next(ctx, req)
	}
}

// hookedServer is a server, Python's or ours, whose hooks write lines.
type hookedServer struct {
	endpoint string
	python   *peer.Process // nil: ours
	ours     *lines
}

func startHookedServer(t *testing.T, of kind) *hookedServer {
	t.Helper()
	if of == python {
		p := peer.Python(t, "server.py", "--bind", anyPort, "--hooks")
		return &hookedServer{endpoint: p.Endpoint(), python: p}
	}
	l := new(lines)
	s := ourServerWith(t, zrpc.ServerOptions{Interceptors: []zrpc.Interceptor{l.serverHooks}})
	return &hookedServer{endpoint: s.bind(t), ours: l}
}

// ourServerWith is ourServer with other options than a heartbeat.
func ourServerWith(t *testing.T, o zrpc.ServerOptions) *service {
	t.Helper()
	s := &service{notes: make(chan string, 100), srv: zrpc.NewServer(&o)}
	if err := s.register(); err != nil {
		t.Fatal(err)
	}
	s.serve(t)
	return s
}

// serve serves until the test ends.
func (s *service) serve(t *testing.T) {
	t.Helper()
	served := make(chan error, 1)
	go func() { served <- s.srv.Serve(context.Background()) }()
	t.Cleanup(func() {
		if err := errors.Join(s.srv.Close(), <-served); err != nil {
			t.Errorf("the server: %v", err)
		}
	})
}

// lines waits for what the hooks saw of one call, which is so many lines.
func (s *hookedServer) lines(t *testing.T, count int) []string {
	t.Helper()
	var got []string
	eventually(t, 10*time.Second, "the server's hooks have run", func() bool {
		if s.python == nil {
			got = append(got, s.ours.take()...)
			return len(got) >= count
		}
		n := s.python.On(t).WaitNote(10*time.Second, "hook", func(n peer.Note) bool { return n.Note == "hook" })
		got = append(got, n.Text)
		return len(got) >= count
	})
	return got
}

// hookedClient is a client, Python's or ours, whose hooks write lines.
type hookedClient struct {
	python *peer.Driver // nil: ours
	ours   *lines
	c      *zrpc.Client
}

func startHookedClient(t *testing.T, of kind, endpoint string) *hookedClient {
	t.Helper()
	if of == python {
		d := peer.PythonClient(t)
		d.Must("new", peer.Args{"client": "c", "endpoint": endpoint, "hooks": true, "headers": peer.Args{"trace_id": "T1"}})
		return &hookedClient{python: d}
	}
	l := new(lines)
	return &hookedClient{ours: l, c: ourClient(t, endpoint, zrpc.ClientOptions{Interceptors: []zrpc.Interceptor{l.clientHooks}})}
}

// do makes a call or reads a stream to its end, whatever that is.
func (c *hookedClient) do(t *testing.T, streams bool, timeout time.Duration, method string, args ...any) {
	t.Helper()
	if c.python != nil {
		op := "call"
		if streams {
			op = "stream"
		}
		command := call(method, args...)
		if timeout > 0 {
			command["timeout"] = timeout.Seconds()
		}
		c.python.On(t).Do(op, command)
		return
	}
	client := c.c.With(zrpc.CallOptions{Timeout: timeout})
	if !streams {
		_, _ = zrpc.Call[any](t.Context(), client, method, args...) // the hooks tell
		return
	}
	for range zrpc.Stream[any](t.Context(), client, method, args...) {
	}
}

func (c *hookedClient) lines(t *testing.T) []string {
	t.Helper()
	if c.python == nil {
		return c.ours.take()
	}
	var got []string
	if err := json.Unmarshal(c.python.On(t).Must("hooks", peer.Args{"client": "c"}), &got); err != nil {
		t.Fatal(err)
	}
	return got
}
