package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/vmihailenco/msgpack/v5"
)

type (
	named   string
	myInt   int16
	myBytes []byte
	someUID [2]byte
)

// upper writes itself by the pointer's methods.
type upper struct{ s string }

func (u *upper) EncodeMsgpack(enc *msgpack.Encoder) error {
	return enc.EncodeString(strings.ToUpper(u.s))
}

func (u *upper) DecodeMsgpack(dec *msgpack.Decoder) (err error) {
	u.s, err = dec.DecodeString()
	u.s = strings.ToLower(u.s)
	return err
}

// spoken is a text marshaler, which v5 writes as bin.
type spoken int

func (s spoken) MarshalText() ([]byte, error) { return []byte("number"), nil }

func TestAppendValue(t *testing.T) {
	one := 1
	tests := []struct {
		why  string
		in   any
		want string
	}{
		{"nil", nil, "\xc0"},
		{"bools", []bool{true, false}, "\x92\xc3\xc2"},
		{"the ends of each int form", []int64{0, 127, 128, 255, 256, 65535, 65536, math.MaxUint32, math.MaxUint32 + 1},
			"\x99\x00\x7f\xcc\x80\xcc\xff\xcd\x01\x00\xcd\xff\xff\xce\x00\x01\x00\x00\xce\xff\xff\xff\xff\xcf\x00\x00\x00\x01\x00\x00\x00\x00"},
		{"the ends of each negative form", []int64{-1, -32, -33, -128, -129, -32768, -32769, math.MinInt32, math.MinInt32 - 1},
			"\x99\xff\xe0\xd0\xdf\xd0\x80\xd1\xff\x7f\xd1\x80\x00\xd2\xff\xff\x7f\xff\xd2\x80\x00\x00\x00\xd3\xff\xff\xff\xff\x7f\xff\xff\xff"},
		{"int32", int32(-7), "\xf9"},
		{"uint32", uint32(7), "\x07"},
		{"uint64 to its end", uint64(math.MaxUint64), "\xcf\xff\xff\xff\xff\xff\xff\xff\xff"},
		{"a duration is its nanoseconds", time.Microsecond, "\xcd\x03\xe8"},
		{"float64", 1.5, "\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00"},
		{"float32 widened, as Python has no other", float32(1.5), "\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00"},
		{"a float that is whole stays a float", 1.0, "\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00"},
		{"infinity", []float64{math.Inf(-1)}, "\x91\xcb\xff\xf0\x00\x00\x00\x00\x00\x00"},
		{"str and bin apart", []any{"a", []byte("a")}, "\x92\xa1a\xc4\x01a"},
		{"a long str", strings.Repeat("x", 32), "\xd9\x20" + strings.Repeat("x", 32)},
		{"a longer str", strings.Repeat("x", 256), "\xda\x01\x00" + strings.Repeat("x", 256)},
		{"a very long bin", make([]byte, 1<<16), "\xc6\x00\x01\x00\x00" + strings.Repeat("\x00", 1<<16)},
		{"named kinds", []any{named("n"), myInt(-3), myBytes("b"), someUID{1, 2}, uint16(3), float32(0)},
			"\x96\xa1n\xfd\xc4\x01b\xc4\x02\x01\x02\x03\xcb\x00\x00\x00\x00\x00\x00\x00\x00"},
		{"nil pointer, slices and maps", []any{(*int)(nil), []string(nil), []byte(nil), map[string]any(nil), map[int]int(nil), []myInt(nil), (*big.Int)(nil)},
			"\x97\xc0\xc0\xc0\xc0\xc0\xc0\xc0"},
		{"empty ones", []any{[]string{}, []byte{}, map[string]any{}, map[int]int{}, [0]int{}}, "\x95\x90\xc4\x00\x80\x80\x90"},
		{"pointers are followed", []*int{&one, nil}, "\x92\x01\xc0"},
		{"a map in the order of its keys", map[string]any{"b": 1, "a": "x", "aa": nil}, "\x83\xa1a\xa1x\xa2aa\xc0\xa1b\x01"},
		{"map[string]string", map[string]string{"b": "2", "a": "1"}, "\x82\xa1a\xa11\xa1b\xa12"},
		{"text keys of a named type", map[named]int{"bb": 1, "c": 2}, "\x82\xa2bb\x01\xa1c\x02"},
		{"int keys", map[int]string{300: "c", 2: "b", 1: "a"}, "\x83\x01\xa1a\x02\xa1b\xcd\x01\x2c\xa1c"},
		{"mixed keys, bin apart from str", map[any]any{"a": 1, BinKey("a"): 2, 1: 3}, "\x83\x01\x03\xa1a\x01\xc4\x01a\x02"},
		{"20 elements", make([]bool, 20), "\xdc\x00\x14" + strings.Repeat("\xc2", 20)},
		{"ext", Ext{Type: 5, Data: []byte("abc")}, "\xc7\x03\x05abc"},
		{"fixed ext forms", []Ext{{1, make([]byte, 1)}, {1, make([]byte, 2)}, {1, make([]byte, 4)}, {1, make([]byte, 8)}, {1, make([]byte, 16)}},
			"\x95\xd4\x01\x00\xd5\x01\x00\x00\xd6\x01\x00\x00\x00\x00\xd7\x01" + strings.Repeat("\x00", 8) + "\xd8\x01" + strings.Repeat("\x00", 16)},
		{"time in 32 bits", time.Unix(7, 0), "\xd6\xff\x00\x00\x00\x07"},
		{"time in 64 bits", time.Unix(7, 1), "\xd7\xff\x00\x00\x00\x04\x00\x00\x00\x07"},
		{"time after 2106", time.Unix(1<<32, 0), "\xd7\xff\x00\x00\x00\x01\x00\x00\x00\x00"},
		{"time before 1970", time.Unix(-1, 0), "\xc7\x0c\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff"},
		{"a pointer to a time", &time.Time{}, "\xc7\x0c\xff\x00\x00\x00\x00\xff\xff\xff\xf1\x88\x6e\x09\x00"},
		{"raw", Raw("\x92\x01\x02"), "\x92\x01\x02"},
		{"v5's raw", msgpack.RawMessage("\x07"), "\x07"},
		{"empty raw", Raw{}, "\xc0"},
		{"big ints", []any{big.NewInt(-5), new(big.Int).SetUint64(math.MaxUint64), *big.NewInt(1)},
			"\x93\xfb\xcf\xff\xff\xff\xff\xff\xff\xff\xff\x01"},
		{"numbers from JSON", []json.Number{"1", "-1", "18446744073709551615", "1e3"},
			"\x94\x01\xff\xcf\xff\xff\xff\xff\xff\xff\xff\xff\xcb\x40\x8f\x40\x00\x00\x00\x00\x00"},
		{"methods of the pointer, value at hand", upper{"x"}, "\xa1X"},
		{"methods of the pointer, pointer at hand", []*upper{{"x"}, nil}, "\x92\xa1X\xc0"},
		{"a text marshaler, as v5 writes it", spoken(1), "\xc4\x06number"},
		{"interfaces in between", []any{any(&one), [1]any{nil}}, "\x92\x01\x91\xc0"},
	}
	for _, tc := range tests {
		got, err := AppendValue([]byte("<"), tc.in)
		if err != nil {
			t.Errorf("%s: %v", tc.why, err)
		} else if string(got) != "<"+tc.want {
			t.Errorf("%s:\n got %q\nwant %q", tc.why, got, "<"+tc.want)
		}
	}
}

