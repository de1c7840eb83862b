package method

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/event"
)

// enc encodes one value for a test.
func enc(t testing.TB, v any) []byte {
	t.Helper()
	b, err := event.AppendValue(nil, v)
	if err != nil {
		t.Fatalf("test value %v: %v", v, err)
	}
	return b
}

// list encodes the args array of a call.
func list(t testing.TB, v ...any) []byte {
	t.Helper()
	if v == nil {
		v = []any{}
	}
	return enc(t, v)
}

func mustNew(t testing.TB, name string, fn any, params ...string) *Method {
	t.Helper()
	m, err := New(name, fn, &Doc{Params: params})
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return m
}

// call runs a unary method and decodes its result.
func call(t testing.TB, m *Method, args []byte) (any, error) {
	t.Helper()
	const before = "before"
	out, err := m.Call(t.Context(), args, nil, []byte(before))
	if !strings.HasPrefix(string(out), before) {
		t.Fatalf("Call must append to out, got %q", out)
	}
	if err != nil {
		if string(out) != before {
			t.Errorf("after an error out must be as it was, got %q", out)
		}
		return nil, err
	}
	v, derr := event.DecodeAny(out[len(before):])
	if derr != nil {
		t.Fatalf("result does not decode: %v", derr)
	}
	return v, nil
}

type point struct {
	X int `msgpack:"x"`
	Y int `msgpack:"y"`
}

type shape struct {
	Name string  `msgpack:"name"`
	At   *point  `msgpack:"at"`
	Path []point `msgpack:"path"`
}

type (
	celsius float64
	id      string
	level   int8
	action  func(context.Context, string) (string, error)
)

// byReflection hides a function from the table and runs it through caller.
func byReflection(t testing.TB, name string, fn any, params ...string) *Method {
	t.Helper()
	m := mustNew(t, name, fn, params...)
	v := reflect.ValueOf(fn)
	sig, err := analyse(name, v.Type())
	if err != nil {
		t.Fatal(err)
	}
	m.call, m.stream = nil, nil
	newCaller(m, v, sig).bind()
	return m
}

