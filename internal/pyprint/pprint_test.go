package pyprint

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// raw packs a value tree for a test.
func raw(v any) []byte { return AppendValue(nil, v) }

func dict(pairs ...any) *Dict {
	d := &Dict{}
	for i := 0; i < len(pairs); i += 2 {
		d.set(pairs[i], pairs[i+1])
	}
	return d
}

// What the zerorpc command printed on Python 3.9, and corners that generated values reach rarely.
func TestPretty(t *testing.T) {
	long := make([]any, 40)
	for i := range long {
		long[i] = int64(i)
	}
	for _, c := range []struct {
		why  string
		v    any
		want string
	}{
		{"recorded: a str", "Hello, RPC", `'Hello, RPC'`},
		{"recorded: bytes", []byte{0, 0xff}, `b'\x00\xff'`},
		{"recorded: both quotes", `quote ' and " both`, `'quote \' and " both'`},
		{"a single quote alone changes the quotes", "it's", `"it's"`},
		{"bytes too", []byte("it's"), `b"it's"`},
		{"recorded: 2^63", uint64(1 << 63), "9223372036854775808"},
		{"recorded: 1e3", 1000.0, "1000.0"},
		{"an exponent begins at 1e16", 1e16, "1e+16"},
		{"and below 1e-4", 0.00001, "1e-05"},
		{"an ext is a named tuple", Ext{5, []byte("hi")}, `ExtType(code=5, data=b'hi')`},
		{"a timestamp is an object", Timestamp{1, 2}, `Timestamp(seconds=1, nanoseconds=2)`},
		{"recorded: a list that does not fit", long, "[0,\n 1,\n 2,\n 3,\n 4,\n 5,\n 6,\n 7,\n 8,\n 9,\n 10,\n 11,\n 12,\n" +
			" 13,\n 14,\n 15,\n 16,\n 17,\n 18,\n 19,\n 20,\n 21,\n 22,\n 23,\n 24,\n 25,\n 26,\n 27,\n 28,\n 29,\n 30,\n" +
			" 31,\n 32,\n 33,\n 34,\n 35,\n 36,\n 37,\n 38,\n 39]"},
		{"recorded: keys are sorted", dict("key_number_one", "some rather long string value to wrap",
			"key_number_two", "another rather long string value to wrap", "k3", []any{int64(1), int64(2), int64(3)}),
			"{'k3': [1, 2, 3],\n 'key_number_one': 'some rather long string value to wrap',\n" +
				" 'key_number_two': 'another rather long string value to wrap'}"},
		{"recorded: a long str", "a very long string that goes on and on and on, beyond eighty characters, so that pprint " +
			"wraps it somewhere here", "('a very long string that goes on and on and on, beyond eighty characters, so '\n" +
			" 'that pprint wraps it somewhere here')"},
		{"a bad byte is shown as surrogateescape shows it", "a\xff", `'a\udcff'`},
		{"true and 1 are the same key, the first one stays", dict(true, "a", int64(1), "b", 1.0, "c"), `{True: 'c'}`},
		{"NaN equals nothing, so both stay", dict(nan, int64(1), nan, int64(2)), `{nan: 1, nan: 2}`},
		{"numbers sort exactly beyond 2^53", dict(int64(1<<53+1), nil, float64(1<<53), nil),
			`{9007199254740992.0: None, 9007199254740993: None}`},
		{"a list too far right still closes", nest([]any{}, 90), strings.Repeat("[", 91) + strings.Repeat("]", 91)},
	} {
		got, err := AppendPretty(nil, raw(c.v))
		if err != nil || string(got) != c.want {
			t.Errorf("%s: got\n%s (%v)\nwant\n%s", c.why, got, err, c.want)
		}
	}
}

func nest(v any, n int) any {
	for range n {
		v = []any{v}
	}
	return v
}

// The work must stay linear: pprint as written in Python asks each level for its whole repr.
func TestPrettyDeepAndWide(t *testing.T) {
	v := make([]any, 20000)
	for i := range v {
		v[i] = strings.Repeat("x", 20)
	}
	deep := nest(v, 120)
	allocs := testing.AllocsPerRun(1, func() {
		if _, err := AppendPretty(nil, raw(deep)); err != nil {
			t.Fatal(err)
		}
	})
	// Decoding takes two allocations a string; 120 reprs of the whole would take millions.
	if allocs > 100_000 {
		t.Errorf("%v allocations for 20,000 strings under 120 lists", allocs)
	}
}

func TestReprAndStr(t *testing.T) {
	got, err := AppendRepr(nil, raw([]any{"a", []byte("b")}))
	if err != nil || string(got) != `['a', b'b']` {
		t.Errorf("repr: %s, %v", got, err)
	}
	if got := AppendStr(nil, "a"); string(got) != "a" {
		t.Errorf("str of a str is quoted: %s", got)
	}
	if got := AppendStr(nil, []any{"a"}); string(got) != "['a']" {
		t.Errorf("str of a list is not its repr: %s", got)
	}
	if b, err := AppendRepr([]byte(">"), []byte{0xc1}); err == nil || string(b) != ">" {
		t.Errorf("broken input: %q, %v", b, err)
	}
}

