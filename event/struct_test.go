package event

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/vmihailenco/msgpack/v5"
)

type Point struct{ X, Y int }

type base struct {
	ID   int    `msgpack:"id"`
	Kind string `msgpack:"kind,omitempty"`
}

type Shadow struct {
	ID    string `msgpack:"id"`
	Color string
}

// record has every tag option that zrpc reads.
type record struct {
	base
	*Point
	Name   string            `msgpack:"name,alias:title"`
	Note   string            `msgpack:"note,omitempty"`
	Hidden int               `msgpack:"-"`
	Tags   map[string]string `msgpack:"tags"`
	Inner  Point             `msgpack:"inner"`
	List   []Point           `msgpack:"list"`
	Opt    *int              `msgpack:"opt"`
	Any    any               `msgpack:"any"`
	When   time.Time         `msgpack:"when"`
	Raw    Raw               `msgpack:"raw"`
	Ext    Ext               `msgpack:"ext"`
	Key    BinKey            `msgpack:"key"`
	Upper  upper             `msgpack:"upper"`
	Bytes  []byte            `msgpack:"bytes"`
	UID    someUID           `msgpack:"uid"`
	Small  int8              `msgpack:"small"`
	F32    float32           `msgpack:"f32"`
	Dur    time.Duration     `msgpack:"dur"`
	secret int               //lint:ignore U1000 unexported, so never sent
}

func sample() record {
	seven := 7
	return record{
		base: base{ID: 1}, Point: &Point{2, 3}, Name: "n", Tags: map[string]string{"b": "2", "a": "1"},
		Inner: Point{4, 5}, List: []Point{{6, 7}, {}}, Opt: &seven, Any: []any{int64(300), "x"},
		When: time.Unix(5, 6).UTC(), Raw: Raw{0x92, 1, 2}, Ext: Ext{9, []byte("e")}, Key: "k",
		Upper: upper{"up"}, Bytes: []byte("by"), UID: someUID{8, 9}, Small: -3, F32: 1.5, Dur: time.Second,
	}
}

func TestStructRoundTrip(t *testing.T) {
	want := sample()
	raw := enc(t, want)
	var got record
	if err := Decode(raw, &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("by value:\n got %+v\nwant %+v", got, want)
	}
	if byPointer := enc(t, &want); !bytes.Equal(byPointer, raw) {
		t.Error("a pointer to a struct has other bytes than the struct")
	}
	// Left out as empty, or as nil, is the same to the reader.
	for key, present := range map[string]bool{"kind": false, "note": false, "Hidden": false, "secret": false, "id": true, "X": true, "name": true} {
		m, err := DecodeAny(raw)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := m.(map[string]any)[key]; ok != present {
			t.Errorf("key %q present: %v", key, ok)
		}
	}
}

type outerEmbed struct {
	base
	Z int
}

// What v5 wrote this package must read as v5 would: users have such peers.
func TestStructReadsWhatV5Wrote(t *testing.T) {
	type noInline struct {
		Point `msgpack:",noinline"`
		Z     int
	}
	type clash struct {
		ID int `msgpack:"id"`
		Shadow
	}
	type clashInline struct {
		ID     int `msgpack:"id"`
		Shadow `msgpack:",inline"`
	}
	type asArray struct {
		_msgpack struct{} `msgpack:",as_array"` //lint:ignore U1000 v5 reads its tag
		A        int
		B        string
	}
	type deepEmbed struct {
		outerEmbed
		*Shadow
	}
	for _, tc := range []struct {
		why string
		in  any
	}{
		{"embedded, as a field of its own", noInline{Point{1, 2}, 3}},
		{"embedded with a clash of names", clash{1, Shadow{"s", "red"}}},
		{"embedded with a clash, inlined", clashInline{1, Shadow{"", "red"}}},
		{"as an array", asArray{A: 1, B: "b"}},
		{"a list of them", []asArray{{A: 1}, {B: "b"}}},
		{"a map of them", map[string]Point{"a": {1, 2}}},
		{"embedded twice over", deepEmbed{outerEmbed{base{ID: 4}, 5}, nil}},
	} {
		raw, err := msgpack.Marshal(tc.in)
		if err != nil {
			t.Fatalf("%s: %v", tc.why, err)
		}
		theirs, ours := reflect.New(reflect.TypeOf(tc.in)), reflect.New(reflect.TypeOf(tc.in))
		if err := msgpack.Unmarshal(raw, theirs.Interface()); err != nil {
			t.Fatalf("%s: v5: %v", tc.why, err)
		}
		if err := Decode(raw, ours.Interface()); err != nil {
			t.Errorf("%s: %v", tc.why, err)
		} else if got, want := fmt.Sprintf("%+v", ours.Elem()), fmt.Sprintf("%+v", theirs.Elem()); got != want {
			t.Errorf("%s:\n got %s\nwant %s", tc.why, got, want)
		}
	}
}

