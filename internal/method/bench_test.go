package method

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"
)

// costTable is what a call may allocate, beyond what out holds already.
var costTable = []struct {
	name   string
	fn     any
	args   []any
	allocs float64 // with the reason beside it
}{
	{"no argument", func() int { return 5 }, nil, 0},
	{"int int", func(_ context.Context, a, b int) (int, error) { return a + b, nil }, []any{1, 200}, 0},
	{"string", func(_ context.Context, s string) (string, error) { return s, nil }, []any{"ten bytes."}, 1},              // the string
	{"long string", func(s string) string { return s }, []any{strings.Repeat("x", 1000)}, 1},                             // the string
	{"two strings", func(a, b string) string { return b }, []any{"ten bytes.", "x y"}, 2},                                // the strings
	{"bytes", func(b []byte) []byte { return b }, []any{[]byte("ten bytes.")}, 1},                                        // the bytes
	{"float64", func(a, b float64) float64 { return a * b }, []any{1.5, 2.5}, 0},                                         //
	{"bool", func(b bool) bool { return !b }, []any{true}, 0},                                                            //
	{"any", func(v any) any { return v }, []any{"ten bytes."}, 2},                                                        // the string and its interface
	{"Func1 of struct", Func1(func(_ context.Context, p point) (int, error) { return p.X, nil }), []any{point{1, 2}}, 1}, // the struct
	{"reflect int int int", func(a, b, c int) int { return a + b + c }, []any{1, 2, 3}, 2},                               // reflect's result list and result
	{"reflect struct", func(p point) (int, error) { return p.X, nil }, []any{point{1, 2}}, 3},                            // and the error
	{"reflect variadic", func(n ...int) int { return len(n) }, []any{1, 2, 3}, 4},                                        // and the slice with its header
	{"net/rpc", func(p point, r *int) error { *r = p.X; return nil }, []any{point{1, 2}}, 4},                             // the list, the error, the reply and its place
	{"method value", calculator{}.Add, []any{1, 2}, 0},
	{"registered method", boundMethod(calculator{}, "add"), []any{1, 2}, 1}, // reflect's receiver
}

func boundMethod(rcvr any, name string) any {
	bound, _ := Methods(rcvr, false)
	for _, b := range bound {
		if b.Name == name {
			return b.Func
		}
	}
	return nil
}

func TestAllocations(t *testing.T) {
	for _, tc := range costTable {
		m := mustNew(t, "f", tc.fn)
		args, out, ctx := list(t, tc.args...), make([]byte, 0, 2048), t.Context()
		n := testing.AllocsPerRun(200, func() {
			if _, err := m.Call(ctx, args, nil, out); err != nil {
				t.Fatal(err)
			}
		})
		if strings.Contains(tc.name, "reflect") || tc.name == "net/rpc" {
			n -= poolMisses
		}
		if n > tc.allocs {
			t.Errorf("%s: %v allocations a call, may have %v", tc.name, n, tc.allocs)
		}
	}
}

func BenchmarkCall(b *testing.B) {
	for _, tc := range costTable {
		b.Run(strings.ReplaceAll(tc.name, " ", "_"), func(b *testing.B) {
			m := mustNew(b, "f", tc.fn)
			args, out, ctx := list(b, tc.args...), make([]byte, 0, 2048), b.Context()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := m.Call(ctx, args, nil, out); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

var errEnough = errors.New("enough")

// BenchmarkStream counts one item an operation.
func BenchmarkStream(b *testing.B) {
	for name, fn := range map[string]any{
		"seq2_int":    func() iter.Seq2[int, error] { return endless(1, new(bool)) },
		"seq2_struct": func() iter.Seq2[point, error] { return endless(point{1, 2}, new(bool)) },
		"Stream0_struct": Stream0(func(context.Context) iter.Seq2[point, error] {
			return endless(point{1, 2}, new(bool))
		}),
	} {
		b.Run(name, func(b *testing.B) {
			m := mustNew(b, "s", fn)
			ctx, cancel := context.WithCancel(b.Context())
			defer cancel()
			b.ReportAllocs()
			n := 0
			err := m.Stream(ctx, list(b), nil, func([]byte) error {
				if n++; n > b.N {
					return errEnough
				}
				return nil
			})
			if err != errEnough {
				b.Fatal(err)
			}
		})
	}
}
