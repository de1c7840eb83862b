package method

import (
	"context"
	"errors"
	"iter"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/zrpc-go/zrpc/event"
)

var errBoom = errors.New("boom")

// collect runs a stream and decodes its items.
func collect(t testing.TB, m *Method, in Source, args ...any) (items []any, err error) {
	t.Helper()
	err = m.Stream(t.Context(), list(t, args...), in, func(item []byte) error {
		v, err := event.DecodeAny(item)
		if err != nil {
			t.Errorf("item %x: %v", item, err)
		}
		items = append(items, v)
		return nil
	})
	return items, err
}

// seq2 yields the items and then err, if there is one.
func seq2[X any](err error, items ...X) iter.Seq2[X, error] {
	return func(yield func(X, error) bool) {
		for _, x := range items {
			if !yield(x, nil) {
				return
			}
		}
		if err != nil {
			var zero X
			yield(zero, err)
		}
	}
}

func channel[X any](items ...X) <-chan X {
	ch := make(chan X, len(items))
	for _, x := range items {
		ch <- x
	}
	close(ch)
	return ch
}

type (
	numbers     iter.Seq2[int, error]
	points      iter.Seq[point]
	pointSource <-chan point
)

func TestServerStreams(t *testing.T) {
	p, asMap := point{1, 2}, map[string]any{"x": int64(1), "y": int64(2)}
	for _, tc := range []struct {
		name string
		fn   any
		args []any
		want []any
		err  error
	}{
		{name: "seq", fn: func(n int) iter.Seq[int] { return slices.Values([]int{n, n + 1}) }, args: []any{5}, want: []any{int64(5), int64(6)}},
		{name: "seq of structs", fn: func() iter.Seq[point] { return slices.Values([]point{p, p}) }, want: []any{asMap, asMap}},
		{name: "seq with error", fn: func() (iter.Seq[string], error) { return slices.Values([]string{"a"}), nil }, want: []any{"a"}},
		{name: "an error before the first item", fn: func() (iter.Seq[string], error) { return nil, errBoom }, err: errBoom},
		{name: "seq2", fn: func(context.Context) iter.Seq2[string, error] { return seq2(nil, "a", "b") }, want: []any{"a", "b"}},
		{name: "seq2 that fails", fn: func() iter.Seq2[any, error] { return seq2[any](errBoom, nil, true) }, want: []any{nil, true}, err: errBoom},
		{name: "seq2 of structs that fails", fn: func() iter.Seq2[*point, error] { return seq2(errBoom, &p) }, want: []any{asMap}, err: errBoom},
		{name: "channel", fn: func() <-chan float64 { return channel(1.5, 2) }, want: []any{1.5, 2.0}},
		{name: "channel of structs", fn: func() <-chan point { return channel(p) }, want: []any{asMap}},
		{name: "channel with error", fn: func() (<-chan point, error) { return nil, errBoom }, err: errBoom},
		{name: "named seq2", fn: func() numbers { return numbers(seq2(nil, 1)) }, want: []any{int64(1)}},
		{name: "named seq of structs", fn: func() points { return points(slices.Values([]point{p})) }, want: []any{asMap}},
		{name: "named channel", fn: func() pointSource { return channel(p) }, want: []any{asMap}},
		{name: "variadic", fn: func(s ...string) iter.Seq[string] { return slices.Values(s) }, args: []any{"a", "b"}, want: []any{"a", "b"}},
		{name: "nothing in it", fn: func() iter.Seq[int] { return slices.Values([]int(nil)) }},
		{name: "nil seq", fn: func() iter.Seq[int] { return nil }},
		{name: "nil seq2", fn: func() iter.Seq2[int, error] { return nil }},
		{name: "nil channel", fn: func() <-chan int { return nil }},
		{name: "nil seq of structs", fn: func() iter.Seq[point] { return nil }},
		{name: "nil channel of structs", fn: func() <-chan point { return nil }},

		{name: "Stream0", fn: Stream0(func(context.Context) iter.Seq2[point, error] { return seq2(nil, p) }), want: []any{asMap}},
		{name: "Stream1", fn: Stream1(func(_ context.Context, n int) iter.Seq2[int, error] { return seq2(errBoom, n) }), args: []any{3},
			want: []any{int64(3)}, err: errBoom},
		{name: "Stream2", fn: Stream2(func(_ context.Context, a, b string) iter.Seq2[string, error] { return seq2(nil, a, b) }), args: []any{"a", "b"},
			want: []any{"a", "b"}},
		{name: "Func1 that streams all the same", fn: Func1(func(_ context.Context, n int) (iter.Seq[int], error) { return slices.Values([]int{n}), nil }),
			args: []any{3}, want: []any{int64(3)}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := mustNew(t, "s", tc.fn)
			if m.Shape != ServerStream {
				t.Fatalf("shape %s", m.Shape)
			}
			got, err := collect(t, m, nil, tc.args...)
			if err != tc.err || !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got %v, %v, want %v, %v", got, err, tc.want, tc.err)
			}
			if _, err := collect(t, m, nil, 1, 2, 3); m.maxArg < 3 && err == nil {
				t.Error("the number of arguments must be checked")
			}
		})
	}
}

