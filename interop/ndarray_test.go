package interop

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/zrpc-go/zrpc/interop/peer"
	"github.com/zrpc-go/zrpc/ndarray"
	"github.com/zrpc-go/zrpc/zrpc"
)

// there sends an array to Python, which must see what seen says and return it.
func there[T ndarray.Element](t *testing.T, c *zrpc.Client, seen string, shape []int, data ...T) {
	t.Helper()
	a := ndarray.Array[T]{Shape: shape, Data: data}
	got, err := zrpc.Call[ndarray.Array[T]](t.Context(), c, "echo", a)
	if err != nil || !slices.Equal(got.Shape, a.Shape) || !slices.Equal(got.Data, a.Data) {
		t.Errorf("%T %v became %v, %v", a, a, got, err)
	}
	s, err := zrpc.Call[[]any](t.Context(), c, "seen", a)
	if text := fmt.Sprint(s); err != nil || text != "[ndarray "+seen+"]" {
		t.Errorf("%T: Python saw %s, %v, want [ndarray %s]", a, text, err, seen)
	}
}

// TestArraysToPython sends arrays of every element type from our client to a
// Python server that has called msgpack_numpy.patch.
func TestArraysToPython(t *testing.T) {
	t.Parallel()
	c := ourClient(t, peer.Python(t, "arrays.py", "--bind", anyPort).Endpoint(), zrpc.ClientOptions{})
	there(t, c, "bool [3] [True, False, True]", []int{3}, true, false, true)
	there(t, c, "int8 [2] [-128, 127]", []int{2}, int8(-128), 127)
	there(t, c, "int16 [2] [-32768, 32767]", []int{2}, int16(-32768), 32767)
	there(t, c, "int32 [2 1] [[-2147483648], [2147483647]]", []int{2, 1}, int32(math.MinInt32), math.MaxInt32)
	there(t, c, "int64 [2] [-9223372036854775808, 9223372036854775807]", []int{2}, int64(math.MinInt64), math.MaxInt64)
	there(t, c, "uint8 [2 2] [[0, 1], [2, 255]]", []int{2, 2}, uint8(0), 1, 2, 255)
	there(t, c, "uint16 [1] [65535]", []int{1}, uint16(65535))
	there(t, c, "uint32 [1] [4294967295]", []int{1}, uint32(math.MaxUint32))
	there(t, c, "uint64 [1] [18446744073709551615]", []int{1}, uint64(math.MaxUint64))
	there(t, c, "float32 [2] [0.5, -inf]", []int{2}, float32(0.5), float32(math.Inf(-1)))
	there(t, c, "float64 [2 3] [[1.5, -2.0, 3.25], [0.0, 1e+300, -1e-300]]", []int{2, 3}, 1.5, -2, 3.25, 0, 1e300, -1e-300)
	there(t, c, "complex64 [1] [(1+2j)]", []int{1}, complex64(1+2i))
	there(t, c, "complex128 [1] [(1.5-2.5j)]", []int{1}, 1.5-2.5i)
	// Shapes: no dimension, no element, many dimensions.
	there(t, c, "float64 [] 7.0", []int{}, 7.0)
	there[float64](t, c, "float64 [0] []", []int{0})
	there[int16](t, c, "int16 [2 0 3] [[], []]", []int{2, 0, 3})
	there(t, c, "int8 [1 1 1 1 1 1 2] [[[[[[[1, 2]]]]]]]", []int{1, 1, 1, 1, 1, 1, 2}, int8(1), 2)

	// Types that Go has none for, and the other byte order.
	for _, tc := range []struct {
		e    ndarray.Encoded
		seen string
		back bool // NumPy's dates cannot be sent: they have no buffer
	}{
		{ndarray.Encoded{Type: ">f8", Shape: []int{1}, Data: []byte{0x3f, 0xf8, 0, 0, 0, 0, 0, 0}}, ">f8 [1] [1.5]", true},
		{ndarray.Encoded{Type: ">i2", Shape: []int{2}, Data: []byte{0, 1, 1, 0}}, ">i2 [2] [1, 256]", true},
		{ndarray.Encoded{Type: "<f2", Shape: []int{1}, Data: []byte{0, 0x3c}}, "float16 [1] [1.0]", true},
		{ndarray.Encoded{Type: "<U2", Shape: []int{1}, Data: []byte("a\x00\x00\x00b\x00\x00\x00")}, "<U2 [1] ['ab']", true},
		{ndarray.Encoded{Type: "|S3", Shape: []int{2}, Data: []byte("abcde\x00")}, "|S3 [2] [b'abc', b'de']", true},
		{ndarray.Encoded{Type: "<M8[s]", Shape: []int{1}, Data: make([]byte, 8)}, "datetime64[s] [1] [datetime.datetime(1970, 1, 1, 0, 0)]", false},
		{ndarray.Encoded{Type: "<m8[D]", Shape: []int{1}, Data: []byte{1, 0, 0, 0, 0, 0, 0, 0}}, "timedelta64[D] [1] [datetime.timedelta(days=1)]", false},
	} {
		s, err := zrpc.Call[[]any](t.Context(), c, "seen", tc.e)
		if text := fmt.Sprint(s); err != nil || text != "[ndarray "+tc.seen+"]" {
			t.Errorf("%s: Python saw %s, %v", tc.e.Type, text, err)
		}
		if !tc.back {
			continue
		}
		got, err := zrpc.Call[ndarray.Encoded](t.Context(), c, "echo", tc.e)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(tc.e) {
			t.Errorf("%v became %v, %v", tc.e, got, err)
		}
	}
}

