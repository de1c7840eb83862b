package event

import (
	"encoding/binary"
	"fmt"
	"math"
)

// kind is the msgpack family of a value. The many forms in which msgpack writes
// an integer, or a length, are one kind: a peer picks the form, and nothing may
// depend on it.
type kind uint8

const (
	kindInvalid kind = iota // 0xc1, which msgpack never uses, or no byte at all
	kindNil
	kindBool
	kindInt
	kindFloat
	kindStr
	kindBin
	kindArray
	kindMap
	kindExt
)

var kindNames = [...]string{"invalid", "nil", "bool", "int", "float", "str", "bin", "array", "map", "ext"}

// String returns the name that Kind shows.
func (k kind) String() string { return kindNames[k] }

// kindOf returns the kind that a value's first byte announces. The ranges are the
// "formats" table of the msgpack specification; 0xc1 is the one byte that it
// never uses.
func kindOf(c byte) kind {
	switch {
	case c < 0x80 || c >= 0xe0 || c >= 0xcc && c <= 0xd3:
		return kindInt
	case c < 0x90 || c == 0xde || c == 0xdf:
		return kindMap
	case c < 0xa0 || c == 0xdc || c == 0xdd:
		return kindArray
	case c < 0xc0 || c >= 0xd9 && c <= 0xdb:
		return kindStr
	case c == 0xc0:
		return kindNil
	case c == 0xc1:
		return kindInvalid
	case c <= 0xc3:
		return kindBool
	case c <= 0xc6:
		return kindBin
	case c == 0xca || c == 0xcb:
		return kindFloat
	}
	return kindExt
}

// Kind names the kind of an encoded value for error texts: "nil", "bool", "int",
// "float", "str", "bin", "array", "map", "ext", or "invalid".
func Kind(raw []byte) string {
	if len(raw) == 0 {
		return kindInvalid.String()
	}
	return kindOf(raw[0]).String()
}

// token is a value's head: all of a scalar, the length of anything else. It holds
// no slice, so that a head can be read, and judged, before any content is looked
// at.
type token struct {
	kind kind
	neg  bool   // kindInt: bits is a negative two's complement number
	ext  int8   // kindExt: its type
	n    int    // bytes of content, or elements, or pairs
	bits uint64 // kindInt: the number; kindFloat: float64 bits; kindBool: 0 or 1
}

// readToken reads the head at b[i:]. next is the offset of the content (str,
// bin, ext), of the first element (array, map), or of whatever follows a scalar.
// A content of t.n bytes is present; an array or map has at least one byte for
// each of its elements.
func readToken(b []byte, i int) (t token, next int, err error) {
	if uint(i) >= uint(len(b)) {
		return t, i, ErrTruncated
	}
	c := b[i]
	i++
	t.kind = kindOf(c)
	// First the forms that fit into one byte, for most values of a call are
	// such: small numbers, short strings, short arrays, nil and bools.
	switch {
	case c < 0x80:
		t.bits = uint64(c)
		return t, i, nil
	case c >= 0xe0:
		t.bits, t.neg = uint64(int64(int8(c))), true
		return t, i, nil
	case c < 0xc0:
		t.n = int(c & 0x0f)
		if t.kind == kindStr {
			t.n = int(c & 0x1f)
		}
		return t, i, fits(t, len(b)-i)
	case c <= 0xc3:
		if t.kind == kindInvalid {
			return t, i, fmt.Errorf("%w: byte c1", ErrFormat)
		}
		t.bits = uint64(c & 1)
		return t, i, nil
	}
	// What is left has a number of 1, 2, 4 or 8 bytes after its first byte,
	// save the ext types of fixed length.
	if c >= 0xd4 && c <= 0xd8 {
		t.n = 1 << (c - 0xd4)
	} else {
		w := int(widths[c-0xc0])
		if w > len(b)-i {
			return t, i, ErrTruncated
		}
		t.bits = bigEndian(b[i:i+w], w)
		i += w
		switch t.kind {
		case kindInt:
			if c >= 0xd0 { // the signed forms; a peer may write 5 so as well
				shift := 64 - 8*w
				signed := int64(t.bits<<shift) >> shift
				t.bits, t.neg = uint64(signed), signed < 0
			}
			return t, i, nil
		case kindFloat:
			if c == 0xca { // one width from here on: Go and Python have doubles
				t.bits = math.Float64bits(float64(math.Float32frombits(uint32(t.bits))))
			}
			return t, i, nil
		}
		if t.bits > math.MaxInt32 && t.bits > uint64(len(b)) {
			return t, i, ErrTruncated // before int() on a 32-bit machine
		}
		t.n = int(t.bits)
	}
	if t.kind == kindExt {
		if i >= len(b) {
			return t, i, ErrTruncated
		}
		t.ext = int8(b[i])
		i++
	}
	return t, i, fits(t, len(b)-i)
}

// fits checks a declared length against the bytes left. An element takes at least
// one byte and a pair two, so a count that is larger than that is a lie and must
// not reach an allocation.
func fits(t token, left int) error {
	if t.n > left || t.kind == kindMap && t.n > left/2 {
		return ErrTruncated
	}
	return nil
}

// widths is the number of bytes of the number that follows the first byte, for
// first bytes from 0xc0.
var widths = [0x20]uint8{
	0xc4 - 0xc0: 1, 2, 4, // bin
	0xc7 - 0xc0: 1, 2, 4, // ext
	0xca - 0xc0: 4, 8, // float
	0xcc - 0xc0: 1, 2, 4, 8, // unsigned
	0xd0 - 0xc0: 1, 2, 4, 8, // signed
	0xd9 - 0xc0: 1, 2, 4, // str
	0xdc - 0xc0: 2, 4, // array
	0xde - 0xc0: 2, 4, // map
}

// bigEndian reads the number of width bytes, 1, 2, 4 or 8, that b consists of.
func bigEndian(b []byte, width int) uint64 {
	switch width {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(binary.BigEndian.Uint16(b))
	case 4:
		return uint64(binary.BigEndian.Uint32(b))
	}
	return binary.BigEndian.Uint64(b)
}

// integral turns a whole number that came as a float into the int it stands for: Node
// writes every integer beyond 32 bits so. Above 2^53 a float may stand for several ints.
func (t token) integral() token {
	if t.kind != kindFloat {
		return t
	}
	f := math.Float64frombits(t.bits)
	if f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return t
	}
	return token{kind: kindInt, neg: f < 0, bits: uint64(int64(f))}
}
