package event

import (
	"errors"
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/vmihailenco/msgpack/v5"
)

// enc encodes v or ends the test.
func enc(tb testing.TB, v any) Raw {
	tb.Helper()
	b, err := AppendValue(nil, v)
	if err != nil {
		tb.Fatalf("encoding %T: %v", v, err)
	}
	return b
}

// decoded decodes raw into a fresh T.
func decoded[T any](raw []byte) (any, error) {
	var v T
	err := Decode(raw, &v)
	return v, err
}

func TestDecode(t *testing.T) {
	seven := 7
	tests := []struct {
		why    string
		decode func([]byte) (any, error)
		in     string
		want   any
	}{
		{"string", decoded[string], "\xa2hi", "hi"},
		{"string from bin that is UTF-8, as Python 2 writes", decoded[string], "\xc4\x02hi", "hi"},
		{"string that is no UTF-8 comes as it is", decoded[string], "\xa1\xff", "\xff"},
		{"bytes", decoded[[]byte], "\xc4\x02hi", []byte("hi")},
		{"bytes from str", decoded[[]byte], "\xa2hi", []byte("hi")},
		{"bytes from nil", decoded[[]byte], "\xc0", []byte(nil)},
		{"int", decoded[int], "\xd1\xff\x7f", -129},
		{"int64", decoded[int64], "\xd3\x80\x00\x00\x00\x00\x00\x00\x00", int64(math.MinInt64)},
		{"int32", decoded[int32], "\xce\x7f\xff\xff\xff", int32(math.MaxInt32)},
		{"int16", decoded[int16], "\xd1\x80\x00", int16(math.MinInt16)},
		{"int8", decoded[int8], "\xd0\x80", int8(math.MinInt8)},
		{"uint", decoded[uint], "\xcc\xff", uint(255)},
		{"uint64", decoded[uint64], "\xcf\xff\xff\xff\xff\xff\xff\xff\xff", uint64(math.MaxUint64)},
		{"uint32", decoded[uint32], "\xce\xff\xff\xff\xff", uint32(math.MaxUint32)},
		{"uint16", decoded[uint16], "\xcd\xff\xff", uint16(math.MaxUint16)},
		{"uint8", decoded[uint8], "\xcc\xff", uint8(255)},
		{"a positive number in a signed form", decoded[uint8], "\xd3\x00\x00\x00\x00\x00\x00\x00\x05", uint8(5)},
		{"float64", decoded[float64], "\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00", 1.5},
		{"float64 from 32 bits", decoded[float64], "\xca\x3f\xc0\x00\x00", 1.5},
		{"float64 from int, as 1 is a float in JavaScript", decoded[float64], "\x05", 5.0},
		{"float64 from a negative int", decoded[float64], "\xfb", -5.0},
		{"float64 from a large int", decoded[float64], "\xcf\xff\xff\xff\xff\xff\xff\xff\xff", float64(math.MaxUint64)},
		{"float32", decoded[float32], "\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00", float32(1.5)},
		{"bool", decoded[bool], "\xc3", true},
		{"any", decoded[any], "\x92\x01\xa1a", []any{int64(1), "a"}},
		{"raw", decoded[Raw], "\x92\x01\xa1a", Raw("\x92\x01\xa1a")},
		{"v5's raw", decoded[[]msgpack.RawMessage], "\x92\x01\xa1a", []msgpack.RawMessage{{1}, []byte("\xa1a")}},
		{"strings", decoded[[]string], "\x92\xa1a\xc4\x01b", []string{"a", "b"}},
		{"strings from nil", decoded[[]string], "\xc0", []string(nil)},
		{"no strings", decoded[[]string], "\x90", []string{}},
		{"ints", decoded[[]int], "\x92\x01\xff", []int{1, -1}},
		{"floats", decoded[[]float64], "\x91\x01", []float64{1}},
		{"anys", decoded[[]any], "\x92\xc0\x01", []any{nil, int64(1)}},
		{"map to any", decoded[map[string]any], "\x82\xa1a\x01\xc4\x01b\xc0", map[string]any{"a": int64(1), "b": nil}},
		{"map to string", decoded[map[string]string], "\x81\xa1a\xa1b", map[string]string{"a": "b"}},
		{"map from nil", decoded[map[string]any], "\xc0", map[string]any(nil)},
		{"map with int keys", decoded[map[int]string], "\x82\x01\xa1a\x02\xa1b", map[int]string{1: "a", 2: "b"}},
		{"map from nil with int keys", decoded[map[int]string], "\xc0", map[int]string(nil)},
		{"map with keys of any type", decoded[map[any]int], "\x83\xc0\x01\xa1a\x02\xc4\x01a\x03", map[any]int{nil: 1, "a": 2, BinKey("a"): 3}},
		{"named kinds", decoded[[]named], "\x91\xa1n", []named{"n"}},
		{"a slice of a named byte", decoded[myBytes], "\xc4\x01b", myBytes("b")},
		{"byte array", decoded[someUID], "\xc4\x02\x01\x02", someUID{1, 2}},
		{"short byte array", decoded[someUID], "\xc4\x01\x01", someUID{1, 0}},
		{"array", decoded[[2]int], "\x91\x01", [2]int{1, 0}},
		{"pointer", decoded[*int], "\x07", &seven},
		{"pointer from nil", decoded[*int], "\xc0", (*int)(nil)},
		{"struct from nil, the result of a method without one", decoded[struct{}], "\xc0", struct{}{}},
		{"time", decoded[time.Time], "\xd6\xff\x00\x00\x00\x07", time.Unix(7, 0).UTC()},
		{"time with nanoseconds", decoded[time.Time], "\xd7\xff\x00\x00\x00\x04\x00\x00\x00\x07", time.Unix(7, 1).UTC()},
		{"time before 1970", decoded[time.Time], "\xc7\x0c\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff", time.Unix(-1, 0).UTC()},
		{"duration", decoded[time.Duration], "\xcd\x03\xe8", time.Microsecond},
		{"ext", decoded[Ext], "\xd5\x05ab", Ext{5, []byte("ab")}},
		{"big int", decoded[*big.Int], "\xcf\xff\xff\xff\xff\xff\xff\xff\xff", new(big.Int).SetUint64(math.MaxUint64)},
		{"negative big int", decoded[big.Int], "\xfb", *big.NewInt(-5)},
		{"a type with methods", decoded[[]upper], "\x91\xa1X", []upper{{"x"}}},
		{"a pointer to one", decoded[*upper], "\xa1X", &upper{"x"}},
		{"an error is its text", decoded[error], "\xa3bad", errors.New("bad")},
		{"nil error", decoded[error], "\xc0", nil},
	}
	for _, tc := range tests {
		got, err := tc.decode([]byte(tc.in))
		if err != nil {
			t.Errorf("%s: %v", tc.why, err)
		} else if !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s: got %#v, want %#v", tc.why, got, tc.want)
		}
	}
}

