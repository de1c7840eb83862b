package zrpc_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/zrpc"
	"github.com/zrpc-go/zrpc/zrpctest"
)

// refusing is a server that answers the first calls with errors, in their order.
type refusing struct {
	mu   sync.Mutex // guards the fields below
	errs []error
	keys []string // of the requests that came
}

func (r *refusing) intercept(next zrpc.Handler) zrpc.Handler {
	return func(ctx context.Context, req *zrpc.Request) (any, error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.keys = append(r.keys, req.Key)
		if len(r.errs) > 0 {
			err := r.errs[0]
			r.errs = r.errs[1:]
			return nil, err
		}
		return next(ctx, req)
	}
}

// came returns the keys of the requests so far and forgets them.
func (r *refusing) came() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	keys := r.keys
	r.keys = nil
	return keys
}

// TestRetryIsAChoice: what CallOptions.Retry makes again, of which calls, by whose
// choice.
func TestRetryIsAChoice(t *testing.T) {
	busy, bad := &zrpc.RemoteError{Name: "ServerBusy"}, &zrpc.RemoteError{Name: "ValueError"}
	three := zrpc.CallOptions{Retry: zrpc.Retry{Attempts: 3}}
	for _, test := range []struct {
		why  string
		def  zrpc.CallOptions // the client's
		with zrpc.CallOptions
		errs []error
		want int // requests
		ok   bool
	}{
		{"never, if nobody asked", zrpc.CallOptions{}, zrpc.CallOptions{}, []error{busy}, 1, false},
		{"by a call's choice", zrpc.CallOptions{}, three, []error{busy, busy}, 3, true},
		{"by the client's", three, zrpc.CallOptions{}, []error{busy, busy}, 3, true},
		{"other choices leave it", three, zrpc.CallOptions{Credit: 5, Retry: zrpc.Retry{Base: time.Second}}, []error{busy, busy}, 3, true},
		{"a call does without", three, zrpc.CallOptions{Retry: zrpc.Retry{Attempts: -1}}, []error{busy}, 1, false},
		{"a bound", three, zrpc.CallOptions{}, []error{busy, busy, busy}, 3, false},
		{"what the handler answers is the answer", three, zrpc.CallOptions{Idempotent: true}, []error{bad}, 1, false},
		{"an idempotent call", three, zrpc.CallOptions{Idempotent: true}, []error{busy, busy}, 3, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &refusing{errs: test.errs}
			c, _ := zrpctest.PairWith(t, zrpctest.Options{
				Server: &zrpc.ServerOptions{Interceptors: []zrpc.Interceptor{s.intercept}},
				Client: &zrpc.ClientOptions{CallOptions: test.def},
			}, demo)
			got, err := zrpc.Call[int](t.Context(), c.With(test.with), "add", 1, 2)
			keys := s.came()
			if len(keys) != test.want || (err == nil) != test.ok || test.ok && got != 3 {
				t.Errorf("%s: %d requests, %d, %v; want %d", test.why, len(keys), got, err, test.want)
			}
			if len(slices.Compact(keys)) != 1 || (keys[0] != "") != test.with.Idempotent {
				t.Errorf("%s: the attempts have the keys %q", test.why, keys)
			}
		})
	}
}

// TestRetryIsOneCall: to interceptors the attempts are one call, and its header is
// that of the answer that counts; OnRetry tells of the attempts.
func TestRetryIsOneCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &refusing{errs: []error{&zrpc.RemoteError{Name: "ServerBusy"}}}
		var begun, ends, items int
		watch := func(next zrpc.Handler) zrpc.Handler {
			return func(ctx context.Context, req *zrpc.Request) (any, error) {
				begun++
				req.OnEnd(func(err error) { ends++ })
				req.OnItem(func(bool, event.Raw) { items++ })
				return next(ctx, req)
			}
		}
		c, _ := zrpctest.PairWith(t, zrpctest.Options{
			Server: &zrpc.ServerOptions{Interceptors: []zrpc.Interceptor{s.intercept}},
			Client: &zrpc.ClientOptions{Interceptors: []zrpc.Interceptor{watch}},
		}, demo)
		var told []string
		c = c.With(zrpc.CallOptions{Retry: zrpc.Retry{Attempts: 2, OnRetry: func(method string, attempt int, err error, wait time.Duration) {
			if attempt != 1 || !zrpc.Unsent(err) || wait > 50*time.Millisecond {
				t.Errorf("told of attempt %d, %v, %v", attempt, err, wait)
			}
			told = append(told, method)
		}}})
		n := 0
		for v, err := range zrpc.Stream[int](t.Context(), c, "count", 5) {
			if err != nil || v != n {
				t.Fatalf("item %d: %d, %v", n, v, err)
			}
			n++
		}
		if n != 5 || begun != 1 || ends != 1 || items != 5 || !slices.Equal(told, []string{"count"}) {
			t.Errorf("%d items; the interceptor saw %d calls, %d ends, %d items; told of %q", n, begun, ends, items, told)
		}
	})
}

// TestRetryAfterSilence: a server that hangs is given up and called again only by
// those who allow it; the context bounds all attempts.
func TestRetryAfterSilence(t *testing.T) {
	for _, idempotent := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			c, p := zrpctest.PairWith(t, zrpctest.Options{}, demo)
			if _, err := zrpc.Call[int](t.Context(), c, "add", 1, 2); err != nil {
				t.Fatal(err)
			}
			p.Stall()
			resume := time.AfterFunc(5*time.Second, p.Resume)
			c = c.With(zrpc.CallOptions{Idempotent: idempotent, Timeout: 3 * time.Second, Retry: zrpc.Retry{Attempts: 3}})
			_, err := zrpc.Call[int](t.Context(), c, "add", 1, 2)
			var timeout *zrpc.TimeoutError
			if idempotent && err != nil || !idempotent && !errors.As(err, &timeout) {
				t.Errorf("idempotent %v: %v", idempotent, err)
			}
			resume.Stop()
			p.Stall()
			ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
			defer cancel()
			if _, err := zrpc.Call[int](ctx, c, "add", 1, 2); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("idempotent %v: %v, want the end of the context", idempotent, err)
			}
			p.Resume()
		})
	}
}

// TestRetryBudgetIsTheClients: derived clients share it, so that those made for
// single calls do not each begin with a full one; a budget of one's own is shared
// by whom it is given to.
func TestRetryBudgetIsTheClients(t *testing.T) {
	for _, own := range []*zrpc.RetryBudget{nil, zrpc.NewRetryBudget(4, 1)} {
		synctest.Test(t, func(t *testing.T) {
			s := &refusing{errs: slices.Repeat([]error{&zrpc.RemoteError{Name: "ServerBusy"}}, 1000)}
			c, _ := zrpctest.PairWith(t, zrpctest.Options{
				Server: &zrpc.ServerOptions{Interceptors: []zrpc.Interceptor{s.intercept}},
			}, demo)
			for range 100 {
				zrpc.Call[int](t.Context(), c.With(zrpc.CallOptions{Retry: zrpc.Retry{Attempts: 3, Budget: own}}), "add", 1, 2)
			}
			if n := len(s.came()); n > 104 || n == 100 {
				t.Errorf("100 calls made %d requests, want a few more", n)
			}
		})
	}
}
