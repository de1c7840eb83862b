package interop

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/interceptor/auth"
	"github.com/zrpc-go/zrpc/interop/peer"
	"github.com/zrpc-go/zrpc/zrpc"
)

// TestPythonCallerHasName: a Python client's middleware sends a token, and our
// handler learns who calls.
func TestPythonCallerHasName(t *testing.T) {
	t.Parallel()
	verify := auth.Token(auth.Tokens(map[string]string{"s3cret": "ann"}))
	s := ourServerWith(t, zrpc.ServerOptions{Interceptors: []zrpc.Interceptor{auth.Server(nil, auth.Rule{Methods: "*", Check: verify})}})
	err := s.srv.Handle("whoami", func(ctx context.Context) string {
		p, _ := zrpc.PeerFrom(ctx)
		return p.User
	})
	if err != nil {
		t.Fatal(err)
	}
	endpoint := s.bind(t)
	client := peer.PythonClient(t)
	for _, test := range []struct{ token, want string }{{"s3cret", `"ann"`}, {"wrong", ""}} {
		client.Must("new", peer.Args{"client": "c", "endpoint": endpoint,
			"headers": peer.Args{"md": peer.Args{"map": []any{[]any{"authorization", "Bearer " + test.token}}}}})
		if test.want == "" {
			if e := client.MustFail("call", call("whoami")); e.Name != auth.Unauthenticated {
				t.Errorf("with a wrong token: %v", e)
			}
			continue
		}
		same(t, "whoami", client.Must("call", call("whoami")), test.want)
	}
}

// TestRetryOutlivesPythonServer: a call that may run twice survives the server that
// is killed while it runs, and one that may not is lost.
func TestRetryOutlivesPythonServer(t *testing.T) {
	t.Parallel()
	at := freeEndpoint(t)
	server := peer.Python(t, "server.py", "--bind", at)
	c := ourClient(t, at, zrpc.ClientOptions{CallOptions: zrpc.CallOptions{Retry: zrpc.Retry{Attempts: 4}}})
	if _, err := zrpc.Call[string](t.Context(), c, "hello", "RPC"); err != nil {
		t.Fatal(err)
	}
	twice, once := make(chan error, 1), make(chan error, 1)
	go func() {
		_, err := zrpc.Call[float64](t.Context(), c.With(zrpc.CallOptions{Idempotent: true}), "sleep", 0.5)
		twice <- err
	}()
	go func() {
		_, err := zrpc.Call[float64](t.Context(), c, "sleep", 0.5)
		once <- err
	}()
	server.WaitMethod(10*time.Second, "sleep", "begin")
	server.WaitMethod(10*time.Second, "sleep", "begin")
	server.Kill()
	peer.Python(t, "server.py", "--bind", at)
	if err := <-twice; err != nil {
		t.Errorf("the call that may run twice: %v", err)
	}
	if err := <-once; !errors.Is(err, zrpc.ErrLostRemote) {
		t.Errorf("the one that may not: %v, want ErrLostRemote", err)
	}
}

// TestPythonMeetsStoppingServer: a Python client's calls are refused in good order
// while our server drains, its pings included, and the one in progress ends well.
func TestPythonMeetsStoppingServer(t *testing.T) {
	t.Parallel()
	s := ourServer(t, 0)
	client := peer.PythonClient(t)
	client.Must("new", peer.Args{"client": "c", "endpoint": s.bind(t)})
	running := client.Start("call", call("sleep", 1))
	s.waitNote(t, 10*time.Second, "begin sleep")
	down := make(chan error, 1)
	go func() { down <- s.srv.Shutdown(t.Context()) }()
	refused := 0
	for {
		o := client.Do("call", call("hello", "RPC"))
		if o.Error != nil && o.Error.Name == "ServerStopping" {
			if refused++; refused > 20 {
				break
			}
		} else if refused > 0 {
			t.Fatalf("a call after %d refused ones: %+v", refused, o)
		}
	}
	if e := client.MustFail("call", call("_zerorpc_ping")); e.Name != "ServerStopping" {
		t.Errorf("a ping, which is how a health check sees that the server is not ready: %v", e)
	}
	if o := running.Wait(10 * time.Second); o.Error != nil {
		t.Errorf("the call in progress: %v", o.Error)
	}
	if err := <-down; err != nil {
		t.Errorf("Shutdown: %v", err)
	}
}

// TestPythonStreamErrorReplaced: an error in the midst of a Python server's stream
// is replaced by an interceptor, as client_handle_remote_error does at Python's.
func TestPythonStreamErrorReplaced(t *testing.T) {
	t.Parallel()
	c := ourClient(t, pythonServer(t).Endpoint(), zrpc.ClientOptions{Interceptors: []zrpc.Interceptor{
		func(next zrpc.Handler) zrpc.Handler {
			return func(ctx context.Context, req *zrpc.Request) (any, error) {
				req.OnError(func(err error) error {
					var remote *zrpc.RemoteError
					if errors.As(err, &remote) {
						return &refused{remote.Message}
					}
					return err
				})
				return next(ctx, req)
			}
		},
	}})
	items, last := 0, error(nil)
	for _, err := range zrpc.Stream[int](t.Context(), c, "fail_stream", 3) {
		if last = err; err == nil {
			items++
		}
	}
	var own *refused
	if items != 3 || !errors.As(last, &own) || own.message != "after 3" {
		t.Errorf("%d items, then %v", items, last)
	}
}