func TestDecodeErrors(t *testing.T) {
	tests := []struct {
		why    string
		decode func([]byte) (any, error)
		in     string
		want   string
	}{
		{"str for int", decoded[int], "\xa1x", "is str, want int"},
		{"nil for int: only a pointer may be nil", decoded[int], "\xc0", "is nil, want int"},
		{"nil for string", decoded[string], "\xc0", "is nil, want str"},
		{"nil for time", decoded[time.Time], "\xc0", "is nil, want timestamp"},
		{"float for int, unless whole", decoded[int], "\xca\x3f\xc0\x00\x00", "is float, want int"},
		{"float for int, beyond what it holds exactly", decoded[int], "\xcb\x43\x50\x00\x00\x00\x00\x00\x00", "is float, want int"},
		{"bin that is no UTF-8 for string", decoded[string], "\xc4\x01\xff", "is bin, want str"},
		{"bool for float", decoded[float64], "\xc3", "is bool, want float"},
		{"int for bool", decoded[bool], "\x01", "is int, want bool"},
		{"int for bytes", decoded[[]byte], "\x01", "is int, want bin"},
		{"list for a named bytes type", decoded[myBytes], "\x91\x01", "is array, want bin"},
		{"300 for int8", decoded[int8], "\xcd\x01\x2c", "is 300, want int8"},
		{"2^63 for int", decoded[int64], "\xcf\x80\x00\x00\x00\x00\x00\x00\x00", "is 9223372036854775808, want int64"},
		{"-1 for uint", decoded[uint], "\xff", "is -1, want uint"},
		{"256 for uint8", decoded[uint8], "\xcd\x01\x00", "is 256, want uint8"},
		{"300 for a named int", decoded[myInt], "\xd2\x7f\xff\xff\xff", "is 2147483647, want int16"},
		{"-1 for a list of uint16", decoded[[]uint16], "\x91\xff", "is -1, want uint16 (at [0])"},
		{"2^63 for a duration", decoded[time.Duration], "\xcf\x80\x00\x00\x00\x00\x00\x00\x00", "is 9223372036854775808, want int64"},
		{"1e300 for float32", decoded[float32], "\xcb\x7e\x37\xe4\x3c\x88\x00\x75\x9c", "is 1e+300, want float32"},
		{"int inside strings", decoded[[]string], "\x92\xa1a\x05", "is int, want str (at [1])"},
		{"int for strings", decoded[[]string], "\x05", "is int, want array"},
		{"int for map", decoded[map[string]any], "\x05", "is int, want map"},
		{"int as a text key", decoded[map[string]any], "\x81\x05\x06", "is int, want str (at key)"},
		{"str in a map of ints", decoded[map[string]int], "\x81\xa1k\xa1x", `is str, want int (at ["k"])`},
		{"str in a map of strings", decoded[map[string]string], "\x81\xa1k\x01", `is int, want str (at ["k"])`},
		{"str under an int key", decoded[map[int]int], "\x81\x07\xa1x", `is str, want int (at [7])`},
		{"str under a long key", decoded[map[string]int8], "\x81\xd9\x50" + strings.Repeat("k", 80) + "\xa1x", `is str, want int (at [str])`},
		{"int for a typed map", decoded[map[int]int], "\x05", "is int, want map"},
		{"int for a typed slice", decoded[[]int8], "\x05", "is int, want array"},
		{"three for an array of two", decoded[[2]int], "\x93\x01\x02\x03", "is array of 3, want array of at most 2"},
		{"three bytes for two", decoded[someUID], "\xc4\x03abc", "is bin of 3, want bin of at most 2"},
		{"int for an array", decoded[[2]int], "\x01", "is int, want array"},
		{"str in an array", decoded[[2]int], "\x91\xa1x", "is str, want int (at [0])"},
		{"int for a byte array", decoded[someUID], "\x01", "is int, want bin"},
		{"a map for an error", decoded[error], "\x80", "is map, want error"},
		{"str for ext", decoded[Ext], "\xa1x", "is str, want ext"},
		{"str for big int", decoded[big.Int], "\xa1x", "is str, want int"},
		{"another ext for time", decoded[time.Time], "\xd6\x05\x00\x00\x00\x07", "is ext, want timestamp"},
		{"a timestamp of 5 bytes", decoded[time.Time], "\xc7\x05\xff\x00\x00\x00\x00\x07", "is ext, want timestamp"},
		{"a channel as target", decoded[chan int], "\x01", "is int, want nothing, for a chan int cannot be received"},
		{"a list as key", decoded[map[any]int], "\x81\x90\x01", "at key: event: unusable map key: array"},
		{"a list inside a key", decoded[map[[1]any]int], "\x81\x91\x90\x01", "at key: event: unusable map key"},
		{"an int as an error key", decoded[map[error]int], "\x81\x01\x01", "is int, want error (at key)"},
		{"an ext for a slice", decoded[[]string], "\xd4\x05x", "is ext, want array"},
	}
	for _, tc := range tests {
		if got, err := tc.decode([]byte(tc.in)); err == nil {
			t.Errorf("%s: no error, got %#v", tc.why, got)
		} else if err.Error() != tc.want {
			t.Errorf("%s: %q, want %q", tc.why, err, tc.want)
		}
	}
	_, err := decoded[int8]([]byte("\xcd\x01\x2c"))
	var te *TypeError
	if !errors.Is(err, ErrRange) || !errors.As(err, &te) {
		t.Errorf("a number out of range is both ErrRange and *TypeError: %v", err)
	}
}

