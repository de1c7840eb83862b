package event

import (
	"bytes"
	"errors"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/vmihailenco/msgpack/v5"
)

// marshalV5 is v5 with the options that give our forms.
func marshalV5(t *testing.T, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	enc := msgpack.NewEncoder(&b)
	enc.UseCompactInts(true)
	enc.SetSortMapKeys(true)
	if err := enc.Encode(v); err != nil {
		t.Fatalf("v5, %T: %v", v, err)
	}
	return b.Bytes()
}

// zeroAt is empty when it is 5, by its method.
type zeroAt int

func (z zeroAt) IsZero() bool { return z == 5 }

// Users know v5's tags; a struct must have the bytes that v5 gives it.
func TestStructBytesAreV5s(t *testing.T) {
	type allOmit struct {
		_msgpack struct{} `msgpack:",omitempty"` //lint:ignore U1000 v5 reads its tag
		A        int
		B        *int
		C        []int
		D        map[string]int
		E        string
		F        any
		G        [2]int
		H        [0]int
		I        bool
		J        float64
		K        uint8
		L        struct{ X int }
		M        time.Time
		O        any
		P        struct{}
	}
	type arr struct {
		_msgpack struct{} `msgpack:",as_array"` //lint:ignore U1000 v5 reads its tag
		A        int
		B        string `msgpack:",omitempty"`
		*Shadow
	}
	type tags struct {
		Renamed int `msgpack:"r"`
		Both    int `msgpack:"b,omitempty,alias:bb"`
		Skipped int `msgpack:"-"`
		Quoted  int `msgpack:"q,alias:'q q'"`
		private int //lint:ignore U1000 unexported, so never sent
	}
	type nested struct {
		Deep struct {
			List []map[string]any
			Omit tags `msgpack:",omitempty"`
		}
		Ptr  **tags
		Err  error
		Errs []error
	}
	five, ptr := 5, &tags{Renamed: 1}
	for _, v := range []any{
		sample2(), &Point{1, 2}, []Point{{1, 2}}, map[string]Point{"a": {1, 1}},
		allOmit{}, allOmit{A: 1, B: &five, C: []int{1}, D: map[string]int{"a": 1}, E: "e", F: 0, I: true, J: 1, K: 1, O: map[string]any{}},
		allOmit{C: []int{}, D: map[string]int{}, F: "x", G: [2]int{1}, M: time.Unix(1, 0), L: struct{ X int }{1}},
		arr{}, arr{A: 1, B: "b", Shadow: &Shadow{"i", "c"}},
		tags{}, tags{1, 2, 3, 4, 5}, nested{}, nested{Ptr: &ptr, Err: errors.New("bad"), Errs: []error{errors.New("a"), nil}},
		outerEmbed{base{1, "k"}, 2}, struct{ *Point }{}, struct{ *Point }{&Point{1, 2}},
		struct {
			Point `msgpack:",noinline"`
		}{},
		struct {
			base // has an omitempty, so a nil embedded struct is left out
			*Point
		}{},
		struct {
			ID int `msgpack:"id"`
			Shadow
		}{1, Shadow{"s", "c"}},
		struct {
			ID     int `msgpack:"id"`
			Shadow `msgpack:",inline"`
		}{1, Shadow{"s", "c"}},
	} {
		got, want := enc(t, v), marshalV5(t, v)
		// The one form in which a field follows AppendValue and not v5.
		want = bytes.Replace(want, []byte("\xa3f32\xca"), []byte("\xa3f32\xcb\x00\x00\x00\x00"), 1)
		if !bytes.Equal(got, want) {
			t.Errorf("%T:\n got %q\nwant %q", v, got, want)
		}
		back := reflect.New(reflect.TypeOf(v))
		if err := Decode(got, back.Interface()); err != nil {
			t.Errorf("%T: does not decode: %v", v, err)
		} else if again := enc(t, back.Interface()); !bytes.Equal(again, got) {
			t.Errorf("%T: changed on its way:\n got %q\nwant %q", v, again, got)
		}
	}
}

