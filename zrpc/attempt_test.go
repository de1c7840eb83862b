package zrpc_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/stream"
	"github.com/zrpc-go/zrpc/zrpc"
)

func TestUnsent(t *testing.T) {
	for _, test := range []struct {
		err  error
		want bool
	}{
		{nil, false},
		{fmt.Errorf("x: %w", zrpc.ErrUnavailable), true},
		{fmt.Errorf("x: %w", stream.ErrUnsent), true},
		{stream.ErrTooManyChannels, true},
		{fmt.Errorf("x: %w", &zrpc.RemoteError{Name: "ServerBusy"}), true},
		{&zrpc.RemoteError{Name: "ServerStopping"}, true},
		{&zrpc.RemoteError{Name: "RateLimited"}, true},
		{&zrpc.RemoteError{Name: "ValueError"}, false},
		{zrpc.ErrLostRemote, false},
		{&zrpc.TimeoutError{}, false},
		{context.Canceled, false},
	} {
		if got := zrpc.Unsent(test.err); got != test.want {
			t.Errorf("Unsent(%v) = %v", test.err, got)
		}
	}
}

// TestAttempts: what an interceptor adds to one attempt is not in the next, and
// those further in see each attempt as a call, those further out one call.
func TestAttempts(t *testing.T) {
	var log []string
	watch := func(who string) zrpc.Interceptor {
		return func(next zrpc.Handler) zrpc.Handler {
			return func(ctx context.Context, req *zrpc.Request) (any, error) {
				req.OnItem(func(bool, event.Raw) { log = append(log, who+" item") })
				req.OnEnd(func(err error) { log = append(log, fmt.Sprint(who, " end ", err)) })
				return next(ctx, req)
			}
		}
	}
	failed := errors.New("failed")
	twice := func(next zrpc.Handler) zrpc.Handler {
		return func(ctx context.Context, req *zrpc.Request) (any, error) {
			req.SetHeader("before", "b")
			_, err := req.Attempt(ctx, func(ctx context.Context, a *zrpc.Request) (any, error) {
				if _, err := next(ctx, a); err != nil {
					return nil, err
				}
				return nil, failed
			})
			if !errors.Is(err, failed) {
				return nil, err
			}
			return req.Attempt(ctx, next)
		}
	}
	n := 0
	stamp := func(next zrpc.Handler) zrpc.Handler {
		return func(ctx context.Context, req *zrpc.Request) (any, error) {
			n++
			req.SetHeader("n", n)
			req.Metadata["n"] += "x"
			req.Args = append(req.Args[:len(req.Args)-1:len(req.Args)-1], 3)
			return next(ctx, req)
		}
	}
	var seen []string
	server := func(next zrpc.Handler) zrpc.Handler {
		return func(ctx context.Context, req *zrpc.Request) (any, error) {
			nth, _ := req.HeaderValue("n")
			before, _ := req.HeaderValue("before")
			seen = append(seen, fmt.Sprintf("%x %x %s %x", nth, before, req.Metadata["n"], req.Args))
			return next(ctx, req)
		}
	}
	c := newPair(t, "inproc://"+t.Name(), demo, &zrpc.ServerOptions{Interceptors: []zrpc.Interceptor{server}},
		&zrpc.ClientOptions{Interceptors: []zrpc.Interceptor{watch("outer"), twice, watch("inner"), stamp}})
	ctx := zrpc.WithMetadata(t.Context(), zrpc.Metadata{"n": "x"})
	if got, err := zrpc.Call[int](ctx, c, "add", 1, 2); err != nil || got != 4 {
		t.Errorf("add = %d, %v", got, err)
	}
	if got, want := strings.Join(log, ", "), "inner end failed, inner end <nil>, outer end <nil>"; got != want {
		t.Errorf("a call: %s, want %s", got, want)
	}
	if want := []string{"01 a162 xx 920103", "02 a162 xx 920103"}; !slices.Equal(seen, want) {
		t.Errorf("the server saw %q, want %q", seen, want)
	}
}

// TestAttemptAtStream: the stream that has begun is the outer request's.
func TestAttemptAtStream(t *testing.T) {
	var log []string
	watch := func(who string) zrpc.Interceptor {
		return func(next zrpc.Handler) zrpc.Handler {
			return func(ctx context.Context, req *zrpc.Request) (any, error) {
				req.OnItem(func(bool, event.Raw) { log = append(log, who+" item") })
				req.OnEnd(func(err error) { log = append(log, fmt.Sprint(who, " end ", err)) })
				return next(ctx, req)
			}
		}
	}
	again := func(next zrpc.Handler) zrpc.Handler {
		return func(ctx context.Context, req *zrpc.Request) (any, error) {
			req.Attempt(ctx, func(context.Context, *zrpc.Request) (any, error) { return nil, zrpc.ErrUnavailable })
			return req.Attempt(ctx, next)
		}
	}
	c := newPair(t, "inproc://"+t.Name(), demo, nil,
		&zrpc.ClientOptions{Interceptors: []zrpc.Interceptor{watch("outer"), again, watch("inner")}})
	for _, err := range zrpc.Stream[int](t.Context(), c, "count", 2) {
		if err != nil {
			t.Error(err)
		}
	}
	want := "inner item, outer item, inner item, outer item, inner end <nil>, outer end <nil>"
	if got := strings.Join(log, ", "); got != want {
		t.Errorf("a stream: %s, want %s", got, want)
	}
}
