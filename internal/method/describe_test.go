package method

import (
	"context"
	"encoding/json"
	"iter"
	"math/big"
	"reflect"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/event"
)

type asArray struct {
	//lint:ignore U1000 msgpack reads its tag
	_msgpack struct{} `msgpack:",as_array"`
	A, B     int
}

func TestDescription(t *testing.T) {
	m, err := New("put", func(_ context.Context, name string, data []byte, more ...int) (map[string]int, error) {
		return nil, nil
	},
		&Doc{Doc: "Put stores.", Params: []string{"name", "data", "more"}})
	if err != nil {
		t.Fatal(err)
	}
	want := []Param{{Name: "name", Type: "str"}, {Name: "data", Type: "bin"}, {Name: "more", Type: "list", Item: "int", Variadic: true}}
	if m.Name != "put" || m.Doc != "Put stores." || m.Result != "map" || !reflect.DeepEqual(m.Params, want) {
		t.Errorf("got %+v", m)
	}
	m = mustNew(t, "f", func(a, b int, in iter.Seq2[point, error]) {})
	want = []Param{{Name: "arg0", Type: "int"}, {Name: "arg1", Type: "int"}, {Name: "arg2", Type: "stream", Item: "map"}}
	if !reflect.DeepEqual(m.Params, want) || m.Result != "nil" {
		t.Errorf("without names: got %+v", m)
	}
	// net/rpc's reply may be among the names; it is the result.
	m = mustNew(t, "Mul", func(a point, reply *int) error { return nil }, "args", "reply")
	if !reflect.DeepEqual(m.Params, []Param{{Name: "args", Type: "map"}}) || m.Result != "int" {
		t.Errorf("net/rpc: got %+v", m)
	}
}

func TestShapes(t *testing.T) {
	for _, tc := range []struct {
		fn     any
		want   Shape
		text   string
		result string
	}{
		{func() int { return 0 }, Unary, "unary", "int"},
		{func() iter.Seq[string] { return nil }, ServerStream, "server stream", "str"},
		{func() (<-chan int, error) { return nil, nil }, ServerStream, "server stream", "int"},
		{func(iter.Seq2[int, error]) (int, error) { return 0, nil }, ClientStream, "client stream", "int"},
		{func(iter.Seq2[int, error]) iter.Seq2[int, error] { return nil }, Bidi, "bidirectional", "int"},
	} {
		m := mustNew(t, "f", tc.fn)
		if m.Shape != tc.want || m.Shape.String() != tc.text || m.Result != tc.result {
			t.Errorf("%T: got %s of %s", tc.fn, m.Shape, m.Result)
		}
		if m.Shape.Streams() != (m.stream != nil) || m.Shape.Streams() == (m.call != nil) {
			t.Errorf("%T: bound to the wrong runner", tc.fn)
		}
	}
	if s := Shape(9).String(); s != "Shape(9)" {
		t.Error(s)
	}
}

func TestTypeWords(t *testing.T) {
	for _, tc := range []struct {
		v          any
		word, item string
	}{
		{true, "bool", ""}, {1, "int", ""}, {uint8(1), "int", ""}, {time.Second, "int", ""}, {float32(1), "float", ""},
		{"", "str", ""}, {id(""), "str", ""}, {[]byte{}, "bin", ""}, {[3]byte{}, "bin", ""}, {[]string{}, "list", "str"},
		{[2]point{}, "list", "map"}, {map[int]int{}, "map", ""}, {point{}, "map", ""}, {&point{}, "map", ""}, {asArray{}, "list", ""},
		{time.Time{}, "time", ""}, {event.Ext{}, "ext", ""}, {event.Raw{}, "any", ""}, {[]any{}, "list", "any"}, {big.Int{}, "int", ""},
		{new(big.Int), "int", ""}, {json.RawMessage{}, "bin", ""},
	} {
		typ := reflect.TypeOf(tc.v)
		if w, i := typeWord(typ), itemWord(typ); w != tc.word || i != tc.item {
			t.Errorf("%s: got %s of %q, want %s of %q", typ, w, i, tc.word, tc.item)
		}
	}
}

func TestArgSpec(t *testing.T) {
	m := mustNew(t, "f", func(a, b int, rest ...string) {}, "a", "b", "rest")
	if got, want := m.ArgSpec("self"), []any{[]string{"self", "a", "b"}, "rest", nil, nil}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	m = mustNew(t, "f", func(a int, in iter.Seq2[int, error]) {}, "a", "in")
	m.Params[0].Default, m.Params[0].HasDefault = 5, true
	if got, want := m.ArgSpec(""), []any{[]string{"a"}, nil, nil, []any{5}}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