func TestDecodeBadTargets(t *testing.T) {
	for _, target := range []any{
		nil, 5, struct{}{}, (*int)(nil), (*string)(nil), (*uint)(nil), (*[]string)(nil), (*any)(nil), (*map[string]any)(nil),
		(*chan int)(nil), (*time.Time)(nil),
	} {
		if err := Decode([]byte{5}, target); err == nil || !strings.Contains(err.Error(), "pass a pointer") {
			t.Errorf("%T: %v, want the fix", target, err)
		}
	}
}

// A failed decode into a scalar leaves it as it was.
func TestDecodeKeepsTargetOnError(t *testing.T) {
	s, n, u := "kept", 5, uint(6)
	if Decode([]byte("\x05"), &s) == nil || Decode([]byte("\xa0"), &n) == nil || Decode([]byte("\xff"), &u) == nil {
		t.Error("no error")
	}
	if s != "kept" || n != 5 || u != 6 {
		t.Errorf("targets were changed: %q %d %d", s, n, u)
	}
}

// What was decoded does not change with the buffer that it came from.
func TestDecodeCopies(t *testing.T) {
	in := enc(t, []any{"text", []byte("data"), Ext{5, []byte("ext")}, Raw("\xa3raw")})
	raw := append(Raw{}, in...)
	type all struct {
		S string
		B []byte
		X Ext
		R Raw
	}
	var got, want all
	var anyGot, anyWant any
	for _, p := range []any{&got, &anyGot} {
		if err := Decode(raw, p); err != nil {
			t.Fatal(err)
		}
	}
	if Decode(in, &want) != nil || Decode(in, &anyWant) != nil {
		t.Fatal("the same bytes failed")
	}
	clear(raw)
	if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(anyGot, anyWant) {
		t.Errorf("changed with the buffer: %+v %+v", got, anyGot)
	}
}