func TestDict(t *testing.T) {
	d := dict("a", int64(1), "b", int64(2), "a", int64(3))
	if v, ok := d.Get("a"); !ok || v != int64(3) || d.Len() != 2 {
		t.Errorf("the last value of a key must win: %v %v, %d keys", v, ok, d.Len())
	}
	if _, ok := d.Get("c"); ok {
		t.Error("a key that was never set is there")
	}
	if k, v := d.At(1); k != "b" || v != int64(2) {
		t.Errorf("order is lost: %v: %v", k, v)
	}
	if d.set([]any{}, nil) {
		t.Error("a list was taken as a key")
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, c := range []struct {
		why, hex, want string
	}{
		{"nothing", "", "ends early"},
		{"the byte that msgpack never uses", "c1", "never used"},
		{"a str longer than the input", "dbffffffff61", "4294967295 bytes announced"},
		{"a list of 4 Gi elements in five bytes", "ddffffffff", "ends early"},
		{"a map of 4 Gi pairs in five bytes", "dfffffffff", "ends early"},
		{"a list as a key", "819001", "unhashable type: 'list'"},
		{"a map as a key", "818001", "unhashable type: 'dict'"},
		{"a map without its value", "8101", "ends early"},
		{"an ext without type", "d4", "ends early"},
		{"an ext without content", "d405", "announced"},
		{"300 lists in each other", strings.Repeat("91", 300) + "c0", "nested deeper"},
		{"300 maps in each other", strings.Repeat("8101", 300) + "c0", "nested deeper"},
	} {
		for name, f := range map[string]func(b, raw []byte) ([]byte, error){"pretty": AppendPretty, "json": AppendJSON} {
			b, err := f([]byte("x"), unhex(t, c.hex))
			if err == nil || !strings.Contains(err.Error(), c.want) || string(b) != "x" {
				t.Errorf("%s, %s: %q, error %v, want %q in it", name, c.why, b, err, c.want)
			}
		}
	}
	many := append([]byte{0xdd, 0, 0x50, 0, 0}, bytes.Repeat([]byte{0xc0}, 5<<20)...)
	if _, err := Decode(many); !errors.Is(err, errTooMany) {
		t.Errorf("5 Mi elements: %v", err)
	}
}

// A bad timestamp is something to look at, not a reason to show nothing.
func TestBadTimestampIsExt(t *testing.T) {
	for _, hex := range []string{"d4ff00", "d7ffffffffff00000000"} {
		v, err := Decode(unhex(t, hex))
		if _, ok := v.(Ext); !ok || err != nil {
			t.Errorf("%s: %v, %v", hex, v, err)
		}
	}
}

// Every prefix of a value that uses all types is refused without a panic, and the whole comes back as it was.
func TestDecodePrefixes(t *testing.T) {
	v := []any{nil, true, false, int64(1), int64(-1), int64(-100), int64(-1000), int64(-100000), int64(-1 << 40), int64(300),
		int64(70000), uint64(1 << 63), 1.5, "s", strings.Repeat("t", 300), []byte("b"), bytes.Repeat([]byte("b"), 300),
		dict("k", dict(int64(1), nil)), Ext{5, []byte("abc")}, Timestamp{1, 0}, Timestamp{1 << 33, 5}, Timestamp{-1, 5}}
	b := raw(v)
	for i := range b {
		if _, err := Decode(b[:i]); err == nil {
			t.Fatalf("a prefix of %d of %d bytes was taken", i, len(b))
		}
	}
	got, err := Decode(b)
	if err != nil || !bytes.Equal(raw(got), b) {
		t.Errorf("%v, %v", got, err)
	}
	float32Value, err := Decode([]byte{0xca, 0x3f, 0xc0, 0, 0})
	if err != nil || float32Value != 1.5 {
		t.Errorf("float32: %v, %v", float32Value, err)
	}
}

func TestPackPanicsOnForeignValue(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("an int, which is no part of a value tree, was packed")
		}
	}()
	AppendValue(nil, 5)
}

func FuzzPretty(f *testing.F) {
	f.Add([]byte("\x93\xa1'\xc4\x03a\"b\x82\x01\x02\xa1k\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		pretty, err := AppendPretty(nil, b)
		_, jsonErr := AppendJSON(nil, b)
		if err != nil {
			if jsonErr == nil {
				t.Errorf("JSON of what has no pretty form (%v)", err)
			}
			return
		}
		v, _ := Decode(b)
		again, err := AppendPretty(nil, AppendValue(nil, v))
		if err != nil || !bytes.Equal(again, pretty) {
			t.Errorf("packed and printed again: %s (%v), first %s", again, err, pretty)
		}
	})
}

func ExampleAppendPretty() {
	v, _ := LoadJSON(`{"b": [1, 2.50, null, true], "a": "h\u00e9"}`)
	out, _ := AppendPretty(nil, AppendValue(nil, v))
	fmt.Printf("%s\n", out)
	// Output: {'a': 'hé', 'b': [1, 2.5, None, True]}
}
