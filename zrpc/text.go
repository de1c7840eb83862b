package zrpc

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"
)

// textError says that what is to be sent holds a str that is not UTF-8. A Go
// string may hold any bytes, but a Python peer drops the whole event for one bad
// byte, and its caller would wait for an answer in vain. So the one who sends is
// told, as Python tells of a string that it cannot encode.
type textError struct{ what string }

func (e *textError) Error() string {
	return fmt.Sprintf("%s holds a string that is not valid UTF-8; use []byte for bytes", e.what)
}

// WireName is the class that Python raises here.
func (e *textError) WireName() string { return "UnicodeEncodeError" }

// checkText looks at every str in b, which holds whole encoded values.
func checkText(b []byte, what string) error {
	for i := 0; i < len(b); {
		next, text := step(b, i)
		if next > len(b) {
			break // no whole value; not for us to judge
		}
		if text > 0 && !utf8.Valid(b[text:next]) {
			return &textError{what}
		}
		i = next
	}
	return nil
}

// step returns the offset after the scalar, or after the head of the container,
// at b[i:], and where the content of a str begins; 0 for all else. What a
// container holds simply follows it, so no nesting has to be kept.
func step(b []byte, i int) (next, text int) {
	c := b[i]
	i++
	switch {
	case c < 0xa0 || c >= 0xe0: // small ints, heads of small maps and arrays
		return i, 0
	case c < 0xc0:
		return i + int(c&0x1f), i
	}
	f := forms[c-0xc0]
	if f.length == 0 || i+int(f.length) > len(b) {
		return i + int(f.fixed), 0
	}
	var n uint64
	switch f.length {
	case 1:
		n = uint64(b[i])
	case 2:
		n = uint64(binary.BigEndian.Uint16(b[i:]))
	case 4:
		n = uint64(binary.BigEndian.Uint32(b[i:]))
	}
	i += int(f.length)
	next = i + int(f.fixed) + int(min(n, uint64(len(b))))
	if c < 0xd9 {
		return next, 0
	}
	return next, i
}

// form is what follows a first byte: a length of so many bytes and what it
// counts, and so many bytes besides.
type form struct{ length, fixed uint8 }

// forms is the forms of the first bytes c0 to df of msgpack.
var forms = [32]form{
	{}, {}, {}, {}, // nil, never used, false, true
	{1, 0}, {2, 0}, {4, 0}, // bin
	{1, 1}, {2, 1}, {4, 1}, // ext, and its type
	{0, 4}, {0, 8}, // floats
	{0, 1}, {0, 2}, {0, 4}, {0, 8}, // uints
	{0, 1}, {0, 2}, {0, 4}, {0, 8}, // ints
	{0, 2}, {0, 3}, {0, 5}, {0, 9}, {0, 17}, // ext of a fixed size, and its type
	{1, 0}, {2, 0}, {4, 0}, // str
	{0, 2}, {0, 4}, // array heads
	{0, 2}, {0, 4}, // map heads
}
