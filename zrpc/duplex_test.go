package zrpc_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/zrpc"
)

// shapes registers a method of each shape that streams from the caller.
func shapes(s *zrpc.Server) {
	s.Handle("sum", func(ctx context.Context, first int, more iter.Seq2[int, error]) (int, error) {
		for n, err := range more {
			if err != nil {
				return 0, err
			}
			if n < 0 {
				return 0, errors.New("no negative numbers")
			}
			first += n
		}
		return first, nil
	})
	s.Handle("double", func(ctx context.Context, in iter.Seq2[int, error]) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			for n, err := range in {
				if !yield(2*n, err) || err != nil {
					return
				}
			}
		}
	})
}

func count(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

func TestUpload(t *testing.T) {
	for _, endpoint := range []string{"tcp://127.0.0.1:*", "inproc://" + t.Name()} {
		c := newPair(t, endpoint, shapes, nil, nil)
		ctx := t.Context()
		for _, n := range []int{0, 1, 2, 100, 101, 102, 5000} {
			got, err := zrpc.Upload[int](ctx, c, "sum", zrpc.Values(count(n)), 7)
			if want := 7 + n*(n-1)/2; err != nil || got != want {
				t.Errorf("sum of %d numbers = %d, %v, want %d", n, got, err, want)
			}
		}
		// An error of the handler stops a caller who would go on for ever.
		sent := 0
		endless := func(yield func(int, error) bool) {
			for sent = 0; ; sent++ {
				n := sent
				if n == 500 {
					n = -1
				}
				if !yield(n, nil) {
					return
				}
			}
		}
		_, err := zrpc.Upload[int](ctx, c, "sum", endless, 0)
		var remote *zrpc.RemoteError
		if !errors.As(err, &remote) || remote.Message != "no negative numbers" {
			t.Errorf("upload that the handler refuses: %v", err)
		}
		// What was on its way when the handler refused is at most a window.
		if sent > 500+2048+100 {
			t.Errorf("the caller learned of it after %d items more", sent-500)
		}
		// An error of the caller's own items reaches the handler and the caller.
		broken := errors.New("disk on fire")
		failing := func(yield func(int, error) bool) { _ = yield(1, nil) && yield(0, broken) }
		if _, err := zrpc.Upload[int](ctx, c, "sum", failing, 0); !errors.Is(err, broken) {
			t.Errorf("upload whose items fail: %v", err)
		}
	}
}

func TestOpenBothWays(t *testing.T) {
	c := newPair(t, "tcp://127.0.0.1:*", shapes, nil, nil)
	d, err := zrpc.Open[int, int](t.Context(), c, "double")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 300 { // in step: each item is answered before the next
		if err := d.Send(i); err != nil {
			t.Fatal(err)
		}
		if got, err := d.Recv(); err != nil || got != 2*i {
			t.Fatalf("double %d = %d, %v", i, got, err)
		}
	}
	if err := d.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Recv(); err != io.EOF {
		t.Errorf("after the end: %v, want io.EOF", err)
	}

	d, err = zrpc.Open[int, int](t.Context(), c, "double")
	if err != nil {
		t.Fatal(err)
	}
	sent := make(chan error, 1)
	go func() { // at full speed, from two goroutines
		for i := range 20_000 {
			if err := d.Send(i); err != nil {
				sent <- err
				return
			}
		}
		sent <- d.CloseSend()
	}()
	next := 0
	for got, err := range d.All() {
		if err != nil || got != 2*next {
			t.Fatalf("item %d = %d, %v", next, got, err)
		}
		next++
	}
	if err := <-sent; err != nil || next != 20_000 {
		t.Errorf("%d items came back; sending ended with %v", next, err)
	}
}

func TestCancelReachesHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended, begun := make(chan error, 1), make(chan struct{}, 2)
		c := newPair(t, "inproc://"+t.Name(), func(s *zrpc.Server) {
			s.Handle("wait", func(ctx context.Context) error {
				begun <- struct{}{}
				<-ctx.Done()
				ended <- context.Cause(ctx)
				return ctx.Err()
			})
			s.Handle("tick", func(ctx context.Context) iter.Seq2[int, error] {
				return func(yield func(int, error) bool) {
					for i := 0; yield(i, nil); i++ {
					}
					<-ctx.Done()
					ended <- context.Cause(ctx)
				}
			})
			s.Handle("until", func(ctx context.Context) (time.Duration, error) {
				until, ok := ctx.Deadline()
				if !ok {
					return 0, errors.New("no deadline")
				}
				return time.Until(until), nil
			})
		}, nil, nil)
		inTime := func(what string) {
			t.Helper()
			select {
			case <-ended:
			case <-time.After(2 * time.Second): // one heartbeat would be 5 s
				t.Errorf("%s: the handler's context has not ended", what)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-begun; cancel() }()
		if _, err := zrpc.Call[any](ctx, c, "wait"); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled call: %v", err)
		}
		inTime("a cancelled call")
		for range zrpc.Stream[int](t.Context(), c, "tick") {
			break
		}
		inTime("a loop that was left")
		ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := zrpc.Call[any](ctx, c, "wait"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("call with a deadline: %v", err)
		}
		inTime("a deadline")
		if _, err := zrpc.Call[time.Duration](t.Context(), c, "until"); err == nil || !strings.Contains(err.Error(), "no deadline") {
			t.Errorf("a call without a deadline has one at the server: %v", err)
		}
		if d, err := zrpc.Call[time.Duration](t.Context(), c.With(zrpc.CallOptions{Timeout: time.Minute}), "until"); err != nil || d > time.Minute || d < 50*time.Second {
			t.Errorf("the server sees %v left of a minute, %v", d, err)
		}
	})
}

