package interop

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/zrpc-go/zrpc/interceptor/otel"
	"github.com/zrpc-go/zrpc/interop/peer"
	"github.com/zrpc-go/zrpc/zrpc"
)

// traceRelay starts trace.py in front of a server of ours that is further on.
func traceRelay(t *testing.T, further *zrpc.Server) *peer.Process {
	t.Helper()
	t.Cleanup(func() { further.Close() })
	at, err := further.Bind(anyPort)
	if err != nil {
		t.Fatal(err)
	}
	go further.Serve(context.Background())
	return peer.Python(t, "trace.py", "--bind", anyPort, "--connect", at)
}

// relayed is what trace.py's relay returns: its own span (trace id, span id,
// parent's id, flags, state), and what the server further on answered.
type relayed struct {
	span  []any
	where string
}

// TestTraceCrossesPython: a trace that begins at our client goes through a Python
// server and its client to our server, each span the child of the one before.
func TestTraceCrossesPython(t *testing.T) {
	t.Parallel()
	recorded := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(recorded))
	opt := &otel.Options{Tracer: provider}

	last := zrpc.NewServer(&zrpc.ServerOptions{Interceptors: []zrpc.Interceptor{otel.Server(opt)}})
	last.Handle("where", func(ctx context.Context, n int) string {
		s := trace.SpanContextFromContext(ctx)
		return fmt.Sprint(s.TraceID(), " ", s.TraceState().String(), " ", n)
	})
	relay := traceRelay(t, last)
	client := zrpc.NewClient(&zrpc.ClientOptions{Interceptors: []zrpc.Interceptor{otel.Client(opt)}})
	t.Cleanup(func() { client.Close() })
	if err := client.Connect(relay.Endpoint()); err != nil {
		t.Fatal(err)
	}

	// Many at once: a task's span must not become another's.
	const calls = 20
	state, err := trace.ParseTraceState("vendor=x")
	if err != nil {
		t.Fatal(err)
	}
	roots := make([]trace.SpanContext, calls)
	got := make([]relayed, calls)
	var wg sync.WaitGroup
	for i := range calls {
		// A trace that began further up, with a state of its own.
		roots[i] = trace.NewSpanContext(trace.SpanContextConfig{
			TraceID: trace.TraceID{1, byte(i)}, SpanID: trace.SpanID{2, byte(i)},
			TraceFlags: trace.FlagsSampled, TraceState: state, Remote: true,
		})
		wg.Go(func() {
			ctx := trace.ContextWithRemoteSpanContext(t.Context(), roots[i])
			answer, err := zrpc.Call[[]any](ctx, client, "relay", "where", i)
			if err != nil || len(answer) != 2 {
				t.Errorf("relay %d: %v, %v", i, answer, err)
				return
			}
			got[i].span, _ = answer[0].([]any)
			got[i].where, _ = answer[1].(string)
		})
	}
	wg.Wait()

	eventually(t, 2*suiteHeartbeat*time.Second, "every span has ended", func() bool { return len(recorded.GetSpans()) == 2*calls })
	first, second := map[trace.TraceID]tracetest.SpanStub{}, map[trace.TraceID]tracetest.SpanStub{}
	for _, s := range recorded.GetSpans() {
		if s.SpanKind == trace.SpanKindClient {
			first[s.SpanContext.TraceID()] = s
		} else {
			second[s.SpanContext.TraceID()] = s
		}
	}
	for i, root := range roots {
		id := root.TraceID()
		if want := fmt.Sprint(id, " vendor=x ", i); got[i].where != want {
			t.Errorf("call %d: our server saw %q, want %q", i, got[i].where, want)
		}
		if len(got[i].span) != 5 {
			t.Errorf("call %d: Python's task has the span %v", i, got[i].span)
			continue
		}
		client, server := first[id], second[id]
		if client.Parent.SpanID() != root.SpanID() {
			t.Errorf("call %d: the client's span has the parent %v", i, client.Parent)
		}
		if p := fmt.Sprint(got[i].span[2]); p != client.SpanContext.SpanID().String() {
			t.Errorf("call %d: Python's span has the parent %s, want the client's %v", i, p, client.SpanContext.SpanID())
		}
		if s := fmt.Sprint(got[i].span[1]); s != server.Parent.SpanID().String() || !server.Parent.IsSampled() {
			t.Errorf("call %d: our server's span has the parent %v, want Python's %s, sampled", i, server.Parent, s)
		}
	}

	// Without a trace there is none further on; the header has no such key.
	plain := ourClient(t, relay.Endpoint(), zrpc.ClientOptions{})
	answer, err := zrpc.Call[[]any](t.Context(), plain, "relay", "where", 1)
	if err != nil || len(answer) != 2 || answer[0] != nil {
		t.Errorf("without a trace: %v, %v", answer, err)
	}
}

// TestPythonIgnoresWhatIsNoTrace: a header that W3C says to ignore, or that is
// nonsense, starts no span in Python and hurts no call.
func TestPythonIgnoresWhatIsNoTrace(t *testing.T) {
	t.Parallel()
	const (
		id    = "0af7651916cd43dd8448eb211c80319c"
		valid = "00-" + id + "-b7ad6b7169203331-01"
	)
	last := zrpc.NewServer(nil)
	last.Handle("where", func(ctx context.Context) any {
		raw, _ := zrpc.HeaderValue(ctx, "traceparent")
		return raw
	})
	relay := traceRelay(t, last)
	var value any
	client := ourClient(t, relay.Endpoint(), zrpc.ClientOptions{Interceptors: []zrpc.Interceptor{
		func(next zrpc.Handler) zrpc.Handler {
			return func(ctx context.Context, req *zrpc.Request) (any, error) {
				if err := req.SetHeader("traceparent", value); err != nil {
					return nil, err
				}
				return next(ctx, req)
			}
		},
	}})
	span := func() any {
		t.Helper()
		answer, err := zrpc.Call[[]any](t.Context(), client, "relay", "where")
		if err != nil || len(answer) != 2 {
			t.Fatalf("traceparent %v: %v, %v", value, answer, err)
		}
		if (answer[0] == nil) != (answer[1] == nil) {
			t.Errorf("traceparent %v: Python has the span %v and sends %v", value, answer[0], answer[1])
		}
		return answer[0]
	}
	for _, value = range []any{
		valid,
		"01-" + id + "-b7ad6b7169203331-ff-later", // a later version, with more
	} {
		s, _ := span().([]any)
		if len(s) != 5 || s[0] != id || s[2] != "b7ad6b7169203331" || s[3] != "01" {
			t.Errorf("traceparent %v made the span %v", value, s)
		}
	}
	hostile := []any{
		nil, 7, []byte(valid), []any{valid}, map[string]any{"a": valid},
		valid + "\n", valid + "-more", "ff" + valid[2:], "0A" + valid[2:],
		"00-" + strings.Repeat("0", 32) + "-b7ad6b7169203331-01",
		"00-" + id + "-" + strings.Repeat("0", 16) + "-01",
		strings.Repeat("0", 1<<16),
	}
	for i := range valid {
		hostile = append(hostile, valid[:i])
	}
	for _, value = range hostile {
		if s := span(); s != nil {
			t.Errorf("traceparent %.80v made the span %v", value, s)
		}
	}
}
