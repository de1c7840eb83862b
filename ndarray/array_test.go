package ndarray_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/ndarray"
	"github.com/zrpc-go/zrpc/zrpc"
	"github.com/zrpc-go/zrpc/zrpctest"
)

func TestIndex(t *testing.T) {
	a := ndarray.New[int64](2, 3)
	a.Set(5, 1, 2)
	if a.At(1, 2) != 5 || a.Data[5] != 5 || a.At(0, 2) != 0 {
		t.Errorf("Set(5, 1, 2): %v", a.Data)
	}
	if point := ndarray.New[bool](); point.At() || len(point.Data) != 1 {
		t.Errorf("an array without dimensions has one element: %v", point)
	}
	for _, tc := range []struct {
		why string
		f   func()
	}{
		{"too few numbers", func() { a.At(1) }},
		{"beyond a dimension, within the data", func() { a.At(0, 3) }},
		{"negative", func() { a.Set(0, -1, 0) }},
		{"a negative length", func() { ndarray.New[bool](-1) }},
		{"more than memory", func() { ndarray.New[bool](math.MaxInt, math.MaxInt) }},
		{"too many dimensions", func() { ndarray.New[bool](make([]int, 65)...) }},
	} {
		func() {
			defer func() {
				if p := recover(); p == nil || !strings.HasPrefix(fmt.Sprint(p), "ndarray: ") {
					t.Errorf("%s: panic %v", tc.why, p)
				}
			}()
			tc.f()
		}()
	}
}

func TestOf(t *testing.T) {
	if a, err := ndarray.Of([]float32{1, 2, 3}); err != nil || fmt.Sprint(a.Shape) != "[3]" {
		t.Errorf("without a shape: %v, %v", a, err)
	}
	for _, shape := range [][]int{{2}, {2, 2}, {-3, -1}, {4, 0}, {math.MaxInt, math.MaxInt, 0}} {
		if a, err := ndarray.Of([]float32{1, 2, 3}, shape...); !errors.Is(err, ndarray.ErrShape) {
			t.Errorf("shape %v of 3 elements: %v, %v", shape, a, err)
		}
	}
	bad := ndarray.Array[bool]{Shape: []int{2}}
	if _, err := event.AppendValue(nil, bad); !errors.Is(err, ndarray.ErrShape) {
		t.Errorf("sending an array that is not filled: %v", err)
	}
	if raw, err := event.AppendValue(nil, ndarray.Array[bool]{}); err != nil || !strings.Contains(string(raw), "shape\x91\x00") {
		t.Errorf("the zero value: %q, %v", raw, err)
	}
}

// TestRefused has what peers may send instead of an array.
func TestRefused(t *testing.T) {
	array := func(typ any, shape any, data any) map[string]any {
		return map[string]any{"nd": true, "type": typ, "kind": []byte{}, "shape": shape, "data": data}
	}
	eight := make([]byte, 8)
	deep := make([]int, 65)
	for _, tc := range []struct {
		why   string
		value any
		want  error
	}{
		{"a number", 5, ndarray.ErrFormat},
		{"a list", []int{1}, ndarray.ErrFormat},
		{"an empty map", map[string]any{}, ndarray.ErrFormat},
		{"nd is a number", map[string]any{"nd": 1}, ndarray.ErrFormat},
		{"a map with keys that are no text", map[int]any{1: 2}, ndarray.ErrFormat},
		{"no data", map[string]any{"nd": true, "type": "<f8", "shape": []int{1}}, ndarray.ErrFormat},
		{"a shape that is no list", array("<f8", 1, eight), ndarray.ErrFormat},
		{"a shape of text", array("<f8", []string{"1"}, eight), ndarray.ErrShape},
		{"a negative dimension", array("<f8", []int{-1}, eight), ndarray.ErrShape},
		{"a lying shape", array("<f8", []int{1 << 40}, eight), ndarray.ErrShape},
		{"a shape whose product overflows to 1", array("<f8", []uint64{1 << 32, 1 << 32, 1}, eight), ndarray.ErrShape},
		{"a dimension beyond an int", array("<f8", []uint64{1 << 63}, eight), ndarray.ErrShape},
		{"too many dimensions", array("<f8", deep, eight), ndarray.ErrShape},
		{"too few bytes", array("<f8", []int{2}, eight), ndarray.ErrShape},
		{"bytes for nothing", array("<f8", []int{0}, eight), ndarray.ErrShape},
		{"another type", array("<f4", []int{2}, eight), ndarray.ErrType},
		{"an int of the same size", array("<i8", []int{1}, eight), ndarray.ErrType},
		{"text", array("<U2", []int{1}, eight), ndarray.ErrType},
		{"a type of no size", array("<f", []int{1}, eight), ndarray.ErrType},
		{"a type without an order", array("|f8", []int{1}, eight), ndarray.ErrType},
		{"a size that overflows", array("<f99999999999999999999", []int{1}, eight), ndarray.ErrType},
		{"a huge element", array("|S1048577", []int{1}, eight), ndarray.ErrType},
		{"a long name", array(strings.Repeat("x", 1000), []int{1}, eight), ndarray.ErrType},
		{"a name with a tail", array("<f8x", []int{1}, eight), ndarray.ErrType},
		{"text with a tail", array("<U2x", []int{1}, eight), ndarray.ErrType},
		{"an open unit", array("<M8[s", []int{1}, eight), ndarray.ErrType},
		{"no order at all", array("?f8", []int{1}, eight), ndarray.ErrType},
	} {
		raw, err := event.AppendValue(nil, tc.value)
		if err != nil {
			t.Fatal(err)
		}
		var a ndarray.Array[float64]
		err = event.Decode(raw, &a)
		if !errors.Is(err, tc.want) || len(err.Error()) > 300 || a.Data != nil {
			t.Errorf("%s: %v, want %v", tc.why, err, tc.want)
		}
	}
}

