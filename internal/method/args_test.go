package method

import (
	"context"
	"errors"
	"iter"
	"reflect"
	"strings"
	"testing"

	"github.com/zrpc-go/zrpc/event"
)

func TestArgErrors(t *testing.T) {
	add := func(_ context.Context, a, b int) (int, error) { return a + b, nil }
	three := func(a string, b point, c int8) {}
	for _, tc := range []struct {
		name   string
		method string
		fn     any
		params []string
		args   any
		want   string
	}{
		{"one too many", "add", add, nil, []any{1, 2, 3}, "add() takes 2 arguments but 3 were given"},
		{"one too few", "add", add, nil, []any{1}, "add() missing 1 required argument: 'arg1'"},
		{"none", "add", add, nil, []any{}, "add() missing 2 required arguments: 'arg0' and 'arg1'"},
		{"takes one", "neg", func(int) {}, nil, []any{}, "neg() missing 1 required argument: 'arg0'"},
		{"takes none", "now", func() {}, nil, []any{1}, "now() takes 0 arguments but 1 was given"},
		{"variadic", "sum", func(a int, b ...int) {}, nil, []any{}, "sum() missing 1 required argument: 'arg0'"},
		{"more than any method takes", "sum", func(...int) {}, nil, make([]int, maxVariadic+1),
			"sum() takes at most 65536 arguments but 65537 were given"},
		{"net/rpc takes one", "mul", func(a point, r *int) error { return nil }, nil, []any{1, 2}, "mul() takes 1 argument but 2 were given"},

		{"wrong type", "add", add, []string{"a", "b"}, []any{1, "x"}, "add: argument 2 (b) is str, want int"},
		{"wrong type, no names", "add", add, nil, []any{nil, 1}, "add: argument 1 is nil, want int"},
		{"the other way round", "hello", func(string) {}, []string{"name"}, []any{5}, "hello: argument 1 (name) is int, want str"},
		{"named, several", "three", func(a, b, c int) {}, []string{"x", "y", "z"}, []any{}, "three() missing 3 required arguments: 'x', 'y', and 'z'"},
		{"no rounding of floats", "add", add, nil, []any{1, 1.5}, "add: argument 2 is float, want int"},
		{"bool is no int", "add", add, nil, []any{true, 1}, "add: argument 1 is bool, want int"},
		{"list for a float", "f", func(float64) {}, nil, []any{[]int{1}}, "f: argument 1 is array, want float"},
		{"int for a bool", "f", func(bool) {}, nil, []any{1}, "f: argument 1 is int, want bool"},
		{"map for bytes", "f", func([]byte) {}, nil, []any{map[string]any{}}, "f: argument 1 is map, want bin"},
		{"by reflection", "f", three, []string{"a", "b", "c"}, []any{"", point{}, "x"}, "f: argument 3 (c) is str, want int"},
		{"too large", "f", three, []string{"a", "b", "c"}, []any{"", point{}, 300}, "f: argument 3 (c) is 300, want int8"},
		{"a variadic one", "f", func(s ...string) {}, []string{"words"}, []any{"a", "b", 3}, "f: argument 3 (words) is int, want str"},

		{"nil as arguments", "f", add, nil, nil, "f() argument after * must be an iterable, not NoneType"},
		{"int as arguments", "f", add, nil, 5, "f() argument after * must be an iterable, not int"},
		{"bool as arguments", "f", add, nil, true, "f() argument after * must be an iterable, not bool"},
		{"float as arguments", "f", add, nil, 1.5, "f() argument after * must be an iterable, not float"},
		{"timestamp as arguments", "f", add, nil, event.Raw("\xd6\xff\x00\x00\x00\x00"), "f() argument after * must be an iterable, not Timestamp"},
		{"a word as arguments", "f", add, nil, "word", "f() takes 2 arguments but 4 were given"},
		{"the letters are no ints", "f", add, nil, "ab", "f: argument 1 is str, want int"},
		{"too many keys", "f", add, nil, map[string]any{"a": 1, "b": 2, "c": 3}, "f() takes 2 arguments but 3 were given"},
		{"too many bytes", "f", add, nil, make([]byte, 100_000), "f() takes 2 arguments but 100000 were given"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for route, m := range map[string]*Method{
				"as New chooses": mustNew(t, tc.method, tc.fn, tc.params...),
				"by reflection":  byReflection(t, tc.method, tc.fn, tc.params...),
			} {
				_, err := call(t, m, enc(t, tc.args))
				ae, ok := errors.AsType[*ArgError](err)
				if !ok {
					t.Fatalf("%s: got %v, want an *ArgError", route, err)
				}
				if ae.Error() != tc.want {
					t.Errorf("%s: got  %s\nwant %s", route, ae.Error(), tc.want)
				}
				if ae.WireName() != "TypeError" || ae.Method != tc.method {
					t.Errorf("%s: WireName %s, Method %s", route, ae.WireName(), ae.Method)
				}
			}
		})
	}
}

