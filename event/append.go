package event

import (
	"encoding/binary"
	"math"
)

// The functions of this file append one value, or the head of one, in its
// smallest form, as the reference packers of Python and Node do, so that equal
// events have equal bytes whoever wrote them. They extend b as the built-in append
// does and cannot fail. Lengths beyond 32 bits, which msgpack cannot announce, are the
// caller's to avoid; AppendValue refuses them.

// AppendNil appends nil.
func AppendNil(b []byte) []byte { return append(b, 0xc0) }

// AppendBool appends a bool.
func AppendBool(b []byte, v bool) []byte {
	if v {
		return append(b, 0xc3)
	}
	return append(b, 0xc2)
}

// AppendInt appends an integer. A positive one takes the unsigned forms, as
// Python writes it.
func AppendInt(b []byte, v int64) []byte {
	switch {
	case v >= 0:
		return AppendUint(b, uint64(v))
	case v >= -32: // negative fixint
		return append(b, byte(v))
	case v >= math.MinInt8:
		return append(b, 0xd0, byte(v))
	case v >= math.MinInt16:
		return append(b, 0xd1, byte(v>>8), byte(v))
	case v >= math.MinInt32:
		return binary.BigEndian.AppendUint32(append(b, 0xd2), uint32(v))
	}
	return binary.BigEndian.AppendUint64(append(b, 0xd3), uint64(v))
}

// AppendUint appends an unsigned integer.
func AppendUint(b []byte, v uint64) []byte {
	switch {
	case v < 0x80: // positive fixint
		return append(b, byte(v))
	case v <= math.MaxUint8:
		return append(b, 0xcc, byte(v))
	case v <= math.MaxUint16:
		return append(b, 0xcd, byte(v>>8), byte(v))
	case v <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(b, 0xce), uint32(v))
	}
	return binary.BigEndian.AppendUint64(append(b, 0xcf), v)
}

// AppendFloat32 appends a float of 32 bits. AppendValue does not use it: Python
// has no such number, and a float32 that went through one comes back as a
// float64 all the same.
func AppendFloat32(b []byte, v float32) []byte {
	return binary.BigEndian.AppendUint32(append(b, 0xca), math.Float32bits(v))
}

// AppendFloat64 appends a float of 64 bits, the only size that Python writes.
func AppendFloat64(b []byte, v float64) []byte {
	return binary.BigEndian.AppendUint64(append(b, 0xcb), math.Float64bits(v))
}

// AppendString appends a str. Python and Node read it only if it is UTF-8,
// which is not checked here.
func AppendString(b []byte, s string) []byte {
	n := len(s)
	if n < 32 { // fixstr
		b = append(b, 0xa0|byte(n))
	} else {
		b = appendLen(b, 0xd9, n)
	}
	return append(b, s...)
}

// AppendBin appends a bin.
func AppendBin(b, data []byte) []byte { return append(AppendBinHeader(b, len(data)), data...) }

// AppendBinHeader appends the head of a bin whose n bytes the caller appends, or
// writes to the connection from where they are.
func AppendBinHeader(b []byte, n int) []byte { return appendLen(b, 0xc4, n) }

// AppendArrayHeader appends the head of an array whose n elements the caller appends.
func AppendArrayHeader(b []byte, n int) []byte {
	if n < 16 { // fixarray
		return append(b, 0x90|byte(n))
	}
	return appendLen16(b, 0xdc, n)
}

// AppendMapHeader appends the head of a map whose n pairs the caller appends.
func AppendMapHeader(b []byte, n int) []byte {
	if n < 16 { // fixmap
		return append(b, 0x80|byte(n))
	}
	return appendLen16(b, 0xde, n)
}

// AppendExt appends an ext value. Lengths that are a power of two up to 16 have
// forms of their own. Types below 0 belong to the msgpack specification, which has
// defined -1, the timestamp.
func AppendExt(b []byte, typ int8, data []byte) []byte {
	switch len(data) {
	case 1:
		b = append(b, 0xd4)
	case 2:
		b = append(b, 0xd5)
	case 4:
		b = append(b, 0xd6)
	case 8:
		b = append(b, 0xd7)
	case 16:
		b = append(b, 0xd8)
	default:
		b = appendLen(b, 0xc7, len(data))
	}
	b = append(b, byte(typ))
	return append(b, data...)
}

// appendLen appends a length in 8, 16 or 32 bits; code is the form with 8, and
// the codes of the wider forms follow it.
func appendLen(b []byte, code byte, n int) []byte {
	if n <= math.MaxUint8 {
		return append(b, code, byte(n))
	}
	return appendLen16(b, code+1, n)
}

// appendLen16 is appendLen where the narrowest form, code, has 16 bits.
func appendLen16(b []byte, code byte, n int) []byte {
	if n <= math.MaxUint16 {
		return append(b, code, byte(n>>8), byte(n))
	}
	return binary.BigEndian.AppendUint32(append(b, code+1), uint32(n))
}
