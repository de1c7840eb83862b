package event

import (
	"errors"
	"testing"
)

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

// MapLen reads each form of a map's head, and believes no count that the bytes left
// cannot hold.
func TestMapLen(t *testing.T) {
	for _, test := range []struct {
		raw     string
		n, next int
		want    error
	}{
		{"\x80", 0, 1, nil},
		{"\x81\x01\x02", 1, 1, nil},
		{"\xde\x00\x01\x01\x02", 1, 3, nil},
		{"\xdf\x00\x00\x00\x01\x01\x02", 1, 5, nil},
		{"\x82\x01\x02\x03", 0, 0, ErrTruncated},
		{"\xdf\xff\xff\xff\xff\x01\x02", 0, 0, ErrTruncated},
		{"", 0, 0, ErrTruncated},
		{"\x91\x01", 0, 0, ErrFormat},
	} {
		if n, next, err := MapLen([]byte(test.raw)); n != test.n || next != test.next || !errors.Is(err, test.want) {
			t.Errorf("%x is a map of %d from %d on, %v; want %d from %d, %v", test.raw, n, next, err, test.n, test.next, test.want)
		}
	}
}