func TestStructLenience(t *testing.T) {
	var p struct {
		Point
		S string
		R Raw
		B big.Int
	}
	p.S, p.X = "old", 9
	in := map[any]any{"X": nil, "S": nil, "R": nil, "unknown": []any{1, map[int]int{1: 2}}, 5: 6, BinKey("Y"): 2, "B": 3}
	if err := Decode(enc(t, in), &p); err != nil {
		t.Fatal(err)
	}
	if p.X != 0 || p.S != "" || p.Y != 2 || p.B.Int64() != 3 {
		t.Errorf("nil empties a field of any kind, bin keys count, others are passed over: %+v", p)
	}
	if string(p.R) != "\xc0" {
		t.Errorf("a Raw field takes nil as it is, got %x", p.R)
	}
	var r record
	if err := Decode(enc(t, map[string]any{"title": "t", "Point": map[string]any{"Y": 4}}), &r); err != nil {
		t.Fatal(err)
	}
	if r.Name != "t" || r.Point == nil || r.Y != 4 {
		t.Errorf("aliases and whole embedded structs are read: %+v", r)
	}
}

func TestStructErrors(t *testing.T) {
	var r struct {
		Outer struct {
			List []Point `msgpack:"list"`
		} `msgpack:"outer"`
	}
	err := Decode(enc(t, map[string]any{"outer": map[string]any{"list": []any{Point{}, map[string]any{"X": "x"}}}}), &r)
	if want := "is str, want int (at .outer.list[1].X)"; err == nil || err.Error() != want {
		t.Errorf("the path of an error: %v, want %s", err, want)
	}
	for in, want := range map[string]string{
		"\x05":         "is int, want map",
		"\x91\x01":     "is array of 1, want map, or array of 2",
		"\x92\x01\xa0": "is str, want int (at .Y)",
		"\x81\xa1X":    "is truncated, want a value (at .X)",
		"\x81\xc1\x01": "event: malformed: byte c1",
		"\x81\x05\xc1": "event: malformed: byte c1",
	} {
		var p Point
		if err := Decode([]byte(in), &p); err == nil || err.Error() != want {
			t.Errorf("%x: %v, want %s", in, err, want)
		}
	}
	if err := Decode([]byte{0x80}, &selfEmbedding{}); err == nil || !strings.Contains(err.Error(), "embeds itself") {
		t.Errorf("a struct that embeds itself: %v", err)
	}
	var unset struct{ *base }
	if err := Decode(enc(t, map[string]int{"id": 1}), &unset); err == nil || !strings.Contains(err.Error(), "export the type") {
		t.Errorf("an embedded pointer that cannot be set: %v", err)
	}
}

// mapper reads a map in its own method, as types with UnmarshalMsgpack-like
// methods of v5 do.
type mapper struct{ m map[string]any }

func (m *mapper) DecodeMsgpack(dec *msgpack.Decoder) (err error) {
	m.m, err = dec.DecodeMap()
	return err
}

type decodePanicker struct{}

func (*decodePanicker) DecodeMsgpack(*msgpack.Decoder) error { panic("no") }

// v5 takes the data of an ext for a map head and would allocate what it claims:
// 4 billion pairs here, which ends the process. These must be errors, and cheap.
func TestForeignHostileExt(t *testing.T) {
	for _, in := range []string{
		"\xc7\x05\x01\xdf\xff\xff\xff\xff",
		"\xd7\xff\xdf\xff\xff\xff\xff\x00\x00\x00", // also a valid timestamp
		"\x81\xa1a\xc7\x05\x01\xdf\xff\xff\xff\xff",
		"\xd6\x01\xdf\xff\xff\xff",
	} {
		var m mapper
		var sm map[string]any
		var s struct{ M map[string]map[string]any }
		if err := Decode([]byte(in), &m); err == nil && m.m == nil {
			t.Errorf("%x: became %v", in, m.m)
		}
		_ = Decode([]byte(in), &sm) // an ext in a map of any is fine
		if err := Decode(append([]byte("\x81\xa1M"), in...), &s); err == nil {
			t.Errorf("%x: became %v", in, s.M)
		}
	}
}

