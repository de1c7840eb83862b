package method

import (
	"math"

	"github.com/zrpc-go/zrpc/event"
)

// decoder reads one encoded value. The result refers to nothing of raw.
type decoder[T any] func(raw []byte) (T, error)

// encoder appends a value; on an error it returns b as it was.
type encoder[T any] func(b []byte, v T) ([]byte, error)

// Both are chosen by type when a method is made. The types of the cases are
// those of the table in table.go; everything else takes the road through
// package event, which looks at the type for each value.

// none is the result of a function that has none; it travels as nil.
type none struct{}

// decoderFor chooses the decoder for T once, so that a call has no choice to make.
func decoderFor[T any]() decoder[T] {
	var d any
	switch any((*T)(nil)).(type) {
	case *string:
		d = decoder[string](decodeString)
	case *int:
		d = decoder[int](decodeInt)
	case *int64:
		d = decoder[int64](event.Int)
	case *float64:
		d = decoder[float64](decodeFloat)
	case *bool:
		d = decoder[bool](decodeBool)
	case *[]byte:
		d = decoder[[]byte](decodeBytes)
	case *any:
		d = decoder[any](event.DecodeAny)
	default:
		return func(raw []byte) (v T, err error) {
			// v moves to the heap by this: one allocation that the types of
			// the cases above do not need.
			err = event.Decode(raw, &v)
			return v, err
		}
	}
	return d.(decoder[T])
}

// encoderFor chooses the encoder for T once.
func encoderFor[T any]() encoder[T] {
	var e any
	switch any((*T)(nil)).(type) {
	case *none:
		e = encoder[none](func(b []byte, _ none) ([]byte, error) { return event.AppendNil(b), nil })
	case *string:
		e = encoder[string](appendText)
	case *int:
		e = encoder[int](func(b []byte, v int) ([]byte, error) { return event.AppendInt(b, int64(v)), nil })
	case *int64:
		e = encoder[int64](func(b []byte, v int64) ([]byte, error) { return event.AppendInt(b, v), nil })
	case *float64:
		e = encoder[float64](func(b []byte, v float64) ([]byte, error) { return event.AppendFloat64(b, v), nil })
	case *bool:
		e = encoder[bool](func(b []byte, v bool) ([]byte, error) { return event.AppendBool(b, v), nil })
	case *[]byte:
		e = encoder[[]byte](appendBytes)
	case *any:
		e = encoder[any](event.AppendValue)
	default:
		return func(b []byte, v T) ([]byte, error) { return event.AppendValue(b, v) }
	}
	return e.(encoder[T])
}

// appendText and appendBytes leave to package event what is no matter of course:
// a length that msgpack cannot announce, and a nil slice.

func appendText(b []byte, v string) ([]byte, error) {
	if len(v) > math.MaxInt32 {
		return event.AppendValue(b, v)
	}
	return event.AppendString(b, v), nil
}

func appendBytes(b []byte, v []byte) ([]byte, error) {
	if v == nil || len(v) > math.MaxInt32 {
		return event.AppendValue(b, v)
	}
	return event.AppendBin(b, v), nil
}

// The decoders below know the usual forms by their first byte and leave the
// rest, errors included, to package event.

func decodeString(raw []byte) (string, error) {
	if n := len(raw) - 1; n >= 0 && raw[0] == 0xa0|byte(n) && n < 32 {
		return string(raw[1:]), nil
	}
	if len(raw) > 0 && raw[0] >= 0xd9 && raw[0] <= 0xdb {
		if text, ok := event.Text(raw); ok {
			return string(text), nil
		}
	}
	var s string
	err := event.Decode(raw, &s)
	return s, err
}

// decodeInt takes whole floats too: Node sends integers beyond 32 bits so.
func decodeInt(raw []byte) (int, error) {
	if len(raw) == 1 && raw[0] < 0x80 {
		return int(raw[0]), nil
	}
	if math.MaxInt == math.MaxInt64 {
		n, err := event.Int(raw)
		return int(n), err
	}
	var n int
	err := event.Decode(raw, &n)
	return n, err
}

// decodeFloat takes integers too: Node sends 1.0 as 1.
func decodeFloat(raw []byte) (float64, error) {
	if len(raw) == 9 && raw[0] == 0xcb {
		return event.Float(raw)
	}
	var f float64
	err := event.Decode(raw, &f) // takes ints as well
	return f, err
}

func decodeBool(raw []byte) (bool, error) {
	if len(raw) == 1 && raw[0]&^1 == 0xc2 {
		return raw[0] == 0xc3, nil
	}
	var b bool
	err := event.Decode(raw, &b)
	return b, err
}

// decodeBytes copies, because a handler may keep what it gets and raw lies in a
// buffer that the connection reads into again.
func decodeBytes(raw []byte) ([]byte, error) {
	if text, ok := event.Text(raw); ok {
		return append(make([]byte, 0, len(text)), text...), nil
	}
	var b []byte
	err := event.Decode(raw, &b) // nil, or an error
	return b, err
}