var callTable = []struct {
	name string
	fn   any
	args []any
	want any
}{
	{"nothing in, nothing out", func() {}, nil, nil},
	{"a lone error result", func() error { return nil }, nil, nil},
	{"context alone", func(ctx context.Context) bool { return ctx != nil }, nil, true},
	{"string", func(s string) string { return "Hello, " + s }, []any{"RPC"}, "Hello, RPC"},
	{"a bin where text is wanted, as Python 2 sends", func(s string) string { return s }, []any{[]byte("x")}, "x"},
	{"a string of 40 bytes has another header", func(s string) int { return len(s) }, []any{strings.Repeat("x", 40)}, int64(40)},
	{"a string of 300 bytes has yet another", func(s string) int { return len(s) }, []any{strings.Repeat("x", 300)}, int64(300)},
	{"two ints, context and error", func(_ context.Context, a, b int) (int, error) { return a + b, nil }, []any{1, 2}, int64(3)},
	{"a large and a negative int", func(a, b int) int { return a + b }, []any{1 << 30, -1}, int64(1<<30 - 1)},
	{"int64", func(a int64) int64 { return -a }, []any{int64(math.MaxInt64)}, int64(-math.MaxInt64)},
	{"uint64 beyond int64", func(a uint64) uint64 { return a }, []any{uint64(math.MaxUint64)}, uint64(math.MaxUint64)},
	{"float64 takes an int", func(f float64) float64 { return f / 2 }, []any{3}, 1.5},
	{"float64", func(a, b float64) float64 { return a / b }, []any{1.0, 4.0}, 0.25},
	{"float32 goes out as float64", func(f float32) float32 { return f }, []any{0.5}, 0.5},
	{"bool", func(b bool) bool { return !b }, []any{false}, true},
	{"bytes", func(b []byte) []byte { return append(b, 1) }, []any{[]byte{0}}, []byte{0, 1}},
	{"a str where bytes are wanted", func(b []byte) []byte { return b }, []any{"hi"}, []byte("hi")},
	{"nil bytes are nil", func(string) []byte { return nil }, []any{""}, nil},
	{"any", func(v any) any { return v }, []any{[]any{int64(1), "a", nil}}, []any{int64(1), "a", nil}},
	{"string and any, no result", func(string, any) {}, []any{"a", nil}, nil},
	{"string and bytes, error", func(_ context.Context, k string, v []byte) error { return nil }, []any{"k", []byte{1}}, nil},
	{"a named function type", action(func(_ context.Context, s string) (string, error) { return s, nil }), []any{"n"}, "n"},
	{"named types", func(c celsius, i id, l level) []any { return []any{c, i, l} }, []any{1.5, "a", -3}, []any{1.5, "a", int64(-3)}},
	{"a named result", func() celsius { return 2 }, nil, 2.0},
	{"three parameters", func(a, b, c int) int { return a + b + c }, []any{1, 2, 3}, int64(6)},
	{"variadic", func(ns ...int) (s int) {
		for _, n := range ns {
			s += n
		}
		return s
	}, []any{1, 2, 3, 4}, int64(10)},
	{"variadic with nothing", func(ns ...int) bool { return ns == nil }, nil, true},
	{"variadic after others", func(_ context.Context, sep string, parts ...string) string { return strings.Join(parts, sep) },
		[]any{"-", "a", "b"}, "a-b"},
	{"variadic any", func(v ...any) int { return len(v) }, []any{1, "a", nil}, int64(3)},
	{"slices", func(s []string, n []int) int { return len(s) + n[0] }, []any{[]string{"a"}, []int{5}}, int64(6)},
	{"map", func(m map[string]int) int { return m["a"] }, []any{map[string]any{"a": 1}}, int64(1)},
	{"map of ints", func(m map[int]string) string { return m[7] }, []any{map[int]string{7: "x"}}, "x"},
	{"struct", func(p point) point { return point{p.Y, p.X} }, []any{map[string]any{"x": 1, "y": 2}},
		map[string]any{"x": int64(2), "y": int64(1)}},
	{"pointer to struct", func(p *point) *point { p.X++; return p }, []any{point{1, 2}}, map[string]any{"x": int64(2), "y": int64(2)}},
	{"nil for a pointer", func(p *point) bool { return p == nil }, []any{nil}, true},
	{"a nil pointer as result", func() *point { return nil }, nil, nil},
	{"pointer to int", func(p *int) int { return *p }, []any{7}, int64(7)},
	{"nested structs", func(s shape) int { return s.At.X + s.Path[1].Y }, []any{shape{"s", &point{1, 2}, []point{{}, {0, 9}}}}, int64(10)},
	{"empty struct", func(struct{}) {}, []any{map[string]any{}}, nil},
	{"time", func(t time.Time) time.Time { return t.Add(time.Hour) }, []any{time.Unix(0, 0)}, time.Unix(3600, 0).UTC()},
	{"duration", func(d time.Duration) time.Duration { return 2 * d }, []any{5}, int64(10)},
	{"raw", func(r event.Raw) event.Raw { return r }, []any{map[string]any{"k": "v"}}, map[string]any{"k": "v"}},
	{"ext", func(e event.Ext) event.Ext { return e }, []any{event.Ext{Type: 5, Data: []byte{1}}}, event.Ext{Type: 5, Data: []byte{1}}},
	{"an interface as result", func() error2 { return nil }, nil, nil},
	{"net/rpc", func(a point, r *int) error { *r = a.X * a.Y; return nil }, []any{point{3, 4}}, int64(12)},
	{"net/rpc with a pointer", func(a *point, r *point) error { *r = *a; return nil }, []any{point{3, 4}}, map[string]any{"x": int64(3), "y": int64(4)}},
	{"net/rpc's map is made", func(k string, r *map[string]int) error { (*r)[k] = 1; return nil }, []any{"k"}, map[string]any{"k": int64(1)}},
	{"net/rpc's slice is empty, not nil", func(k string, r *[]int) error { return nil }, []any{"k"}, []any{}},
	{"a context makes net/rpc's shape an ordinary method", func(_ context.Context, k string, p *int) error {
		if *p != 2 {
			return errors.New("lost")
		}
		return nil
	}, []any{"k", 2}, nil},
}

// error2 is an interface that is not error: a result may have any such type.
type error2 interface{ Error2() }

func TestCall(t *testing.T) {
	for _, tc := range callTable {
		t.Run(tc.name, func(t *testing.T) {
			for route, m := range map[string]*Method{
				"as New chooses": mustNew(t, "f", tc.fn),
				"by reflection":  byReflection(t, "f", tc.fn),
			} {
				for range 2 { // the second call meets a used frame
					got, err := call(t, m, list(t, tc.args...))
					if err != nil {
						t.Fatalf("%s: %v", route, err)
					}
					if !reflect.DeepEqual(got, tc.want) {
						t.Errorf("%s: got %#v, want %#v", route, got, tc.want)
					}
				}
			}
		})
	}
}

