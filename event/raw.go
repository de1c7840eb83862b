package event

import (
	"errors"
	"fmt"

	"github.com/vmihailenco/msgpack/v5"
)

// Raw is one complete encoded msgpack value. AppendValue and msgpack/v5 write it
// verbatim; as a target of Decode it takes a copy. A nil or empty Raw is written
// as nil.
type Raw []byte

// Decode decodes the value into what ptr points to, as the function Decode does.
// What a nil Raw stands for is nil.
func (r Raw) Decode(ptr any) error {
	if len(r) == 0 {
		r = AppendNil(nil)
	}
	return Decode(r, ptr)
}

// EncodeMsgpack lets a Raw stand in a value that msgpack/v5 encodes.
func (r Raw) EncodeMsgpack(enc *msgpack.Encoder) error {
	b, err := appendRaw(nil, r, maxSendDepth)
	if err != nil {
		return err
	}
	_, err = enc.Writer().Write(b)
	return err
}

// DecodeMsgpack lets a Raw stand in a value that msgpack/v5 decodes.
func (r *Raw) DecodeMsgpack(dec *msgpack.Decoder) error {
	m, err := dec.DecodeRaw()
	*r = Raw(m)
	return err
}

// appendRaw appends r after checking that it is one value and no more: a broken
// one would shift every byte that follows it.
func appendRaw(b []byte, r []byte, maxDepth int) ([]byte, error) {
	if len(r) == 0 {
		return AppendNil(b), nil
	}
	end, err := skip(r, 0, maxDepth)
	if err == nil && end != len(r) {
		err = fmt.Errorf("%w: %d bytes follow the value", ErrFormat, len(r)-end)
	}
	if err != nil {
		return b, &ValueError{Type: "event.Raw", Err: err}
	}
	return append(b, r...), nil
}

// ArrayLen reads the head of an array: its number of elements and the offset of
// the first. There is at least one byte for each element.
func ArrayLen(raw []byte) (n, next int, err error) {
	t, next, err := readToken(raw, 0)
	if err != nil {
		return 0, 0, err
	}
	if t.kind != kindArray {
		return 0, 0, fmt.Errorf("%w: %s, want array", ErrFormat, t.kind)
	}
	return t.n, next, nil
}

// MapLen reads the head of a map: its number of pairs and the offset of the first.
// There are at least two bytes for each pair.
func MapLen(raw []byte) (n, next int, err error) {
	t, next, err := readToken(raw, 0)
	if err != nil {
		return 0, 0, err
	}
	if t.kind != kindMap {
		return 0, 0, fmt.Errorf("%w: %s, want map", ErrFormat, t.kind)
	}
	return t.n, next, nil
}

// AppendElems appends the encoded elements of an array value to dst. They alias
// raw, with their capacity cut, so that an append to one cannot overwrite the
// next. dst grows as elements are found, not by the count in the head.
func AppendElems(dst [][]byte, raw []byte) ([][]byte, error) {
	n, i, err := ArrayLen(raw)
	if err != nil {
		return dst, err
	}
	for range n {
		next, err := Skip(raw, i)
		if err != nil {
			return dst, err
		}
		dst = append(dst, raw[i:next:next])
		i = next
	}
	return dst, nil
}

// Int, Uint, Float and Text read one scalar, at the start of raw; what follows it
// is not looked at. They serve protocol fields, credits and counts, where Decode
// would be a detour.

// Int returns an integer value; a whole float counts, as for Decode. Errors are
// *TypeError.
func Int(raw []byte) (int64, error) {
	t, err := scalar(raw, kindInt)
	if err == nil && !t.neg && int64(t.bits) < 0 {
		return 0, rangeError(t, "int64")
	}
	return int64(t.bits), err
}

// Uint is Int for a value that is not negative.
func Uint(raw []byte) (uint64, error) {
	t, err := scalar(raw, kindInt)
	if err == nil && t.neg {
		return 0, rangeError(t, "uint64")
	}
	return t.bits, err
}

// Float returns a number as a float64, which rounds integers beyond 2^53. Errors
// are *TypeError.
func Float(raw []byte) (float64, error) {
	t, _, err := readToken(raw, 0)
	if err != nil {
		return 0, brokenValue(err)
	}
	f, ok := t.float()
	if !ok {
		return 0, &TypeError{Want: kindFloat.String(), Got: t.kind.String()}
	}
	return f, nil
}

// Text returns the content of a str or bin, aliasing raw; ok is false for
// anything else.
func Text(raw []byte) (text []byte, ok bool) {
	t, i, err := readToken(raw, 0)
	if err != nil || t.kind != kindStr && t.kind != kindBin {
		return nil, false
	}
	return raw[i : i+t.n : i+t.n], true
}

// scalar reads a value of one kind. The token is empty if there is an error.
func scalar(raw []byte, want kind) (token, error) {
	t, _, err := readToken(raw, 0)
	if err != nil {
		return token{}, brokenValue(err)
	}
	if want == kindInt {
		t = t.integral()
	}
	if t.kind != want {
		return token{}, &TypeError{Want: want.String(), Got: t.kind.String()}
	}
	return t, nil
}

// brokenValue turns an error about the bytes into one about a value: decoders
// report a value that is not even msgpack as they report one of the wrong type.
func brokenValue(err error) error {
	if errors.Is(err, ErrTruncated) {
		return &TypeError{Want: "a value", Got: "truncated", err: err}
	}
	return &TypeError{Want: "a value", Got: "malformed", err: err}
}

// rangeError is an integer that a Go type cannot hold.
func rangeError(t token, goType string) error {
	return &TypeError{Want: goType, Got: intText(t), err: ErrRange}
}
