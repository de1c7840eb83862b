package method

import (
	"context"
	"errors"
	"iter"
	"reflect"
	"testing"
)

// items is a Source that plays the caller.
type items struct {
	t     testing.TB
	items []any
	err   error // instead of a clean end
	buf   []byte
	ended bool
	reads int
}

func (s *items) Next(ctx context.Context) (raw []byte, ok bool, err error) {
	if s.ended {
		s.t.Error("a source that has ended must not be asked again")
	}
	if ctx == nil {
		s.t.Error("the call's context must reach the source")
	}
	for i := range s.buf {
		s.buf[i] = 0xff // an item is valid until the next Next
	}
	s.reads++
	if len(s.items) == 0 {
		s.ended = true
		return nil, false, s.err
	}
	s.buf = enc(s.t, s.items[0])
	s.items = s.items[1:]
	return s.buf, true, nil
}

// drain reads a client stream to its end.
func drain[X any](in iter.Seq2[X, error]) (all []X, err error) {
	for x, err := range in {
		if err != nil {
			return all, err
		}
		all = append(all, x)
	}
	return all, nil
}

type pointReader func(yield func(point, error) bool)

func TestClientStreams(t *testing.T) {
	p, asMap := point{1, 2}, map[string]any{"x": int64(1), "y": int64(2)}
	for _, tc := range []struct {
		name string
		fn   any
		args []any
		in   []any
		err  error
		want any
	}{
		{name: "ints", fn: func(in iter.Seq2[int, error]) ([]int, error) { return drain(in) }, in: []any{1, 2}, want: []any{int64(1), int64(2)}},
		{name: "bytes are copies", fn: func(in iter.Seq2[[]byte, error]) ([][]byte, error) { return drain(in) },
			in: []any{[]byte("ab"), []byte("cd")}, want: []any{[]byte("ab"), []byte("cd")}},
		{name: "with context and argument", fn: func(_ context.Context, k string, in iter.Seq2[string, error]) (string, error) {
			all, err := drain(in)
			return k + all[0], err
		}, args: []any{"k"}, in: []any{"v"}, want: "kv"},
		{name: "structs", fn: func(in iter.Seq2[point, error]) ([]point, error) { return drain(in) }, in: []any{p, p}, want: []any{asMap, asMap}},
		{name: "a named iterator", fn: func(in pointReader) ([]point, error) { return drain(iter.Seq2[point, error](in)) }, in: []any{p}, want: []any{asMap}},
		{name: "nothing in it", fn: func(in iter.Seq2[point, error]) (int, error) { all, err := drain(in); return len(all), err }, want: int64(0)},
		{name: "lost in the middle", fn: func(in iter.Seq2[int, error]) ([]int, error) { return drain(in) }, in: []any{1}, err: errBoom},
		{name: "structs lost in the middle", fn: func(in iter.Seq2[point, error]) ([]point, error) { return drain(in) }, in: []any{p}, err: errBoom},
		{name: "Collect", fn: Collect(func(_ context.Context, in iter.Seq2[*point, error]) ([]*point, error) { return drain(in) }), in: []any{p}, want: []any{asMap}},
		{name: "Func1 that reads a stream all the same", fn: Func1(func(_ context.Context, in iter.Seq2[int, error]) ([]int, error) { return drain(in) }),
			in: []any{1}, want: []any{int64(1)}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := mustNew(t, "put", tc.fn)
			if m.Shape != ClientStream {
				t.Fatalf("shape %s", m.Shape)
			}
			out, err := m.Call(t.Context(), list(t, tc.args...), &items{t: t, items: tc.in, err: tc.err}, nil)
			if err != tc.err {
				t.Fatalf("got %v, want %v", err, tc.err)
			}
			if err == nil && !reflect.DeepEqual(out, enc(t, tc.want)) {
				t.Errorf("got %x, want %v", out, tc.want)
			}
			if _, err := m.Call(t.Context(), list(t, 1, 2, 3), nil, nil); err == nil {
				t.Error("the number of arguments must be checked")
			}
		})
	}
}