// panicker panics while it is encoded.
type panicker struct{}

func (panicker) EncodeMsgpack(*msgpack.Encoder) error { panic("no") }

// twice writes two values where one belongs.
type twice struct{}

func (twice) EncodeMsgpack(enc *msgpack.Encoder) error { return enc.EncodeMulti(1, 2) }

// ring can contain itself.
type ring struct {
	Next *ring
	Any  any
	List []ring
	Map  map[string]ring
}

type selfEmbedding struct{ *selfEmbedding }

type pointerToSelf *pointerToSelf

func TestAppendValueErrors(t *testing.T) {
	loop := []any{nil}
	loop[0] = loop
	loopMap := map[string]any{}
	loopMap["a"] = loopMap
	loopTyped := map[int]any{}
	loopTyped[1] = loopTyped
	loopRing := &ring{}
	loopRing.Next = loopRing
	loopAny := &ring{}
	loopAny.Any = []any{map[string]any{"r": loopAny}}
	loopList := ring{List: make([]ring, 1)}
	loopList.List[0] = loopList
	loopList.List[0].List = loopList.List
	loopInMap := ring{Map: map[string]ring{}}
	loopInMap.Map["x"] = loopInMap
	var loopPointer pointerToSelf
	loopPointer = &loopPointer
	var loopIface any
	loopIface = &loopIface
	deep := any(nil)
	for range MaxDepth {
		deep = []any{deep}
	}
	tests := []struct {
		why      string
		in       any
		is       error
		contains string
	}{
		{"a channel", make(chan int), nil, "can not serialize 'chan int' object"},
		{"a func inside", []any{func() {}}, nil, "func()"},
		{"complex", map[string]any{"c": 1i}, nil, "complex128"},
		{"complex in a typed map", map[int]complex64{1: 1}, nil, "complex64"},
		{"a channel in a struct", struct{ C chan int }{make(chan int)}, nil, "chan int"},
		{"a channel as a key", map[any]int{make(chan int): 1}, nil, "chan int"},
		{"a big int of 65 bits", new(big.Int).Lsh(big.NewInt(1), 64), ErrRange, "beyond 64 bits send its text or bytes"},
		{"a big number from JSON", json.Number("18446744073709551616"), ErrRange, "out of range"},
		{"no number", json.Number("x"), nil, "json.Number"},
		{"a panic", panicker{}, nil, "panic while encoding: no"},
		{"a panic behind a pointer", []*panicker{{}}, nil, "panic"},
		{"two values as one", twice{}, ErrFormat, "twice"},
		{"raw that is cut short", Raw("\x92\x01"), ErrTruncated, "event.Raw"},
		{"raw of two values", Raw("\x01\x02"), ErrFormat, "1 bytes follow"},
		{"broken raw in a struct", struct{ R Raw }{Raw("\xc1")}, ErrFormat, "malformed"},
		{"a slice in itself", loop, ErrTooDeep, ""},
		{"a map in itself", loopMap, ErrTooDeep, ""},
		{"a typed map in itself", loopTyped, ErrTooDeep, ""},
		{"a struct in itself", loopRing, ErrTooDeep, "ring"},
		{"a struct in itself by an interface", loopAny, ErrTooDeep, ""},
		{"a struct in itself by a slice", loopList, ErrTooDeep, ""},
		{"a struct in itself by a map", loopInMap, ErrTooDeep, ""},
		{"a pointer to itself", loopPointer, ErrTooDeep, ""},
		{"an interface in itself", loopIface, ErrTooDeep, ""},
		{"a struct that embeds itself", selfEmbedding{}, nil, "embeds itself"},
		{"too deep to be wrapped in an answer", deep, ErrTooDeep, ""},
		{"too many elements", make([]int, MaxNodes+1), ErrTooManyNodes, ""},
		{"too many elements of another type", make([]int8, MaxNodes+1), ErrTooManyNodes, "[]int8"},
	}
	for _, tc := range tests {
		b := append(make([]byte, 0, 64), "kept"...)
		got, err := AppendValue(b, tc.in)
		var ve *ValueError
		if !errors.As(err, &ve) {
			t.Errorf("%s: %v, want a *ValueError", tc.why, err)
			continue
		}
		if tc.is != nil && !errors.Is(err, tc.is) {
			t.Errorf("%s: %v, want %v", tc.why, err, tc.is)
		}
		if !strings.Contains(err.Error(), tc.contains) {
			t.Errorf("%s: %q does not name %q", tc.why, err, tc.contains)
		}
		if string(got) != "kept" {
			t.Errorf("%s: the slice was extended: %q", tc.why, got)
		}
	}
}

// What may be sent can be received, wrapped in an answer's array.
func TestSendDepthFitsReceiveDepth(t *testing.T) {
	deep := any(nil)
	for range maxSendDepth {
		deep = []any{deep}
	}
	b, err := AppendValue([]byte{0x91}, deep)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Skip(b, 0); err != nil {
		t.Errorf("the answer cannot be parsed: %v", err)
	}
}

// Equal values have equal bytes, whatever the order in which a map is walked.
func TestAppendValueDeterministic(t *testing.T) {
	m := map[any]any{}
	for i := range 50 {
		m[i] = map[string]int{"a": i, "b": i, "c": i}
		m[string(rune('a'+i))] = struct{ M map[string]string }{map[string]string{"x": "1", "y": "2"}}
	}
	first, err := AppendValue(nil, m)
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		again, err := AppendValue(nil, m)
		if err != nil || !bytes.Equal(first, again) {
			t.Fatalf("the same map took other bytes (%v)", err)
		}
	}
}
