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
	"time"

	"github.com/zrpc-go/zrpc/zrpc"
)

// breaking has streams that fail after a number of items.
func breaking(s *zrpc.Server) {
	s.Handle("break", func(n int) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			for i := range n {
				if !yield(i, nil) {
					return
				}
			}
			yield(0, &zrpc.RemoteError{Name: "Broken", Message: "no more"})
		}
	})
	s.Handle("hang", func(ctx context.Context) iter.Seq[int] {
		return func(yield func(int) bool) {
			yield(1)
			<-ctx.Done()
		}
	})
}

// TestStreamErrorsReplaced: OnError stands between a stream's error and its reader,
// the innermost first, for each way of reading; an error that comes before the
// stream has begun is next's.
func TestStreamErrorsReplaced(t *testing.T) {
	own := errors.New("our own")
	var log []string
	wrap := func(name string, f func(error) error) zrpc.Interceptor {
		return func(next zrpc.Handler) zrpc.Handler {
			return func(ctx context.Context, req *zrpc.Request) (any, error) {
				req.OnError(func(err error) error { log = append(log, fmt.Sprint(name, " ", err)); return f(err) })
				req.OnEnd(func(err error) { log = append(log, fmt.Sprint(name, " end ", err)) })
				return next(ctx, req)
			}
		}
	}
	once := func(next zrpc.Handler) zrpc.Handler { // a stream of an attempt is the call's
		return func(ctx context.Context, req *zrpc.Request) (any, error) { return req.Attempt(ctx, next) }
	}
	for _, test := range []struct {
		why  string
		f    func(error) error
		n    int
		want error // "" text of the last pair; nil: none
		log  []string
	}{
		{"replaced", func(error) error { return own }, 2, own,
			[]string{"inner Broken: no more", "outer our own", "inner end our own", "outer end our own"}},
		{"left as it is", func(err error) error { return err }, 1, &zrpc.RemoteError{Name: "Broken", Message: "no more"},
			[]string{"inner Broken: no more", "outer Broken: no more", "inner end Broken: no more", "outer end Broken: no more"}},
		{"taken for an end", func(error) error { return nil }, 3, nil,
			[]string{"inner Broken: no more", "inner end <nil>", "outer end <nil>"}},
		{"before the first item", func(error) error { return own }, 0, &zrpc.RemoteError{Name: "Broken", Message: "no more"},
			[]string{"inner end Broken: no more", "outer end Broken: no more"}},
	} {
		keep := func(err error) error { return err }
		c := newPair(t, "inproc://"+t.Name()+test.why, breaking, nil,
			&zrpc.ClientOptions{Interceptors: []zrpc.Interceptor{wrap("outer", keep), once, wrap("inner", test.f)}})
		log = nil
		items, last := 0, error(nil)
		for _, err := range zrpc.Stream[int](t.Context(), c, "break", test.n) {
			if last = err; err == nil {
				items++
			}
		}
		if items != test.n || fmt.Sprint(last) != fmt.Sprint(test.want) {
			t.Errorf("%s: %d items, then %v, want %v", test.why, items, last, test.want)
		}
		if !slices.Equal(log, test.log) {
			t.Errorf("%s: the interceptors saw\n%s\nwant\n%s", test.why, strings.Join(log, "\n"), strings.Join(test.log, "\n"))
		}
	}
}

// TestReplacedErrorStays: who reads on after the end gets the same end.
func TestReplacedErrorStays(t *testing.T) {
	own := errors.New("our own")
	for want, f := range map[error]func(error) error{
		own:    func(error) error { return own },
		io.EOF: func(error) error { return nil },
	} {
		calls := 0
		c := newPair(t, "inproc://"+t.Name()+want.Error(), breaking, nil, &zrpc.ClientOptions{Interceptors: []zrpc.Interceptor{
			func(next zrpc.Handler) zrpc.Handler {
				return func(ctx context.Context, req *zrpc.Request) (any, error) {
					req.OnError(func(err error) error { calls++; return f(err) })
					return next(ctx, req)
				}
			},
		}})
		d, err := zrpc.Open[int, int](t.Context(), c, "break", 1)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Recv(); err != nil {
			t.Errorf("the item: %v", err)
		}
		for range 3 {
			if _, err := d.Recv(); err != want {
				t.Errorf("the end: %v, want %v", err, want)
			}
		}
		if calls != 1 {
			t.Errorf("OnError was called %d times", calls)
		}
	}
}

// TestContextsEndReplaced: the end of the context is such an error too, and is
// replaced once, whether the stream or the context notices it.
func TestContextsEndReplaced(t *testing.T) {
	own := errors.New("our own")
	ended := make(chan error, 2)
	c := newPair(t, "inproc://"+t.Name(), breaking, nil, &zrpc.ClientOptions{Interceptors: []zrpc.Interceptor{
		func(next zrpc.Handler) zrpc.Handler {
			return func(ctx context.Context, req *zrpc.Request) (any, error) {
				req.OnError(func(err error) error { return fmt.Errorf("%w: %w", own, err) })
				req.OnEnd(func(err error) { ended <- err })
				return next(ctx, req)
			}
		},
	}})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	var last error
	for _, err := range zrpc.Stream[int](ctx, c, "hang") {
		last = err
	}
	if !errors.Is(last, own) || !errors.Is(last, context.DeadlineExceeded) {
		t.Errorf("the stream ended with %v", last)
	}
	if err := <-ended; !errors.Is(err, own) || len(ended) > 0 {
		t.Errorf("OnEnd got %v, and %d more", err, len(ended))
	}
}
