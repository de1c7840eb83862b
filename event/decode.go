package event

import (
	"fmt"
	"reflect"
	"unicode/utf8"
)

// Decode stores the value raw in what ptr points to. What is stored is a copy.
//
// The value must have the target's kind, with these liberties: an int goes into
// a float, a float that is whole into an int, since Node writes integers beyond 32
// bits so, a str into a []byte or a BinKey, and a bin into a string if it is UTF-8,
// as peers of Python 2 write text. nil goes into pointers, slices, maps, interfaces and
// structs, and inside a struct empties any field. A time.Time takes a timestamp,
// a *big.Int an int of any size, an any what DecodeAny returns, a Raw the value
// as it is. Struct tags and types with their own methods are those of
// msgpack/v5; keys without a field are ignored.
//
// A value of another kind, and an integer out of range, is a *TypeError. After
// an error the target may be partly filled. raw should be a value that Parse or
// Skip has checked; if it is not, a broken one is an error all the same, and no
// more is allocated than the bytes present call for.
func Decode(raw []byte, ptr any) error {
	if done, err := DecodeUsual(raw, ptr); done {
		return err
	}
	return decodeReflect(raw, ptr)
}

// DecodeUsual is Decode for the targets of nearly all calls: strings, bytes, numbers,
// bools, any, Raw, *Bytes, and the slices and maps of these that methods take most.
// done is false, and nothing has happened, if ptr points to something else. It does
// without reflection, so that a target on its caller's stack stays there.
func DecodeUsual(raw []byte, ptr any) (done bool, err error) {
	switch p := ptr.(type) {
	case *string:
		return true, into(p, raw, decodeString)
	case *[]byte:
		return true, into(p, raw, decodeBytes)
	case *int:
		return true, intInto(raw, p, "int")
	case *int64:
		return true, intInto(raw, p, "int64")
	case *int32:
		return true, intInto(raw, p, "int32")
	case *int16:
		return true, intInto(raw, p, "int16")
	case *int8:
		return true, intInto(raw, p, "int8")
	case *uint:
		return true, uintInto(raw, p, "uint")
	case *uint64:
		return true, uintInto(raw, p, "uint64")
	case *uint32:
		return true, uintInto(raw, p, "uint32")
	case *uint16:
		return true, uintInto(raw, p, "uint16")
	case *uint8:
		return true, uintInto(raw, p, "uint8")
	case *float64:
		return true, into(p, raw, Float)
	case *bool:
		return true, into(p, raw, decodeBool)
	case *any:
		return true, into(p, raw, DecodeAny)
	case *Raw:
		return true, into(p, raw, decodeRaw)
	case **Bytes:
		return true, into(p, raw, decodeShared)
	case *[]string:
		return true, sliceInto(raw, p, decodeString)
	case *[]int:
		return true, sliceInto(raw, p, decodeInt)
	case *[]float64:
		return true, sliceInto(raw, p, Float)
	case *[]any:
		return true, sliceInto(raw, p, DecodeAny)
	case *map[string]any:
		return true, mapInto(raw, p, DecodeAny)
	case *map[string]string:
		return true, mapInto(raw, p, decodeString)
	}
	return false, nil
}

// into stores what decode makes of raw, unless that is an error. A nil pointer
// is an error too.
func into[T any](p *T, raw []byte, decode func([]byte) (T, error)) error {
	if p == nil {
		return nilTarget[T]()
	}
	v, err := decode(raw)
	if err == nil {
		*p = v
	}
	return err
}

// nilTarget is the error for a nil *T.
func nilTarget[T any]() error { return badTarget((*T)(nil)) }

// badTarget is the programmer's error, not the peer's: it names the fix and is no
// *TypeError, which would be blamed on the peer.
func badTarget(ptr any) error {
	return fmt.Errorf("event: cannot decode into %T: pass a pointer that is not nil", ptr)
}