// TestArraysFromPython has Python make arrays, in either order of memory and with
// gaps in it, scalars, a stream of rows, and what is refused.
func TestArraysFromPython(t *testing.T) {
	t.Parallel()
	c := ourClient(t, peer.Python(t, "arrays.py", "--bind", anyPort).Endpoint(), zrpc.ClientOptions{})
	for _, order := range []string{"C", "F"} {
		got, err := zrpc.Call[ndarray.Array[int32]](t.Context(), c, "make", "<i4", []int{2, 3}, order)
		if err != nil || fmt.Sprint(got) != "{[2 3] [0 1 2 3 4 5]}" {
			t.Errorf("in order %s: %v, %v", order, got, err)
		}
	}
	if got, err := zrpc.Call[ndarray.Array[float64]](t.Context(), c, "make", ">f8", []int{3}, "C"); err != nil || fmt.Sprint(got) != "{[3] [0 1 2]}" {
		t.Errorf("big-endian: %v, %v", got, err)
	}
	if got, err := zrpc.Call[ndarray.Array[float64]](t.Context(), c, "make", "<f8", []int{0, 3}, "F"); err != nil || fmt.Sprint(got) != "{[0 3] []}" {
		t.Errorf("no element: %v, %v", got, err)
	}
	if got, err := zrpc.Call[ndarray.Array[float32]](t.Context(), c, "scalar", "<f4", 2.5); err != nil || len(got.Shape) != 0 || got.At() != 2.5 {
		t.Errorf("a scalar: %v, %v", got, err)
	}
	if got, err := zrpc.Call[float64](t.Context(), c, "scalar", "<f8", 2.5); err != nil || got != 2.5 {
		t.Errorf("a float64, which is Python's float as well: %v, %v", got, err)
	}
	five, err := ndarray.Of([]int16{1, 2, 3, 4, 5})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := zrpc.Call[ndarray.Array[int16]](t.Context(), c, "every_other", five); err != nil || fmt.Sprint(got) != "{[3] [1 3 5]}" {
		t.Errorf("a view with gaps: %v, %v", got, err)
	}
	var rows []string
	matrix, err := ndarray.Of([]float64{1, 2, 3, 4}, 2, 2)
	if err != nil {
		t.Fatal(err)
	}
	for row, err := range zrpc.Stream[ndarray.Array[float64]](t.Context(), c, "rows", matrix) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, fmt.Sprint(row))
	}
	if fmt.Sprint(rows) != "[{[2] [1 2]} {[2] [3 4]}]" {
		t.Errorf("rows %v", rows)
	}
	for method, why := range map[string]string{"records": "records", "objects": "pickles"} {
		if got, err := zrpc.Call[ndarray.Encoded](t.Context(), c, method); !errors.Is(err, ndarray.ErrType) {
			t.Errorf("%s: %v, %v", why, got, err)
		}
	}
}