// endless yields for ever; left tells that it was told to stop.
func endless[X any](x X, left *bool) iter.Seq2[X, error] {
	return func(yield func(X, error) bool) {
		for yield(x, nil) {
		}
		*left = true
	}
}

func TestSendErrorEndsTheIteration(t *testing.T) {
	var left bool
	for name, fn := range map[string]any{
		"seq2":            func() iter.Seq2[int, error] { return endless(1, &left) },
		"seq2 of structs": func() iter.Seq2[point, error] { return endless(point{}, &left) },
		"seq": func() iter.Seq[int] {
			return func(yield func(int) bool) { endless(1, &left)(func(x int, _ error) bool { return yield(x) }) }
		},
		"seq of structs": func() iter.Seq[point] {
			return func(yield func(point) bool) { endless(point{}, &left)(func(x point, _ error) bool { return yield(x) }) }
		},
		"typed": Stream0(func(context.Context) iter.Seq2[point, error] { return endless(point{}, &left) }),
	} {
		t.Run(name, func(t *testing.T) {
			m := mustNew(t, "s", fn)
			left = false
			n := 0
			err := m.Stream(t.Context(), list(t), nil, func([]byte) error {
				if n++; n == 3 {
					return errBoom
				}
				return nil
			})
			if err != errBoom || n != 3 || !left {
				t.Errorf("send failing: err %v after %d items, iterator left: %v", err, n, left)
			}

			// A send that takes everything must not keep an iterator alive
			// whose caller is gone.
			left = false
			ctx, cancel := context.WithCancelCause(t.Context())
			err = m.Stream(ctx, list(t), nil, func([]byte) error { cancel(errBoom); return nil })
			if err != errBoom || !left {
				t.Errorf("context ending: err %v, iterator left: %v", err, left)
			}
		})
	}
}

// A channel that nobody fills any more is left when the context ends.
func TestChannelStopsWithTheContext(t *testing.T) {
	for name, fn := range map[string]any{
		"int":    func() <-chan int { return make(chan int) },
		"struct": func() <-chan point { return make(chan point) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := mustNew(t, "s", fn)
				ctx, cancel := context.WithCancelCause(t.Context())
				done := make(chan error)
				go func() { done <- m.Stream(ctx, list(t), nil, nil) }()
				synctest.Wait()
				select {
				case err := <-done:
					t.Fatalf("the stream ended by itself: %v", err)
				default:
				}
				cancel(errBoom)
				if err := <-done; err != errBoom {
					t.Errorf("got %v, want the cause of the context's end", err)
				}
			})
		})
	}
	for name, fn := range map[string]any{
		"int":    func() <-chan int { return channel(1, 2) },
		"struct": func() <-chan point { return channel(point{}, point{}) },
	} {
		err := mustNew(t, "s", fn).Stream(t.Context(), list(t), nil, func([]byte) error { return errBoom })
		if err != errBoom {
			t.Errorf("%s: got %v, want the error of send", name, err)
		}
	}
}

func TestItemsThatCannotBeEncoded(t *testing.T) {
	bad := []any{1, make(chan int), 2}
	for name, fn := range map[string]any{
		"seq":  func() iter.Seq[any] { return slices.Values(bad) },
		"seq2": func() iter.Seq2[any, error] { return seq2(nil, bad...) },
		"chan": func() <-chan any { return channel(bad...) },
		"list": func() iter.Seq[[]any] { return slices.Values([][]any{{1}, bad}) },
		"typed": Stream0(func(context.Context) iter.Seq2[[]any, error] {
			return seq2(nil, []any{1}, bad)
		}),
	} {
		got, err := collect(t, mustNew(t, "s", fn), nil)
		re, ok := errors.AsType[*ResultError](err)
		if !ok || re.Error() != "can not serialize 'chan int' object" && re.Type != "chan int" || len(got) != 1 {
			t.Errorf("%s: got %v after %v, want a *ResultError after one item", name, err, got)
		}
	}
}

func TestStreamArguments(t *testing.T) {
	for _, fn := range []any{
		Stream0(func(context.Context) iter.Seq2[int, error] { return nil }),
		Stream1(func(_ context.Context, a int) iter.Seq2[int, error] { return nil }),
		Stream2(func(_ context.Context, a, b int) iter.Seq2[int, error] { return nil }),
		Converse(func(_ context.Context, in iter.Seq2[int, error]) iter.Seq2[int, error] { return nil }),
		func(a, b int) iter.Seq2[int, error] { return nil },
	} {
		m := mustNew(t, "s", fn)
		if _, ok := errors.AsType[*ArgError](m.Stream(t.Context(), list(t, 1, 2, 3), nil, nil)); !ok {
			t.Errorf("%d parameters: three arguments must be refused", m.maxArg)
		}
	}
}