// What a handler keeps must not change when the buffer that held the call is used again.
func TestArgumentsAreCopies(t *testing.T) {
	for name, newMethod := range map[string]func(testing.TB, string, any, ...string) *Method{"typed": mustNew, "reflect": byReflection} {
		t.Run(name, func(t *testing.T) {
			var kept []any
			keep := func(v ...any) { kept = append(kept, v...) }
			s := strings.Repeat("s", 50)
			for _, c := range []struct {
				fn  any
				arg any
			}{
				{func(v string) { keep(v) }, s},
				{func(v []byte) { keep(string(v), v) }, []byte(s)},
				{func(v any) { keep(v) }, []any{s, []byte(s)}},
				{func(v event.Raw) { keep(v) }, s},
				{func(v event.Ext) { keep(v) }, event.Ext{Type: 1, Data: []byte(s)}},
				{func(v []string) { keep(v) }, []string{s}},
				{func(v map[string][]byte) { keep(v) }, map[string]any{s: []byte(s)}},
				{func(v shape) { keep(v) }, shape{Name: s}},
				{func(v ...[]byte) { keep(v) }, []byte(s)},
			} {
				args := list(t, c.arg)
				m := newMethod(t, "keep", c.fn)
				kept = nil
				if _, err := call(t, m, bytes.Clone(args)); err != nil {
					t.Fatal(err)
				}
				want := kept
				kept = nil
				if _, err := call(t, m, args); err != nil {
					t.Fatal(err)
				}
				for i := range args {
					args[i] = 0xff
				}
				if !reflect.DeepEqual(kept, want) {
					t.Errorf("%T: the argument changed with the buffer: %v", c.fn, kept)
				}
			}
		})
	}
}

func TestFunctionErrorsPassThrough(t *testing.T) {
	boom := errors.New("boom")
	for _, fn := range []any{
		func() error { return boom },
		func() (int, error) { return 1, boom },
		func(context.Context) (string, error) { return "", boom },
		func(...int) (point, error) { return point{}, boom },
	} {
		if _, err := call(t, mustNew(t, "f", fn), list(t)); err != boom {
			t.Errorf("%T: got %v, want the function's own error", fn, err)
		}
	}
	fn := func(_ point, r *int) error { *r = 5; return boom }
	if _, err := call(t, mustNew(t, "f", fn), list(t, point{})); err != boom {
		t.Errorf("net/rpc shape: got %v, want the function's own error", err)
	}
}

func TestContextReachesTheFunction(t *testing.T) {
	type key struct{}
	ctx := context.WithValue(t.Context(), key{}, "v")
	for _, fn := range []any{
		func(ctx context.Context) (any, error) { return ctx.Value(key{}), nil },
		func(ctx context.Context, _ ...string) (any, error) { return ctx.Value(key{}), nil },
	} {
		out, err := mustNew(t, "f", fn).Call(ctx, list(t), nil, nil)
		if err != nil || !bytes.Equal(out, enc(t, "v")) {
			t.Errorf("%T: got %x, %v", fn, out, err)
		}
	}
}

// The caller of Call recovers panics; a frame in use must not come back to the pool.
func TestPanicsPass(t *testing.T) {
	m := mustNew(t, "f", func(a, b, c int) int { return a / b })
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic of the function must reach the caller of Call")
			}
		}()
		m.Call(t.Context(), list(t, 1, 0, 0), nil, nil)
	}()
	if got, err := call(t, m, list(t, 6, 3, 0)); err != nil || got != int64(2) {
		t.Errorf("after a panic: %v, %v", got, err)
	}
}

func TestResultErrors(t *testing.T) {
	var huge any = func() any { return nil }
	for _, tc := range []struct {
		name, text, wire, typ string
		fn                    any
	}{
		{"chan in any", "can not serialize 'chan int' object", "TypeError", "chan int", func() any { return make(chan int) }},
		{"func in a list", "can not serialize 'func() interface {}' object", "TypeError", "func() interface {}", func(...int) []any { return []any{huge} }},
		{"complex", "can not serialize 'complex128' object", "TypeError", "complex128", func() (any, error) { return 1i, nil }},
		{"an integer beyond 64 bits", "Integer value out of range", "OverflowError", "*big.Int",
			func() *big.Int { return new(big.Int).Lsh(big.NewInt(1), 64) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := call(t, mustNew(t, "f", tc.fn), list(t))
			re, ok := errors.AsType[*ResultError](err)
			if !ok {
				t.Fatalf("got %v, want a *ResultError", err)
			}
			if re.Error() != tc.text || re.WireName() != tc.wire || re.Type != tc.typ || re.Method != "f" {
				t.Errorf("got %q as %s (%s, %s)", re.Error(), re.WireName(), re.Type, re.Method)
			}
		})
	}
}

func TestWrongRunner(t *testing.T) {
	unary, stream := mustNew(t, "u", func() {}), mustNew(t, "s", func() <-chan int { return nil })
	if err := unary.Stream(t.Context(), list(t), nil, nil); err == nil || err.Error() != "method u (unary) is run by Call, not Stream" {
		t.Errorf("Stream of a unary method: %v", err)
	}
	if _, err := stream.Call(t.Context(), list(t), nil, nil); err == nil || err.Error() != "method s (server stream) is run by Stream, not Call" {
		t.Errorf("Call of a stream method: %v", err)
	}
}