// TestArraysOfPythonsClient has a Python client send arrays to a server of ours
// and get them back, from handlers of a Go type and of any type.
func TestArraysOfPythonsClient(t *testing.T) {
	t.Parallel()
	s := ourServer(t, 0)
	type measured struct {
		Mean ndarray.Array[float64] `msgpack:"mean"`
		N    int                    `msgpack:"n"`
	}
	err := errors.Join(
		s.srv.Handle("f8", func(a ndarray.Array[float64]) ndarray.Array[float64] { return a }),
		s.srv.Handle("i4", func(a ndarray.Array[int32]) ndarray.Array[int32] { return a }),
		s.srv.Handle("b1", func(a ndarray.Array[bool]) ndarray.Array[bool] { return a }),
		s.srv.Handle("c8", func(a ndarray.Array[complex64]) ndarray.Array[complex64] { return a }),
		s.srv.Handle("any", func(e ndarray.Encoded) ndarray.Encoded { return e }),
		s.srv.Handle("raw", func(x any) any { return x }), // knows nothing of arrays
		s.srv.Handle("first", func(a []ndarray.Array[float64]) measured { return measured{a[0], len(a)} }))
	if err != nil {
		t.Fatal(err)
	}
	d := peer.NumPyClient(t)
	d.Must("new", peer.Args{"client": "c", "endpoint": s.bind(t)})
	array := func(dtype string, shape []int, hex string, order ...any) peer.Args {
		return peer.Args{"nd": append([]any{dtype, shape, hex}, order...)}
	}
	const two = "000000000000f03f0000000000000040" // 1.0 and 2.0
	for _, tc := range []struct {
		method string
		arg    peer.Args
		want   string
	}{
		{"f8", array("<f8", []int{2}, two), `{"nd": ["<f8", [2], "` + two + `"]}`},
		{"f8", array("<f8", []int{2, 1, 1}, two), `{"nd": ["<f8", [2, 1, 1], "` + two + `"]}`},
		{"f8", array("<f8", []int{}, two[:16]), `{"nd": ["<f8", [], "` + two[:16] + `"]}`},
		{"f8", array("<f8", []int{0, 3}, ""), `{"nd": ["<f8", [0, 3], ""]}`},
		// Big-endian comes, little-endian goes.
		{"f8", array(">f8", []int{1}, "3ff0000000000000"), `{"nd": ["<f8", [1], "` + two[:16] + `"]}`},
		// Fortran's order is the sender's own affair.
		{"i4", array("<i4", []int{2, 2}, "01000000020000000300000004000000", "F"), `{"nd": ["<i4", [2, 2], "01000000020000000300000004000000"]}`},
		{"b1", array("|b1", []int{3}, "010001"), `{"nd": ["|b1", [3], "010001"]}`},
		{"c8", array("<c8", []int{1}, "0000803f00000040"), `{"nd": ["<c8", [1], "0000803f00000040"]}`},
		// A scalar comes as an array without dimensions, and goes as one.
		{"i4", peer.Args{"np": []any{"<i4", "07000000"}}, `{"nd": ["<i4", [], "07000000"]}`},
		{"any", array("<f2", []int{1}, "003c"), `{"nd": ["<f2", [1], "003c"]}`},
		{"any", array("<U1", []int{1}, "61000000"), `{"nd": ["<U1", [1], "61000000"]}`},
		{"any", array(">u2", []int{1}, "0102"), `{"nd": [">u2", [1], "0102"]}`},
		{"raw", array("<f8", []int{2}, two, "F"), `{"nd": ["<f8", [2], "` + two + `"]}`},
		{"raw", peer.Args{"np": []any{"<f4", "0000803f"}}, `{"np": ["<f4", "0000803f"]}`},
	} {
		same(t, fmt.Sprint(tc.method, " ", tc.arg), d.Must("call", call(tc.method, tc.arg)), tc.want)
	}
	same(t, "arrays in a list, and in a struct", d.Must("call", call("first", []any{array("<f8", []int{1}, two[:16])})),
		`{"map": [["mean", {"nd": ["<f8", [1], "`+two[:16]+`"]}], ["n", 1]]}`)
	// The wrong type says which came and which was wanted.
	e := d.MustFail("call", call("f8", array("<f4", []int{1}, "0000803f")))
	if e.Name != "TypeError" || !strings.Contains(e.Message, `argument 1`) || !strings.Contains(e.Message, `an array of "<f4", want "<f8"`) {
		t.Errorf("another type: %+v", e)
	}
}
