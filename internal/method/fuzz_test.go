package method

import (
	"context"
	"iter"
	"math/big"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/event"
)

// fuzzMethods cover every kind of decoder and both routes.
func fuzzMethods(t testing.TB) (ms []*Method) {
	for _, fn := range []any{
		func(string, int, float64, []byte, bool, any, point, *shape) {},
		func(int8, uint16, float32, id, celsius, time.Time, event.Ext, event.Raw) {},
		func([]string, []int, map[string]any, map[any]any, [4]byte, [2]int, *big.Int, time.Duration) {},
		func(...any) {}, func(...int) {}, func(...shape) {}, func(...*tree) {},
		func(a any) any { return a },
		func(a string) string { return a },
		func(a []byte) []byte { return a },
		func(a, b any) any { return a },
		func(a, b int) int { return a },
		func(a, b string) string { return a },
		func(a, b float64) float64 { return a },
		func(a shape, r *map[string]shape) error { (*r)[a.Name] = a; return nil },
		Func1(func(_ context.Context, s shape) (shape, error) { return s, nil }),
		func(a any, b ...any) iter.Seq2[any, error] { return seq2[any](nil, a, b) },
		func(a map[string]point) <-chan map[string]point { return channel(a) },
	} {
		ms = append(ms, mustNew(t, "f", fn))
	}
	return ms
}

// FuzzCall: whatever a peer sends as arguments, a method answers a value that
// decodes, or an error, and never panics.
func FuzzCall(f *testing.F) {
	for _, v := range []any{nil, 5, "ab", []byte("ab"), map[string]any{"a": 1}, []any{}, []any{1}, []any{"a", 2},
		[]any{"s", -1, 1.5, []byte("b"), true, nil, point{1, 2}, shape{"n", &point{}, []point{{3, 4}}}},
		[]any{1, 2, 0.5, "id", 3, time.Unix(1, 2), event.Ext{Type: 3, Data: []byte("d")}, []any{}},
		[]any{[]string{"a"}, []int{1}, map[string]any{}, map[int]any{1: 2}, []byte("1234"), []int{1, 2}, 7, 9},
		event.Ext{Type: 3, Data: []byte("d")}, event.Raw("\xde\x00\x01\x01\xc0"), event.Raw("\xdd\x00\x00\x00\x01\xc0")} {
		f.Add(enc(f, v))
	}
	f.Add([]byte("\xdf\xff\xff\xff\xff\x01")) // claims what it does not bring
	methods := fuzzMethods(f)
	f.Fuzz(func(t *testing.T, args []byte) {
		for _, m := range methods {
			if m.Shape.Streams() {
				_ = m.Stream(t.Context(), args, nil, func(item []byte) error {
					checkValue(t, item)
					return nil
				})
				continue
			}
			out, err := m.Call(t.Context(), args, nil, nil)
			if err != nil {
				if err.Error() == "" || len(out) != 0 {
					t.Errorf("%d parameters: an error needs a text and no output, got %q, %x", m.maxArg, err, out)
				}
				continue
			}
			checkValue(t, out)
		}
	})
}

func checkValue(t *testing.T, b []byte) {
	if end, err := event.Skip(b, 0); err != nil || end != len(b) {
		t.Errorf("the result is not one value: %x: %v", b, err)
	}
}

// FuzzSnakeCase: a name never gets capitals, and a second pass changes nothing.
func FuzzSnakeCase(f *testing.F) {
	for _, s := range []string{"HTTPServer", "UserIDs", "V2Ping", "Ä_Öl", "IDs_Of"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := SnakeCase(s)
		if twice := SnakeCase(once); twice != once {
			t.Errorf("%q: %q, then %q", s, once, twice)
		}
	})
}
