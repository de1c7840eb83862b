package method

import (
	"context"
	"errors"
	"reflect"
	"testing"
)

// Every form of every entry that the table knows must call the function it was
// made for, with its arguments in order.
func TestTable(t *testing.T) {
	boom := errors.New("boom")
	var saw []any
	see := func(v ...any) { saw = append(saw, v...) }
	for _, tc := range []struct {
		fn   any
		args []any
		want any // the result, or the error
	}{
		{func(context.Context) (string, error) { return "r", nil }, nil, "r"},
		{func() (string, error) { return "r", nil }, nil, "r"},
		{func(context.Context) string { return "r" }, nil, "r"},
		{func() string { return "r" }, nil, "r"},
		{func(context.Context) error { return boom }, nil, boom},
		{func() error { return boom }, nil, boom},
		{func(context.Context) {}, nil, nil},
		{func() {}, nil, nil},

		{func(_ context.Context, a string) (int, error) { see(a); return 1, nil }, []any{"a"}, int64(1)},
		{func(a string) (int64, error) { see(a); return 1, nil }, []any{"a"}, int64(1)},
		{func(_ context.Context, a int64) float64 { see(a); return 1 }, []any{int64(5)}, 1.0},
		{func(a float64) bool { see(a); return true }, []any{1.5}, true},
		{func(_ context.Context, a bool) error { see(a); return boom }, []any{true}, boom},
		{func(a []byte) error { see(a); return nil }, []any{[]byte("b")}, nil},
		{func(_ context.Context, a any) { see(a) }, []any{"x"}, nil},
		{func(a string) { see(a) }, []any{"x"}, nil},

		{func(_ context.Context, a, b string) (any, error) { see(a, b); return nil, nil }, []any{"a", "b"}, nil},
		{func(a, b float64) (float64, error) { see(a, b); return a - b, nil }, []any{3.0, 1.0}, 2.0},
		{func(_ context.Context, a string, b []byte) []byte { see(a, b); return b }, []any{"k", []byte("v")}, []byte("v")},
		{func(a string, b bool) bool { see(a, b); return b }, []any{"k", true}, true},
		{func(_ context.Context, a string, b any) error { see(a, b); return boom }, []any{"k", 1.5}, boom},
		{func(a, b int64) error { see(a, b); return nil }, []any{int64(1), int64(2)}, nil},
		{func(_ context.Context, a, b any) { see(a, b) }, []any{nil, "b"}, nil},
		{func(a string, b string) { see(a, b) }, []any{"a", "b"}, nil},

		{Func0(func(context.Context) (point, error) { return point{}, boom }), nil, boom},
		{Func1(func(_ context.Context, a id) (id, error) { see(string(a)); return a, nil }), []any{"i"}, "i"},
		{Func2(func(_ context.Context, a id, b string) (string, error) { see(string(a), b); return b, nil }), []any{"i", "j"}, "j"},
	} {
		m := mustNew(t, "f", tc.fn)
		if f, ok := tc.fn.(Func); ok {
			tc.fn = f.fn
		} else if sig, _ := analyse("f", reflect.TypeOf(tc.fn)); sig != nil {
			if _, ok := lookup(reflect.ValueOf(tc.fn), sig); !ok {
				t.Errorf("%T is not in the table", tc.fn)
			}
		}
		saw = nil
		got, err := call(t, m, list(t, tc.args...))
		if err != nil {
			got = err
		}
		if !reflect.DeepEqual(got, tc.want) || !reflect.DeepEqual(saw, tc.args) {
			t.Errorf("%T: got %v, saw %v; want %v, %v", tc.fn, got, saw, tc.want, tc.args)
		}
		// The function must not run with the wrong number of arguments.
		saw = nil
		if _, err := call(t, m, list(t, 1, 2, 3)); err == nil || saw != nil {
			t.Errorf("%T: ran with three arguments", tc.fn)
		}
	}
	// These go by reflection, and are none the worse for it.
	for _, fn := range []any{func(int, string) {}, func(...string) {}, func(uint) {}, func(a, b, c int) {}} {
		sig, err := analyse("f", reflect.TypeOf(fn))
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := lookup(reflect.ValueOf(fn), sig); ok {
			t.Errorf("%T cannot be in the table", fn)
		}
	}
}
