package zrpc_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/zrpc"
)

// "For as long as it takes" is often written as the longest time there is. It must
// not become a deadline of a millisecond on its way to the server.
func TestLongestTimeout(t *testing.T) {
	c := newPair(t, "inproc://"+t.Name(), func(s *zrpc.Server) {
		s.Handle("wait", func(ctx context.Context) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(50 * time.Millisecond):
				return nil
			}
		})
	}, nil, nil)
	ctx, cancel := context.WithTimeout(t.Context(), math.MaxInt64)
	defer cancel()
	if _, err := zrpc.Call[any](ctx, c, "wait"); err != nil {
		t.Error("a context of the longest timeout:", err)
	}
	if _, err := zrpc.Call[any](t.Context(), c.With(zrpc.CallOptions{Timeout: math.MaxInt64}), "wait"); err != nil {
		t.Error("the longest CallOptions.Timeout:", err)
	}
}

// What the server would drop unread, because Python or its own bounds would have it
// so, is refused on this side: its caller would wait for an answer in vain.
func TestUnreadableMetadata(t *testing.T) {
	for i, test := range []struct{ why, key, value, want string }{
		{"a value that is no UTF-8, for which Python drops the event", "k", "\xff", "UTF-8"},
		{"a key likewise", "\xff", "v", "UTF-8"},
		{"more than a server reads of a header", "k", strings.Repeat("x", 1<<20), "header"},
	} {
		for j, interceptors := range [][]zrpc.Interceptor{nil, {func(next zrpc.Handler) zrpc.Handler { return next }}} {
			c := newPair(t, fmt.Sprintf("inproc://%s%d%d", t.Name(), i, j), demo, nil, &zrpc.ClientOptions{Interceptors: interceptors})
			if _, err := zrpc.Call[string](t.Context(), c, "hello", "x"); err != nil {
				t.Fatal("without metadata:", err)
			}
			// Bounds the wait of a call that nobody answers.
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			ctx = zrpc.WithMetadata(ctx, zrpc.Metadata{test.key: test.value})
			if _, err := zrpc.Call[string](ctx, c, "hello", "x"); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s: %v", test.why, err)
			}
			for _, err := range zrpc.Stream[int](ctx, c, "count", 1) {
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("%s, in a stream: %v", test.why, err)
				}
			}
			cancel()
		}
	}
}

// An error that the caller's items end with is returned, whatever it is: io.EOF too,
// which elsewhere says that the server has answered.
func TestUploadFailsWithEOF(t *testing.T) {
	c := newPair(t, "inproc://"+t.Name(), func(s *zrpc.Server) {
		s.Handle("count", func(items iter.Seq2[int, error]) (n int) {
			for _, err := range items {
				if err == nil {
					n++
				}
			}
			return n
		})
	}, nil, nil)
	n, err := zrpc.Upload[int](t.Context(), c, "count", func(yield func(int, error) bool) {
		_ = yield(1, nil) && yield(0, io.EOF)
	})
	if !errors.Is(err, io.EOF) {
		t.Errorf("%d, %v; the items did not end well", n, err)
	}
	var stub struct {
		Count func(context.Context, iter.Seq2[int, error]) (int, error)
	}
	if err := c.Stub(&stub); err != nil {
		t.Fatal(err)
	}
	if n, err := stub.Count(t.Context(), func(yield func(int, error) bool) { yield(0, io.EOF) }); !errors.Is(err, io.EOF) {
		t.Errorf("a stub: %d, %v", n, err)
	}
}
