package event

import "testing"

// leaf is a list in which lists lie, with bytes at the bottom.
type leaf struct {
	Next *leaf
	ID   [2]byte
}

// What lies at the deepest level that is allowed may be bytes, in an array as in a
// slice: they are no level of their own.
func TestByteArrayAtTheBottom(t *testing.T) {
	raw := []byte{0xc0}
	for range MaxDepth {
		raw = append(append([]byte{0x92}, raw...), 0xc4, 2, 'i', 'd')
	}
	if _, err := Skip(raw, 0); err != nil {
		t.Fatal("the value is as deep as one may be:", err)
	}
	var x leaf
	if err := Decode(raw, &x); err != nil {
		t.Error("but its bytes were refused:", err)
	}
}

// A BinKey is what DecodeAny makes of a bin key, whatever bytes it has, and Decode
// takes it back.
func TestDecodeBinKey(t *testing.T) {
	raw, err := AppendValue(nil, map[BinKey]int{"\xff\x00": 1})
	if err != nil {
		t.Fatal(err)
	}
	var back map[BinKey]int
	if err := Decode(raw, &back); err != nil || back["\xff\x00"] != 1 {
		t.Errorf("%x is %v, %v", raw, back, err)
	}
	var key BinKey
	if err := Decode(AppendString(nil, "text"), &key); err != nil || key != "text" {
		t.Errorf("a str is %q, %v", key, err)
	}
	if err := Decode(AppendInt(nil, 5), &key); err == nil {
		t.Error("a number was taken for a key of bytes")
	}
}