// TestEncodedTypes keeps what Go has no type for as bytes.
func TestEncodedTypes(t *testing.T) {
	for _, e := range []ndarray.Encoded{
		{"<M8[ns]", []int{1}, make([]byte, 8)},
		{"<m8", []int{2}, make([]byte, 16)},
		{"|S0", []int{1 << 40}, nil}, // NumPy has them, empty
		{"|V3", []int{2}, make([]byte, 6)},
	} {
		raw, err := event.AppendValue(nil, e)
		if err != nil {
			t.Errorf("%s: %v", e.Type, err)
			continue
		}
		var got ndarray.Encoded
		if err := event.Decode(raw, &got); err != nil || got.Type != e.Type || len(got.Data) != len(e.Data) {
			t.Errorf("%s: %v, %v", e.Type, got, err)
		}
	}
	if _, err := ndarray.As[int8](ndarray.Encoded{Type: "|i1", Shape: []int{2}}); !errors.Is(err, ndarray.ErrShape) {
		t.Errorf("As of bytes that do not fill the shape: %v", err)
	}
	if _, err := event.AppendValue(nil, ndarray.Encoded{Type: "?"}); !errors.Is(err, ndarray.ErrType) {
		t.Errorf("sending an unknown type: %v", err)
	}
}

// TestNone receives Python's None.
func TestNone(t *testing.T) {
	e, a := ndarray.Encoded{Type: "<f8", Data: make([]byte, 8)}, ndarray.New[bool](2)
	if err := event.Decode([]byte{0xc0}, &e); err != nil || e.Type != "" || e.Data != nil {
		t.Errorf("None is %v, %v", e, err)
	}
	if err := event.Decode([]byte{0xc0}, &a); err != nil || a.Shape != nil || a.Data != nil {
		t.Errorf("None is %v, %v", a, err)
	}
	if raw, err := event.AppendValue(nil, e); err != nil || string(raw) != "\xc0" {
		t.Errorf("and sent as %x, %v", raw, err)
	}
}

// TestCall passes arrays through a service, as a struct's field and bare.
func TestCall(t *testing.T) {
	type pair struct {
		A ndarray.Array[float64] `msgpack:"a"`
		B ndarray.Array[bool]    `msgpack:"b"`
	}
	c := zrpctest.Pair(t, func(s *zrpc.Server) {
		s.Handle("above", func(a ndarray.Array[float64], limit float64) (pair, error) {
			p := pair{A: a, B: ndarray.New[bool](a.Shape...)}
			for i, v := range a.Data {
				p.B.Data[i] = v > limit
			}
			return p, nil
		})
	})
	a, err := ndarray.Of([]float64{1, 5, 3, 4}, 2, 2)
	if err != nil {
		t.Fatal(err)
	}
	got, err := zrpc.Call[pair](t.Context(), c, "above", a, 3)
	if err != nil || fmt.Sprint(got) != "{{[2 2] [1 5 3 4]} {[2 2] [false true false true]}}" {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := zrpc.Call[pair](t.Context(), c, "above", "no array", 3); err == nil || !strings.Contains(err.Error(), "argument 1") {
		t.Errorf("an argument that is no array: %v", err)
	}
	// A pointer, an array in an any: as values of other types.
	if _, err := zrpc.Call[pair](t.Context(), c, "above", &a, 3); err != nil {
		t.Errorf("a pointer: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	packed, _ := golden(f)
	for _, raw := range packed {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if next, err := event.Skip(raw, 0); err != nil || next != len(raw) {
			return
		}
		var e ndarray.Encoded
		if event.Decode(raw, &e) != nil {
			return
		}
		if len(e.Data) > len(raw) {
			t.Fatalf("%d bytes of data from %d", len(e.Data), len(raw))
		}
		again, err := event.AppendValue(nil, e)
		if err != nil {
			t.Fatalf("decoded but not encoded: %v", err)
		}
		var same ndarray.Encoded
		if err := event.Decode(again, &same); err != nil || fmt.Sprint(same) != fmt.Sprint(e) {
			t.Fatalf("%v became %v, %v", e, same, err)
		}
		a, err := ndarray.As[complex64](e)
		b, err2 := ndarray.As[int16](e)
		if err == nil && err2 == nil {
			t.Fatalf("both %v and %v", a, b)
		}
	})
}
