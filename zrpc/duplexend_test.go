package zrpc_test

import (
	"context"
	"errors"
	"iter"
	"testing"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/zrpc"
)

// TestContextEndsDuplex has the context of a call end while nobody sends or
// receives on it: the handler's context ends all the same, and so does the call
// for interceptors.
func TestContextEndsDuplex(t *testing.T) {
	handler, begun := make(chan error, 1), make(chan struct{})
	over := make(chan error, 1)
	c := newPair(t, "inproc://"+t.Name(), func(s *zrpc.Server) {
		s.Handle("idle", func(ctx context.Context, in iter.Seq2[int, error]) iter.Seq2[int, error] {
			return func(yield func(int, error) bool) {
				close(begun)
				<-ctx.Done()
				handler <- ctx.Err()
			}
		})
	}, nil, &zrpc.ClientOptions{Interceptors: []zrpc.Interceptor{func(next zrpc.Handler) zrpc.Handler {
		return func(ctx context.Context, req *zrpc.Request) (any, error) {
			req.OnEnd(func(err error) { over <- err })
			return next(ctx, req)
		}
	}}})
	ctx, cancel := context.WithCancel(t.Context())
	d, err := zrpc.Open[int, int](ctx, c, "idle")
	if err != nil {
		t.Fatal(err)
	}
	<-begun
	cancel()
	if err := <-handler; !errors.Is(err, context.Canceled) {
		t.Errorf("the handler's context ended with %v", err)
	}
	if err := <-over; !errors.Is(err, context.Canceled) {
		t.Errorf("OnEnd got %v, want context.Canceled", err)
	}
	if err := d.Send(1); !errors.Is(err, context.Canceled) {
		t.Errorf("Send says %v, want context.Canceled", err)
	}
	if _, err := d.Recv(); !errors.Is(err, context.Canceled) {
		t.Errorf("Recv says %v, want context.Canceled", err)
	}
}

func TestHeaderIsSetOnce(t *testing.T) {
	twice := func(next zrpc.Handler) zrpc.Handler {
		return func(ctx context.Context, req *zrpc.Request) (any, error) {
			req.Metadata["user"] = "changed"
			for _, v := range []string{"first", "second"} {
				if err := req.SetHeader("x", v); err != nil {
					t.Error(err)
				}
			}
			return next(ctx, req)
		}
	}
	c := newPair(t, "inproc://"+t.Name(), func(s *zrpc.Server) {
		s.Handle("x", func(ctx context.Context) (string, error) {
			raw, _ := zrpc.HeaderValue(ctx, "x")
			var s string
			return s + zrpc.MetadataFrom(ctx)["user"], event.Decode(raw, &s)
		})
	}, nil, &zrpc.ClientOptions{Interceptors: []zrpc.Interceptor{twice}})
	md := zrpc.Metadata{"user": "ann"}
	ctx := zrpc.WithMetadata(t.Context(), md)
	for range 2 {
		if got, err := zrpc.Call[string](ctx, c, "x"); err != nil || got != "secondchanged" {
			t.Errorf("handler saw %q, %v", got, err)
		}
	}
	if md["user"] != "ann" || zrpc.Metadata(nil)["user"] != "" {
		t.Error("an interceptor changed the caller's own metadata")
	}
}

// TestIdempotentWithoutInterceptors checks that the key is sent all the same.
func TestIdempotentWithoutInterceptors(t *testing.T) {
	c := newPair(t, "inproc://"+t.Name(), func(s *zrpc.Server) {
		s.Handle("key", func(ctx context.Context) bool {
			_, ok := zrpc.HeaderValue(ctx, "idem")
			return ok
		})
	}, nil, nil)
	for _, idempotent := range []bool{true, false} {
		got, err := zrpc.Call[bool](t.Context(), c.With(zrpc.CallOptions{Idempotent: idempotent}), "key")
		if err != nil || got != idempotent {
			t.Errorf("idempotent %v: the key was sent: %v, %v", idempotent, got, err)
		}
	}
}