func TestClientStreamItemErrors(t *testing.T) {
	for name, fn := range map[string]any{
		"int":    func(n int, in iter.Seq2[int, error]) error { _, err := drain(in); return err },
		"struct": func(n int, in iter.Seq2[struct{ A int }, error]) error { _, err := drain(in); return err },
	} {
		s := &items{t: t, items: []any{"no", 3}}
		if name == "struct" {
			s.items = []any{map[string]any{"A": 1}, "no", 3}
		}
		_, err := mustNew(t, "put", fn, "n", "in").Call(t.Context(), list(t, 1), s, nil)
		ae, ok := errors.AsType[*ArgError](err)
		if !ok {
			t.Fatalf("%s: got %v, want an *ArgError", name, err)
		}
		want := map[string]string{"int": "put: item 1 of stream (in) is str, want int", "struct": "put: item 2 of stream (in) is str, want map"}[name]
		if ae.Error() != want || ae.Index != 2 {
			t.Errorf("got  %s\nwant %s", ae.Error(), want)
		}
	}
}

// A function may look at the first items and range over the rest later.
func TestClientStreamGoesOn(t *testing.T) {
	for name, fn := range map[string]any{
		"int": func(in iter.Seq2[int, error]) (int, error) {
			for range in {
				break
			}
			rest, err := drain(in)
			for range in {
				t.Error("an ended stream has no items")
			}
			return len(rest), err
		},
		"struct": func(in iter.Seq2[point, error]) (int, error) {
			for range in {
				break
			}
			rest, err := drain(in)
			for range in {
				t.Error("an ended stream has no items")
			}
			return len(rest), err
		},
	} {
		s := &items{t: t, items: []any{point{}, point{}, point{}}}
		if name == "int" {
			s.items = []any{1, 2, 3}
		}
		out, err := mustNew(t, "put", fn).Call(t.Context(), list(t), s, nil)
		if err != nil || !reflect.DeepEqual(out, enc(t, 2)) {
			t.Errorf("%s: got %x, %v", name, out, err)
		}
	}
	// Without a source the stream is empty.
	fn := func(in iter.Seq2[int, error]) (int, error) { all, err := drain(in); return len(all), err }
	if out, err := mustNew(t, "put", fn).Call(t.Context(), list(t), nil, nil); err != nil || !reflect.DeepEqual(out, enc(t, 0)) {
		t.Errorf("no source: %x, %v", out, err)
	}
}

func TestBidirectional(t *testing.T) {
	double := func(_ context.Context, in iter.Seq2[int, error]) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			for x, err := range in {
				if !yield(2*x, err) {
					return
				}
			}
		}
	}
	for name, fn := range map[string]any{"table": double, "Converse": Converse(double),
		"structs": func(in iter.Seq2[point, error]) iter.Seq2[int, error] {
			return func(yield func(int, error) bool) {
				for p, err := range in {
					if !yield(2*p.X, err) {
						return
					}
				}
			}
		}} {
		t.Run(name, func(t *testing.T) {
			m := mustNew(t, "double", fn)
			if m.Shape != Bidi {
				t.Fatalf("shape %s", m.Shape)
			}
			s := &items{t: t, items: []any{1, 2}, err: errBoom}
			if name == "structs" {
				s.items = []any{point{X: 1}, point{X: 2}}
			}
			var reads []int
			var got []byte
			err := m.Stream(t.Context(), list(t), s, func(item []byte) error {
				got, reads = append(got, item...), append(reads, s.reads)
				return nil
			})
			if err != errBoom || string(got) != "\x02\x04" {
				t.Errorf("got %x, %v", got, err)
			}
			if !reflect.DeepEqual(reads, []int{1, 2}) {
				t.Errorf("each answer must go out before the next item is read: %v", reads)
			}
		})
	}
}
