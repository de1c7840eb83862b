package pyprint

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// maxDepth bounds the nesting of a decoded value. Events are limited to 128 levels on arrival; twice that leaves room
// for callers that wrap a result, and keeps the recursive printers far from the stack's end.
const maxDepth = 256

// maxNodes bounds the values in one tree. One byte on the wire (a nil) becomes 16 bytes and more here, so this, not
// the message size, is what limits memory: about 64 MiB for the slots of 4 Mi values.
const maxNodes = 4 << 20

// Errors of Decode; the text says where.
var (
	errTruncated = errors.New("msgpack value ends early")
	errTooDeep   = fmt.Errorf("msgpack value is nested deeper than %d levels", maxDepth)
	errTooMany   = fmt.Errorf("msgpack value has more than %d parts", maxNodes)
)

// Decode returns the value tree of the one msgpack value that raw begins with; bytes after it are ignored. The tree
// shares no memory with raw. It fails on truncated input, on a list or dict as a map key, and beyond the limits above.
func Decode(raw []byte) (any, error) {
	d := decoder{b: raw, nodes: maxNodes}
	return d.value(maxDepth)
}

// decoder walks raw bytes.
type decoder struct {
	b     []byte
	i     int // offset of what comes next; never passes len(b)
	nodes int // how many more values may be made
}

// take returns the next n bytes.
func (d *decoder) take(n int) ([]byte, error) {
	if n > len(d.b)-d.i {
		return nil, fmt.Errorf("%w at byte %d", errTruncated, d.i)
	}
	s := d.b[d.i : d.i+n]
	d.i += n
	return s, nil
}

// uint returns the next n bytes (1, 2, 4 or 8) as a big-endian number.
func (d *decoder) uint(n int) (uint64, error) {
	s, err := d.take(n)
	if err != nil {
		return 0, err
	}
	switch n {
	case 1:
		return uint64(s[0]), nil
	case 2:
		return uint64(binary.BigEndian.Uint16(s)), nil
	case 4:
		return uint64(binary.BigEndian.Uint32(s)), nil
	}
	return binary.BigEndian.Uint64(s), nil
}

// value decodes one value that may nest depth levels.
func (d *decoder) value(depth int) (any, error) {
	if d.nodes--; d.nodes < 0 {
		return nil, errTooMany
	}
	t, err := d.uint(1)
	if err != nil {
		return nil, err
	}
	c := byte(t)
	switch {
	case c <= 0x7f:
		return int64(c), nil
	case c <= 0x8f:
		return d.dict(uint64(c&0x0f), depth)
	case c <= 0x9f:
		return d.list(uint64(c&0x0f), depth)
	case c <= 0xbf:
		return d.str(uint64(c & 0x1f))
	case c >= 0xe0:
		return int64(int8(c)), nil
	case c == 0xc0:
		return nil, nil
	case c == 0xc1:
		return nil, fmt.Errorf("msgpack byte c1 at %d, which is never used", d.i-1)
	case c == 0xc2 || c == 0xc3:
		return c == 0xc3, nil
	case c >= 0xd4 && c <= 0xd8:
		return d.ext(1 << (c - 0xd4))
	}
	return d.sized(c, depth)
}

// widths are the bytes of the number behind the first bytes c4 to df; 0 where there is none (fixext, which value has
// dealt with).
var widths = [...]uint8{
	1, 2, 4, // bin
	1, 2, 4, // ext
	4, 8, // float
	1, 2, 4, 8, // unsigned
	1, 2, 4, 8, // signed
	0, 0, 0, 0, 0, // fixext
	1, 2, 4, // str
	2, 4, // array
	2, 4, // map
}

// sized decodes the types whose first byte names the width of the number behind it.
func (d *decoder) sized(c byte, depth int) (any, error) {
	n, err := d.uint(int(widths[c-0xc4]))
	if err != nil {
		return nil, err
	}
	switch c {
	case 0xc4, 0xc5, 0xc6:
		s, err := d.content(n)
		return append([]byte{}, s...), err
	case 0xc7, 0xc8, 0xc9:
		return d.ext(n)
	case 0xca:
		return float64(math.Float32frombits(uint32(n))), nil
	case 0xcb:
		return math.Float64frombits(n), nil
	case 0xcf:
		if n > math.MaxInt64 {
			return n, nil
		}
	case 0xd0:
		return int64(int8(n)), nil
	case 0xd1:
		return int64(int16(n)), nil
	case 0xd2:
		return int64(int32(n)), nil
	case 0xd9, 0xda, 0xdb:
		return d.str(n)
	case 0xdc, 0xdd:
		return d.list(n, depth)
	case 0xde, 0xdf:
		return d.dict(n, depth)
	}
	return int64(n), nil
}

// content returns n bytes, n being what the peer claims.
func (d *decoder) content(n uint64) ([]byte, error) {
	if n > uint64(len(d.b)-d.i) {
		return nil, fmt.Errorf("%w: %d bytes announced at byte %d, %d left", errTruncated, n, d.i, len(d.b)-d.i)
	}
	return d.take(int(n))
}

// str decodes a str of n bytes. That they are UTF-8 is not checked: stray bytes are shown as escapes.
func (d *decoder) str(n uint64) (any, error) {
	s, err := d.content(n)
	return string(s), err
}

// ext decodes an extension of n bytes. Timestamps that Python's msgpack refuses stay plain extensions, so that they
// can be looked at.
func (d *decoder) ext(n uint64) (any, error) {
	code, err := d.uint(1)
	if err != nil {
		return nil, err
	}
	s, err := d.content(n)
	if err != nil {
		return nil, err
	}
	if int8(code) == -1 {
		if t, ok := timestamp(s); ok {
			return t, nil
		}
	}
	return Ext{Code: int8(code), Data: append([]byte{}, s...)}, nil
}

// timestamp reads the three layouts of the msgpack timestamp extension (msgpack specification, "Timestamp").
func timestamp(s []byte) (t Timestamp, ok bool) {
	switch len(s) {
	case 4:
		t.Seconds = int64(binary.BigEndian.Uint32(s))
	case 8:
		n := binary.BigEndian.Uint64(s)
		t.Seconds, t.Nanos = int64(n&(1<<34-1)), uint32(n>>34)
	case 12:
		t.Seconds, t.Nanos = int64(binary.BigEndian.Uint64(s[4:])), binary.BigEndian.Uint32(s)
	default:
		return t, false
	}
	return t, t.Nanos < 1e9
}

// room is how many elements are worth allocating for when n are announced: each takes a byte at least.
func (d *decoder) room(n uint64) int {
	return int(min(n, uint64(len(d.b)-d.i), uint64(d.nodes)))
}

// list decodes n elements.
func (d *decoder) list(n uint64, depth int) (any, error) {
	if depth == 0 {
		return nil, errTooDeep
	}
	l := make([]any, 0, d.room(n))
	for range n {
		v, err := d.value(depth - 1)
		if err != nil {
			return nil, err
		}
		l = append(l, v)
	}
	return l, nil
}

// dict decodes n pairs. Python refuses keys that are no str or bytes; here they are shown as they are.
func (d *decoder) dict(n uint64, depth int) (any, error) {
	if depth == 0 {
		return nil, errTooDeep
	}
	m := &Dict{}
	for range n {
		k, err := d.value(depth - 1)
		if err != nil {
			return nil, err
		}
		v, err := d.value(depth - 1)
		if err != nil {
			return nil, err
		}
		if !m.set(k, v) {
			return nil, fmt.Errorf("unhashable type: '%s' as a map key before byte %d", typeName(k), d.i)
		}
	}
	return m, nil
}