func TestAccessors(t *testing.T) {
	elems, err := AppendElems(nil, []byte("\x93\x05\xa1x\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00"))
	if err != nil || len(elems) != 3 {
		t.Fatalf("%x, %v", elems, err)
	}
	if n, err := Int(elems[0]); n != 5 || err != nil {
		t.Errorf("Int: %d, %v", n, err)
	}
	if n, err := Uint(elems[0]); n != 5 || err != nil {
		t.Errorf("Uint: %d, %v", n, err)
	}
	if s, ok := Text(elems[1]); string(s) != "x" || !ok {
		t.Errorf("Text: %q, %v", s, ok)
	}
	if f, err := Float(elems[2]); f != 1.5 || err != nil {
		t.Errorf("Float: %v, %v", f, err)
	}
	// One kind is not another, and nothing is no value.
	for _, raw := range [][]byte{elems[1], nil, {0xc1}, {0xcf}, {0xc6}} {
		_, errI := Int(raw)
		_, errU := Uint(raw)
		_, errF := Float(raw)
		var te *TypeError
		if !errors.As(errI, &te) || !errors.As(errU, &te) || !errors.As(errF, &te) {
			t.Errorf("%x: %v, %v, %v; want *TypeErrors", raw, errI, errU, errF)
		}
	}
	if n, err := Uint([]byte{0xff}); n != 0 || !errors.Is(err, ErrRange) {
		t.Errorf("Uint(-1): %d, %v", n, err)
	}
	if n, err := Int(enc(t, uint64(1<<63))); n != 0 || !errors.Is(err, ErrRange) {
		t.Errorf("Int(2^63): %d, %v", n, err)
	}
	if _, ok := Text(elems[0]); ok {
		t.Error("an int is no text")
	}
	for in, want := range map[string]error{"": ErrTruncated, "\x91": ErrTruncated, "\x80": ErrFormat, "\x91\xc1": ErrFormat, "\x91\x91": ErrTruncated} {
		if _, err := AppendElems(nil, []byte(in)); !errors.Is(err, want) {
			t.Errorf("AppendElems(%x): %v, want %v", in, err, want)
		}
	}
}

// Node writes every integer beyond 32 bits as a float.
func TestWholeFloatsAreInts(t *testing.T) {
	for _, f := range []float64{0, 1, -1, 1 << 31, 1764000000000, 1 << 53, -(1 << 53)} {
		raw := AppendFloat64(nil, f)
		var n int64
		if err := Decode(raw, &n); err != nil || n != int64(f) {
			t.Errorf("%v decodes to %d, %v", f, n, err)
		}
		if n, err := Int(raw); err != nil || n != int64(f) {
			t.Errorf("Int of %v is %d, %v", f, n, err)
		}
		if f >= 0 {
			var u uint64
			if err := Decode(raw, &u); err != nil || u != uint64(f) {
				t.Errorf("%v decodes to %d, %v", f, u, err)
			}
		}
	}
}
