package event

import (
	"bytes"
	"testing"
)

// seedValues are encoded values of every form, for both fuzz targets.
func seedValues(tb testing.TB) [][]byte {
	return [][]byte{
		enc(tb, sample()),
		enc(tb, []any{nil, true, -1, 300, 1.5, "str", []byte("bin"), Ext{5, []byte("x")}, BinKey("k")}),
		enc(tb, map[any]any{1: "a", "b": 2.0, BinKey("c"): nil, true: []any{}}),
		[]byte("\xd7\xff\x00\x00\x00\x04\x00\x00\x00\x07"), []byte("\x81\x90\x01"), []byte("\xdd\xff\xff\xff\xff"),
		[]byte("\xca\x7f\xc0\x00\x01"), []byte("\x82\xa1a\x01\xa1a\x02"), []byte("\xc7\x05\x01\xdf\xff\xff\xff\xff"),
	}
}

// FuzzParse: whatever bytes come, Parse ends without a panic; what it accepts
// every accessor can read, and reads within bounds.
func FuzzParse(f *testing.F) {
	for _, g := range readGolden(f) {
		f.Add(g.body)
	}
	for _, v := range seedValues(f) {
		f.Add(event3("\x80", "\xa1n", string(v)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var e Event
		if err := Parse(b, &e); err != nil {
			return
		}
		if next, err := Skip(e.Args, 0); err != nil || next != len(e.Args) {
			t.Fatalf("args %x are no single value: %d, %v", e.Args, next, err)
		}
		if next, err := Skip(e.Header, 0); err != nil || next != len(e.Header) {
			t.Fatalf("header %x is no single value: %d, %v", e.Header, next, err)
		}
		for _, id := range [][]byte{e.ID, e.ResponseTo} {
			if next, err := Skip(id, 0); id != nil && (err != nil || next != len(id)) {
				t.Fatalf("id %x is no single value: %d, %v", id, next, err)
			}
		}
		id, hasID := e.Lookup(KeyMessageID)
		if hasID && Kind(id) != "nil" && !bytes.Equal(id, e.ID) {
			t.Fatalf("Lookup found the id %x, Parse %x", id, e.ID)
		}
		if elems, err := AppendElems(nil, e.Args); err == nil {
			joined := AppendArrayHeader(nil, len(elems))
			for _, x := range elems {
				joined = append(joined, x...)
				decodeIntoAll(t, x)
			}
			if _, first, _ := ArrayLen(e.Args); !bytes.HasSuffix(joined, e.Args[first:]) {
				t.Fatalf("elements %x do not make %x", elems, e.Args)
			}
		}
		decodeIntoAll(t, e.Args)

		// The same event in our own head must parse to the same.
		text, ok := Text(e.ID)
		if !ok || len(text) == 0 || len(text) > MaxIDLen-5 {
			return
		}
		again := AppendHead(nil, &Head{ID: text, ResponseTo: e.ResponseTo, Name: string(e.Name)})
		again = append(again, e.Args...)
		var e2 Event
		if err := Parse(again, &e2); err != nil && len(e.Name) <= MaxNameLen {
			t.Fatalf("our own event %x: %v", again, err)
		} else if err == nil && (!bytes.Equal(e2.Args, e.Args) || !bytes.Equal(e2.ResponseTo, e.ResponseTo) || !bytes.Equal(e2.Name, e.Name)) {
			t.Fatalf("event changed:\n%+v\n%+v", e, e2)
		}
	})
}

// decodeIntoAll decodes raw into targets of every make; only a panic fails.
func decodeIntoAll(t *testing.T, raw []byte) {
	t.Helper()
	for _, target := range []any{
		new(string), new([]byte), new(int), new(int8), new(uint16), new(float32), new(bool), new(any), new(Raw), new(Ext),
		new([]string), new([]int), new(map[string]any), new(map[string]string), new(map[int]string), new(map[any]any),
		new([]map[string]float64), new([3]int8), new(someUID), new(record), new([]*record), new(mapper), new([]upper), new(error),
	} {
		_ = Decode(raw, target)
	}
}

// FuzzDecodeAny: a value that decodes encodes again, and its bytes are stable
// from then on: decoding and encoding lose nothing.
func FuzzDecodeAny(f *testing.F) {
	for _, v := range seedValues(f) {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		decodeIntoAll(t, b) // unchecked input is safe, too
		end, skipErr := Skip(b, 0)
		v, err := DecodeAny(b)
		if skipErr != nil && err == nil {
			t.Fatalf("DecodeAny took %x, Skip says %v", b, skipErr)
		}
		if err != nil {
			return
		}
		once, err := AppendValue(nil, v)
		if err != nil {
			if deepest, err := skip(b[:end], 0, maxSendDepth); err != nil {
				return // one level more than may be sent
			} else {
				t.Fatalf("%#v of %x (%d bytes) does not encode: %v", v, b, deepest, err)
			}
		}
		v2, err := DecodeAny(once)
		if err != nil {
			t.Fatalf("own bytes %x: %v", once, err)
		}
		twice, err := AppendValue(nil, v2)
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("bytes changed (%v):\n%x\n%x", err, once, twice)
		}
	})
}