// decodeString returns a str, or a bin that is UTF-8, as a string.
func decodeString(raw []byte) (string, error) {
	if len(raw) > 0 && raw[0]&0xe0 == 0xa0 { // a short str, the usual case
		if end := 1 + int(raw[0]&0x1f); end <= len(raw) {
			return string(raw[1:end]), nil
		}
	}
	t, i, err := readToken(raw, 0)
	if err != nil {
		return "", brokenValue(err)
	}
	return t.text(raw[i:])
}

// text returns a str, or a bin that is UTF-8, whose content begins b. Python 2
// and msgpack's old specification knew no difference between the two, so their
// text arrives as bin; binary data is unlikely to be UTF-8 throughout. A str that
// is no UTF-8 is passed as it is: Go strings may hold any bytes.
func (t token) text(b []byte) (string, error) {
	if t.kind == kindStr || t.kind == kindBin && utf8.Valid(b[:t.n]) {
		return string(b[:t.n]), nil
	}
	return "", t.mismatch(kindStr)
}

// mismatch is the error for a value of another kind than want.
func (t token) mismatch(want kind) error {
	return &TypeError{Want: want.String(), Got: t.kind.String()}
}

// decodeBytes returns a copy of a bin or str; nil for nil, so that Go's nil slice
// survives the way there and back.
func decodeBytes(raw []byte) ([]byte, error) {
	t, i, err := readToken(raw, 0)
	switch {
	case err != nil:
		return nil, brokenValue(err)
	case t.kind == kindNil:
		return nil, nil
	case t.kind != kindStr && t.kind != kindBin:
		return nil, t.mismatch(kindBin)
	}
	return append([]byte{}, raw[i:i+t.n]...), nil
}

// decodeBool returns a bool. Numbers are not taken for one, though Python would:
// a caller that mixed up two arguments should hear of it.
func decodeBool(raw []byte) (bool, error) {
	t, err := scalar(raw, kindBool)
	return t.bits != 0, err
}

// decodeRaw returns a copy, because raw is a slice of a message whose buffer will
// be used again.
func decodeRaw(raw []byte) (Raw, error) {
	if len(raw) == 0 {
		return nil, brokenValue(ErrTruncated)
	}
	return append(Raw{}, raw...), nil
}

// decodeInt is intInto in the form that sliceInto takes.
func decodeInt(raw []byte) (v int, err error) {
	err = intInto(raw, &v, "int")
	return v, err
}

// intInto stores an integer that the target can hold; others are a *TypeError
// that wraps ErrRange. Nothing is ever cut to size: 300 in an int8 would become
// 44, and a wrong answer is worse than none. goType names T in the error.
func intInto[T ~int | ~int8 | ~int16 | ~int32 | ~int64](raw []byte, p *T, goType string) error {
	if p == nil {
		return nilTarget[T]()
	}
	if len(raw) > 0 && raw[0] < 0x80 { // one byte, the usual case
		*p = T(raw[0])
		return nil
	}
	t, err := scalar(raw, kindInt)
	if err != nil {
		return err
	}
	v := T(t.bits) // it fits if it survives the way back, sign included
	if int64(v) != int64(t.bits) || (v < 0) != t.neg {
		return rangeError(t, goType)
	}
	*p = v
	return nil
}

// uintInto is intInto for unsigned targets.
func uintInto[T ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64](raw []byte, p *T, goType string) error {
	if p == nil {
		return nilTarget[T]()
	}
	t, err := scalar(raw, kindInt)
	if err != nil {
		return err
	}
	v := T(t.bits)
	if t.neg || uint64(v) != t.bits {
		return rangeError(t, goType)
	}
	*p = v
	return nil
}

// decodeReflect is Decode for all other targets: named types, structs, arrays,
// maps with other keys.
func decodeReflect(raw []byte, ptr any) error {
	v := reflect.ValueOf(ptr)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return badTarget(ptr)
	}
	_, err := decodeValue(raw, 0, v.Elem(), MaxDepth)
	return err
}