func TestInterceptors(t *testing.T) {
	var log []string
	note := func(who string) zrpc.Interceptor {
		return func(next zrpc.Handler) zrpc.Handler {
			return func(ctx context.Context, req *zrpc.Request) (any, error) {
				log = append(log, who+" "+req.Method)
				items := 0
				req.OnItem(func(bool, event.Raw) { items++ })
				req.OnEnd(func(err error) { log = append(log, fmt.Sprint(who, " end ", items, " ", err)) })
				return next(ctx, req)
			}
		}
	}
	stamp := func(next zrpc.Handler) zrpc.Handler {
		return func(ctx context.Context, req *zrpc.Request) (any, error) {
			if err := req.SetHeader("traceparent", "00-1-2-01"); err != nil {
				return nil, err
			}
			if req.SetHeader("message_id", "x") == nil {
				t.Error("a key of the protocol was not refused")
			}
			return next(ctx, req)
		}
	}
	shout := func(next zrpc.Handler) zrpc.Handler {
		return func(ctx context.Context, req *zrpc.Request) (any, error) {
			if req.Method == "fail" {
				return nil, &zrpc.RemoteError{Name: "Refused", Message: "by an interceptor"}
			}
			if req.Method == "whoami" {
				raw, _ := req.HeaderValue("traceparent")
				text, _ := event.Text(raw)
				return fmt.Sprint(req.Metadata["user"], " ", string(text), " ", req.Peer.Zrpc, " ", req.Idempotent && req.Key != ""), nil
			}
			return next(ctx, req)
		}
	}
	c := newPair(t, "inproc://"+t.Name(), func(s *zrpc.Server) {
		demo(s)
		shapes(s)
		s.Handle("whoami", func() string { return "nobody" })
		s.Handle("meta", func(ctx context.Context) string {
			peer, ok := zrpc.PeerFrom(ctx)
			return fmt.Sprint(zrpc.MetadataFrom(ctx)["user"], ok && peer.Zrpc)
		})
	}, &zrpc.ServerOptions{Interceptors: []zrpc.Interceptor{shout}},
		&zrpc.ClientOptions{Interceptors: []zrpc.Interceptor{note("outer"), note("inner"), stamp}})
	ctx := zrpc.WithMetadata(t.Context(), zrpc.Metadata{"user": "ann"})
	if got, err := zrpc.Call[string](ctx, c.With(zrpc.CallOptions{Idempotent: true}), "whoami"); err != nil || got != "ann 00-1-2-01 true true" {
		t.Errorf("whoami = %q, %v", got, err)
	}
	if got, err := zrpc.Call[string](ctx, c, "meta"); err != nil || got != "ann"+"true" {
		t.Errorf("meta = %q, %v", got, err)
	}
	if _, err := zrpc.Call[any](ctx, c, "fail", "x"); err == nil || !strings.Contains(err.Error(), "by an interceptor") {
		t.Errorf("fail: %v", err)
	}
	n := 0
	for _, err := range zrpc.Stream[int](ctx, c, "count", 3) {
		if err != nil {
			t.Error(err)
		}
		n++
	}
	if sum, err := zrpc.Upload[int](ctx, c, "sum", zrpc.Values(slices.Values([]int{1, 2})), 0); err != nil || sum != 3 || n != 3 {
		t.Errorf("sum = %d, %v; %d items", sum, err, n)
	}
	want := []string{
		"outer whoami", "inner whoami", "inner end 0 <nil>", "outer end 0 <nil>",
		"outer meta", "inner meta", "inner end 0 <nil>", "outer end 0 <nil>",
		"outer fail", "inner fail", "inner end 0 Refused: by an interceptor", "outer end 0 Refused: by an interceptor",
		"outer count", "inner count", "inner end 3 <nil>", "outer end 3 <nil>",
		"outer sum", "inner sum", "inner end 3 <nil>", "outer end 3 <nil>",
	}
	if !slices.Equal(log, want) {
		t.Errorf("interceptors saw\n%s\nwant\n%s", strings.Join(log, "\n"), strings.Join(want, "\n"))
	}
}