func TestArgErrorFields(t *testing.T) {
	_, err := call(t, mustNew(t, "add", func(a, b int) int { return a }, "a", "b"), list(t, 1, "x"))
	ae, ok := errors.AsType[*ArgError](err)
	if !ok || ae.Index != 2 || ae.Name != "b" || ae.Want != "int" || ae.Got != "str" || ae.Item != 0 {
		t.Errorf("got %+v", ae)
	}
	if _, ok := errors.AsType[*event.TypeError](err); !ok {
		t.Error("the decoder's error must be reachable")
	}
	// Deep inside a struct the text must say where.
	_, err = call(t, mustNew(t, "draw", func(shape) {}), list(t, map[string]any{"path": []any{map[string]any{"x": "no"}}}))
	if err == nil || !strings.HasPrefix(err.Error(), "draw: argument 1 is str, want int") || !strings.Contains(err.Error(), "path") {
		t.Errorf("got %v", err)
	}
}

// Arguments that are no list are spread as Python's f(*args) does.
func TestSpread(t *testing.T) {
	for _, tc := range []struct {
		name string
		args any
		want []any
	}{
		{"str", "aé", []any{"a", "é"}},
		{"empty str", "", []any{}},
		{"a long str", strings.Repeat("x", 40), slicesRepeat("x", 40)},
		{"str that is no UTF-8", event.Raw("\xa2\xffa"), []any{"\xff", "a"}},
		{"bin", []byte{0, 1, 255}, []any{int64(0), int64(1), int64(255)}},
		{"map", map[string]any{"a": 1}, []any{"a"}},
		{"map of 16 bits", event.Raw("\xde\x00\x02\x01\xc0\xa1b\x90"), []any{int64(1), "b"}},
		{"map of 32 bits", event.Raw("\xdf\x00\x00\x00\x01\x01\xc0"), []any{int64(1)}},
		{"ext", event.Ext{Type: -5, Data: []byte{9}}, []any{int64(-5), []byte{9}}},
		{"array of 16 bits", event.Raw("\xdc\x00\x01\x07"), []any{int64(7)}},
		{"array of 32 bits", event.Raw("\xdd\x00\x00\x00\x01\x07"), []any{int64(7)}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []any
			m := mustNew(t, "f", func(v ...any) { got = append([]any{}, v...) })
			if _, err := call(t, m, enc(t, tc.args)); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got %#v, want %#v", got, tc.want)
			}
		})
	}
	// The same for the typed routes, which look at the usual array header first.
	one := mustNew(t, "f", func(s string) string { return s })
	two := mustNew(t, "f", func(a, b string) string { return b + a })
	for _, tc := range []struct {
		m    *Method
		args []byte
		want string
	}{
		{one, enc(t, "x"), "x"}, {one, []byte("\xdc\x00\x01\xa1y"), "y"},
		{two, enc(t, "ab"), "ba"}, {two, []byte("\xdd\x00\x00\x00\x02\xa1a\xa1b"), "ba"},
	} {
		if got, err := call(t, tc.m, tc.args); err != nil || got != tc.want {
			t.Errorf("%x: got %v, %v, want %s", tc.args, got, err, tc.want)
		}
	}
}

func slicesRepeat(v any, n int) (s []any) {
	for range n {
		s = append(s, v)
	}
	return s
}

// A truncated event never gets here, but nothing may rely on that for its life.
func TestEveryPrefix(t *testing.T) {
	whole := list(t, 300, "text of more than thirty-one bytes, so", []byte("b"), map[string]any{"x": 1}, []any{1.5}, true)
	methods := []*Method{
		mustNew(t, "f", func(int, string, []byte, point, []float64, bool) {}),
		mustNew(t, "f", func(...any) {}),
		mustNew(t, "f", func(any) {}),
		mustNew(t, "f", func(a, b any) {}),
		mustNew(t, "f", func(a, b string) {}),
		mustNew(t, "f", Stream1(func(context.Context, any) iter.Seq2[any, error] { return nil })),
	}
	for _, args := range [][]byte{whole, enc(t, "text"), enc(t, []byte("abc")), enc(t, map[string]any{"a": 1, "b": nil}),
		enc(t, event.Ext{Type: 1, Data: []byte("abc")}), []byte("\xde\x00\x02\x01\xc0\xa1b\x90"), []byte("\x92\xa5hello\xa5world")} {
		for i := range args {
			for _, m := range methods {
				if m.Shape == ServerStream {
					if err := m.Stream(t.Context(), args[:i], nil, nil); err == nil {
						t.Errorf("%x of %x: no error", args[:i], args)
					}
					continue
				}
				if _, err := call(t, m, args[:i]); err == nil {
					t.Errorf("%x of %x into %d parameters: no error", args[:i], args, len(m.Params))
				}
			}
		}
	}
}
