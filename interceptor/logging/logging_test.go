package logging

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/interceptor/internal/pair"
	"github.com/zrpc-go/zrpc/zrpc"
)

// lines is a log without the times of its lines.
type lines struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// take returns the lines so far and forgets them.
func (l *lines) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.b.Reset()
	return l.b.String()
}

func (l *lines) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
}

func register(s *zrpc.Server) {
	s.Handle("add", func(a, b int) int { <-time.After(time.Second); return a + b })
	s.Handle("fail", func(text string) error { return errors.New(text) })
	s.Handle("crash", func() { panic("ouch") })
	s.Handle("count", func(n int) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			for i := range n {
				if !yield(i, nil) {
					return
				}
			}
			yield(0, &zrpc.RemoteError{Name: "Short", Message: "no more"})
		}
	})
	s.Handle("sum", func(more iter.Seq2[int, error]) (sum int, err error) {
		for n := range more {
			sum += n
		}
		return sum, nil
	})
	s.Handle("both", func(more iter.Seq2[int, error]) iter.Seq2[int, error] { return more })
}

// stackValue is a stack in a line; it names the function that panicked.
var stackValue = regexp.MustCompile(`stack="goroutine.*logging\.register.*"`)

func TestLines(t *testing.T) {
	for _, test := range []struct {
		why            string
		call           func(ctx context.Context, c *zrpc.Client)
		server, client string
	}{
		{
			"a call",
			func(ctx context.Context, c *zrpc.Client) { zrpc.Call[int](ctx, c, "add", 1, 2) },
			`level=INFO msg="call served" method=add shape=unary peer=PEER args="[1 2]" duration=1s`,
			`level=INFO msg="call made" method=add shape=unary duration=1s`,
		},
		{
			"an error",
			func(ctx context.Context, c *zrpc.Client) { zrpc.Call[any](ctx, c, "fail", "no") },
			`level=WARN msg="call served" method=fail shape=unary peer=PEER args=[no] duration=0s error=Error text=no`,
			`level=WARN msg="call made" method=fail shape=unary duration=0s error=Error text="Error: no"`,
		},
		{
			"a panic",
			func(ctx context.Context, c *zrpc.Client) { zrpc.Call[any](ctx, c, "crash") },
			`level=ERROR msg="call served" method=crash shape=unary peer=PEER args=[] duration=0s error=Panic text="panic: ouch" stack=STACK`,
			`level=ERROR msg="call made" method=crash shape=unary duration=0s error=Panic text="Panic: panic: ouch"`,
		},
		{
			"a stream that fails after three items",
			func(ctx context.Context, c *zrpc.Client) {
				for range zrpc.Stream[int](ctx, c, "count", 3) {
				}
			},
			`level=WARN msg="call served" method=count shape=server-stream peer=PEER args=[3] duration=0s error=Short text="Short: no more" sent=3 received=0`,
			`level=WARN msg="call made" method=count shape=server-stream duration=0s error=Short text="Short: no more" sent=0 received=3`,
		},
		{
			"an upload",
			func(ctx context.Context, c *zrpc.Client) {
				zrpc.Upload[int](ctx, c, "sum", zrpc.Values(slices.Values([]int{1, 2})))
			},
			`level=INFO msg="call served" method=sum shape=client-stream peer=PEER args=[] duration=0s sent=0 received=2`,
			`level=INFO msg="call made" method=sum shape=client-stream duration=0s sent=2 received=1`,
		},
		{
			"both ways",
			func(ctx context.Context, c *zrpc.Client) {
				d, err := zrpc.Open[int, int](ctx, c, "both")
				if err != nil {
					return
				}
				d.Send(1)
				d.CloseSend()
				for range d.All() {
				}
			},
			`level=INFO msg="call served" method=both shape=bidirectional peer=PEER args=[] duration=0s sent=1 received=1`,
			`level=INFO msg="call made" method=both shape=bidirectional duration=0s sent=1 received=1`,
		},
		{
			"zerorpc's own methods",
			func(ctx context.Context, c *zrpc.Client) { zrpc.Call[any](ctx, c, "_zerorpc_ping") },
			"", "",
		},
		{
			"a caller that gives up",
			func(ctx context.Context, c *zrpc.Client) {
				ctx, cancel := context.WithCancel(ctx)
				time.AfterFunc(time.Millisecond, cancel)
				zrpc.Call[int](ctx, c, "add", 1, 2)
			},
			`level=INFO msg="call served" method=add shape=unary peer=PEER args="[1 2]" duration=1s`,
			`level=INFO msg="call made" method=add shape=unary duration=1ms error=Canceled text="zrpc: calling add at inproc://TestLines: context canceled"`,
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			var server, client lines
			c := pair.New(t, register,
				[]zrpc.Interceptor{Server(&Options{Logger: server.logger(), Args: Args})},
				[]zrpc.Interceptor{Client(&Options{Logger: client.logger()})})
			test.call(t.Context(), c)
			<-time.After(2 * time.Second) // a handler may go on
			peer := `peer=inproc://TestLines`
			if got := stackValue.ReplaceAllString(strings.TrimSpace(server.take()), "stack=STACK"); strings.ReplaceAll(got, peer, "peer=PEER") != test.server {
				t.Errorf("%s: the server logged\n%s, want\n%s", test.why, got, test.server)
			}
			if got := strings.TrimSpace(client.take()); got != test.client {
				t.Errorf("%s: the client logged\n%s, want\n%s", test.why, got, test.client)
			}
		})
	}
}

func TestDefaultLoggerAndKey(t *testing.T) {
	var log lines
	old := slog.Default()
	defer slog.SetDefault(old)
	slog.SetDefault(log.logger())
	synctest.Test(t, func(t *testing.T) {
		c := pair.New(t, register, []zrpc.Interceptor{Server(nil)}, // the client's makes the key
			[]zrpc.Interceptor{func(next zrpc.Handler) zrpc.Handler { return next }})
		zrpc.Call[int](t.Context(), c.With(zrpc.CallOptions{Idempotent: true}), "add", 1, 2)
	})
	if got := log.take(); !strings.Contains(got, " key=") || strings.Contains(got, "args") {
		t.Errorf("logged %s", got)
	}
}

func TestArgsAreBounded(t *testing.T) {
	for _, test := range []struct {
		args event.Raw
		want string
	}{
		{event.Raw("\x91\x01"), "[1]"},
		{event.Raw("\x91\xc1"), "(malformed)"},
		{make(event.Raw, 2000), "(2000 bytes)"},
	} {
		if got := Args(&zrpc.Request{Args: test.args}).String(); got != test.want {
			t.Errorf("Args(%x) = %q, want %q", test.args, got, test.want)
		}
	}
	if got := clip(strings.Repeat("x", maxText-1) + "é"); got != strings.Repeat("x", maxText-1)+"…" {
		t.Errorf("clipped to %q", got)
	}
}