func TestForeignDecode(t *testing.T) {
	var m mapper
	if err := Decode(enc(t, map[string]any{"a": "b", "n": 223, "u": uint16(0xdfdf), "ts": "x"}), &m); err != nil || m.m["a"] != "b" {
		t.Errorf("an honest map: %v, %v", m.m, err)
	}
	if err := Decode([]byte{5}, &decodePanicker{}); err == nil || !strings.Contains(err.Error(), "panic") {
		t.Errorf("a panic: %v", err)
	}
	if err := Decode([]byte{5}, &upper{}); err == nil || !strings.Contains(err.Error(), "is int, cannot become event.upper") {
		t.Errorf("the wrong kind: %v", err)
	}
	if err := Decode([]byte("\x92\x01"), &upper{}); err == nil {
		t.Error("a truncated value")
	}
	if err := Decode([]byte("\xd4\x05x"), &Point{}); err == nil {
		t.Error("an ext for a struct that is not registered")
	}
	var nilled = []*upper{{"x"}}
	if err := Decode([]byte("\x91\xc0"), &nilled); err != nil || nilled[0] != nil {
		t.Errorf("nil for a pointer with methods: %v", err)
	}
}

// coin travels as an ext registered with v5.
type coin struct{ value byte }

func TestForeignRegisteredExt(t *testing.T) {
	msgpack.RegisterExtEncoder(77, (*coin)(nil), func(_ *msgpack.Encoder, v reflect.Value) ([]byte, error) {
		return []byte{v.Interface().(*coin).value}, nil
	})
	msgpack.RegisterExtDecoder(77, (*coin)(nil), func(d *msgpack.Decoder, v reflect.Value, n int) error {
		b := make([]byte, n)
		err := d.ReadFull(b)
		v.Interface().(*coin).value = b[0]
		return err
	})
	t.Cleanup(func() { msgpack.UnregisterExt(77) })
	raw := enc(t, []*coin{{5}, nil})
	if string(raw) != "\x92\xd4\x4d\x05\xc0" {
		t.Fatalf("encoded as %x", raw)
	}
	var got []*coin
	if err := Decode(raw, &got); err != nil || len(got) != 2 || got[0].value != 5 || got[1] != nil {
		t.Errorf("%v, %v", got, err)
	}
	var c coin
	if err := Decode(raw[1:4], &c); err != nil || c.value != 5 {
		t.Errorf("by value: %v, %v", c, err)
	}
}

// Depth and size are bounded for typed targets also where nobody called Parse.
func TestDecodeUncheckedInput(t *testing.T) {
	type tree struct{ Kids []tree }
	type list struct{ Next *list }
	var nested, chain []byte
	for range 10_000 {
		nested = append(nested, "\x81\xa4Kids\x91"...)
		chain = append(chain, "\x81\xa4Next"...)
	}
	var tr tree
	var li list
	var loop pointerToSelf
	var many map[int][]map[int]int
	huge := []byte("\xdd\x00\xff\xff\xff\x01")
	for _, tc := range []struct {
		why    string
		target any
		raw    []byte
		want   error
	}{
		{"a tree", &tr, nested, ErrTooDeep},
		{"a list", &li, chain, ErrTooDeep},
		{"a pointer to itself", &loop, []byte{5}, ErrTooDeep},
		{"an array that is cut", &many, []byte("\x81\x01\x92\x80"), ErrTruncated},
		{"huge claims", new([]big.Int), huge, ErrTruncated},
		{"huge claims of large elements", new([][4096]int), huge, ErrTruncated},
		{"huge claims for any", new(any), huge, ErrTruncated},
		{"nested anys", new(any), bytes.Repeat([]byte{0x91}, 1000), ErrTooDeep},
		{"nested anys in maps", new(any), bytes.Repeat([]byte("\x81\x01"), 1000), ErrTooDeep},
		{"nothing for raw", new(Raw), nil, ErrTruncated},
		{"a cut raw in a list", new([]Raw), []byte("\x91\x91"), ErrTruncated},
		{"a cut value in a map of strings", new(map[string]string), []byte("\x81\xa1k\x91"), ErrTruncated},
	} {
		if err := Decode(tc.raw, tc.target); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", tc.why, err, tc.want)
		}
	}
}

// A chain of pointers is as deep as its maps, no deeper.
func TestDecodePointerChain(t *testing.T) {
	type list struct{ Next *list }
	var first *list
	for range MaxDepth - 2 {
		first = &list{first}
	}
	var got *list
	if err := Decode(enc(t, first), &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, first) {
		t.Error("not the same chain")
	}
}
