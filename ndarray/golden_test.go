package ndarray_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/ndarray"
)

// golden is what Python packed (testdata/golden.py): the bytes by name, and the
// array's type and shape.
func golden(t testing.TB) (packed map[string][]byte, lines [][]string) {
	t.Helper()
	text, err := os.ReadFile("testdata/golden.txt")
	if err != nil {
		t.Fatal(err)
	}
	packed = map[string][]byte{}
	for line := range strings.Lines(string(text)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		b, err := hex.DecodeString(f[3])
		if err != nil {
			t.Fatal(err)
		}
		packed[f[0]] = b
		lines = append(lines, f)
	}
	return packed, lines
}

// same decodes an array that Python packed, and packs it again.
func same[T ndarray.Element](t *testing.T, name string, shape []int, data ...T) {
	t.Helper()
	packed, lines := golden(t)
	raw := packed[name]
	if raw == nil {
		t.Fatalf("no golden line %q of %d", name, len(lines))
	}
	var a ndarray.Array[T]
	if err := event.Decode(raw, &a); err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	if fmt.Sprint(a.Shape) != fmt.Sprint(shape) || fmt.Sprint(a.Data) != fmt.Sprint(data) {
		t.Errorf("%s: %v %v, want %v %v", name, a.Shape, a.Data, shape, data)
	}
	again, err := event.AppendValue(nil, a)
	if err != nil {
		t.Errorf("%s: %v", name, err)
	}
	if strings.Contains(name, "big") || strings.Contains(name, "scalar") {
		var b ndarray.Array[T] // ours is little-endian, and always an array
		if err := event.Decode(again, &b); err != nil || !reflect.DeepEqual(a, b) {
			t.Errorf("%s: there and back is %v, %v, want %v", name, b, err, a)
		}
	} else if string(again) != string(raw) {
		t.Errorf("%s: packed as\n%x, by Python as\n%x", name, again, raw)
	}
}

func TestGolden(t *testing.T) {
	same(t, "float64", []int{2, 3}, 1.5, -2.0, 3.25, 0.0, 1e300, -1e-300)
	same(t, "float32", []int{2}, float32(0.5), -1)
	same(t, "big-endian", []int{2}, 1.0, 2.0)
	same(t, "int8", []int{3}, int8(-128), 0, 127)
	same(t, "int16", []int{2}, int16(-32768), 32767)
	same(t, "int32", []int{2, 1}, int32(-1<<31), 1<<31-1)
	same(t, "int64", []int{2}, int64(-1<<63), 1<<63-1)
	same(t, "int16-big", []int{2}, int16(1), -2)
	same(t, "uint8", []int{2, 2}, uint8(0), 1, 2, 3)
	same(t, "uint16", []int{2}, uint16(0), 65535)
	same(t, "uint32", []int{2}, uint32(0), 1<<32-1)
	same(t, "uint64", []int{2}, uint64(0), 1<<64-1)
	same(t, "bool", []int{3}, true, false, true)
	same(t, "complex64", []int{2}, complex64(1+2i), complex(float32(math.Copysign(0, -1)), -1)) // Python's -1j
	same(t, "complex128", []int{1}, 1.5-2.5i)
	same(t, "complex-big", []int{1}, 1.5-2.5i)
	same[float64](t, "empty", []int{0, 3})
	same(t, "no dimension", []int{}, 7.0)
	same(t, "scalar", []int{}, float32(2.5))
	same(t, "bool scalar", []int{}, true)
	same(t, "fortran", []int{2, 2}, int64(1), 2, 3, 4)
}

// TestGoldenEncoded takes every array as bytes, its type and shape as Python
// said them.
func TestGoldenEncoded(t *testing.T) {
	packed, lines := golden(t)
	if len(lines) < 24 {
		t.Fatalf("%d golden arrays", len(lines))
	}
	for _, f := range lines {
		name, typ, shape := f[0], f[1], f[2]
		var e ndarray.Encoded
		err := event.Decode(packed[name], &e)
		if name == "structured" || name == "objects" {
			if !errors.Is(err, ndarray.ErrType) {
				t.Errorf("%s: %v, want ErrType", name, err)
			}
			continue
		}
		if err != nil || e.Type != typ || strings.Join(strings.Fields(strings.Trim(fmt.Sprint(e.Shape), "[]")), ",") != shape {
			t.Errorf("%s: %q %v, %v; want %q %s", name, e.Type, e.Shape, err, typ, shape)
			continue
		}
		again, err := event.AppendValue(nil, e)
		if err != nil || !strings.Contains(name, "scalar") && string(again) != string(packed[name]) {
			t.Errorf("%s: packed as\n%x, %v, by Python as\n%x", name, again, err, packed[name])
		}
	}
}

// TestTruncated feeds every prefix of every golden array: an error, never a panic.
func TestTruncated(t *testing.T) {
	packed, _ := golden(t)
	for name, raw := range packed {
		for n := range len(raw) {
			var e ndarray.Encoded
			var a ndarray.Array[float64]
			if event.Decode(raw[:n], &e) == nil || event.Decode(raw[:n], &a) == nil {
				t.Errorf("%s: %d of %d bytes are taken for an array", name, n, len(raw))
			}
		}
	}
}