// A field that its own IsZero calls empty is left out, and a zero one is not.
func TestStructIsZero(t *testing.T) {
	type z struct {
		N zeroAt `msgpack:",omitempty"`
		O any    `msgpack:",omitempty"`
	}
	for _, v := range []z{{}, {5, nil}, {6, zeroAt(5)}, {5, 0}, {0, Point{}}} {
		if got, want := enc(t, v), marshalV5(t, v); !bytes.Equal(got, want) {
			t.Errorf("%+v: got %q, want %q", v, got, want)
		}
	}
}

// sample2 is sample without what v5 writes in another form, or not at all when
// the struct is no pointer.
func sample2() *record {
	r := sample()
	r.F32 = 0
	r.Key = ""
	return &r
}

// Where v5 would differ from AppendValue itself, a struct follows AppendValue.
func TestStructBeyondV5(t *testing.T) {
	type odd struct {
		Big   *big.Int
		F     float32
		Key   BinKey
		Keys  map[any]any
		Ints  map[int]string
		Text  map[string]int
		Upper upper
	}
	in := odd{big.NewInt(-5), 1.5, "k", map[any]any{BinKey("a"): int64(1)}, map[int]string{1: "a", 2: "b", 3: "c"}, map[string]int{"x": 1, "y": 2, "z": 3}, upper{"u"}}
	raw := enc(t, in)
	const want = "\x87\xa3Big\xfb\xa1F\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00\xa3Key\xc4\x01k\xa4Keys\x81\xc4\x01a\x01" +
		"\xa4Ints\x83\x01\xa1a\x02\xa1b\x03\xa1c\xa4Text\x83\xa1x\x01\xa1y\x02\xa1z\x03\xa5Upper\xa1U"
	if string(raw) != want {
		t.Errorf("got  %q\nwant %q", raw, want)
	}
	var out odd
	if err := Decode(raw, &out); err != nil || !reflect.DeepEqual(in, out) {
		t.Errorf("got %+v, %v", out, err)
	}
}

type zeroPanicker struct{}

func (zeroPanicker) IsZero() bool { panic("no") }

// parent and child point at each other, but parent says how it travels.
type parent struct{ kids []*child }

type child struct{ up *parent } //lint:ignore U1000 the cycle is what matters

func (p *parent) EncodeMsgpack(enc *msgpack.Encoder) error { return enc.EncodeInt(int64(len(p.kids))) }

func TestStructMethods(t *testing.T) {
	var ve *ValueError
	_, err := AppendValue(nil, struct {
		Z zeroPanicker `msgpack:",omitempty"`
	}{})
	if !errors.As(err, &ve) || !strings.Contains(err.Error(), "panic") {
		t.Errorf("IsZero that panics: %v", err)
	}
	_, err = AppendValue(nil, []error{(*nilError)(nil)})
	if !errors.As(err, &ve) {
		t.Errorf("Error that panics: %v", err)
	}
	p := &parent{}
	p.kids = []*child{{p}}
	if got := enc(t, []any{p, *p}); string(got) != "\x92\x01\x01" {
		t.Errorf("a cycle that the type itself resolves: %x", got)
	}
}

type nilError struct{ text string }

func (e *nilError) Error() string { return e.text }

// Inside types that only v5 walks, a user's own method for one, Raw, Ext and
// BinKey write themselves, and Raw reads itself.
func TestOwnTypesUnderV5(t *testing.T) {
	got := marshalV5(t, []any{Raw("\x92\x01\x02"), Raw(nil), Ext{5, []byte("x")}, BinKey("k")})
	if want := "\x94\x92\x01\x02\xc0\xd4\x05x\xc4\x01k"; string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
	var raws []Raw
	if err := msgpack.Unmarshal(got[:len(got)-6], &raws); err == nil {
		t.Error("a list that is cut")
	}
	if err := msgpack.Unmarshal(got, &raws); err != nil || len(raws) != 4 || string(raws[0]) != "\x92\x01\x02" || string(raws[3]) != "\xc4\x01k" {
		t.Errorf("got %q, %v", raws, err)
	}
}

func TestAppendFloat32(t *testing.T) {
	if b := AppendFloat32(nil, 1.5); string(b) != "\xca\x3f\xc0\x00\x00" {
		t.Errorf("got %x", b)
	}
}
