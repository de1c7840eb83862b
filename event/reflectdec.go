package event

import (
	"errors"
	"math"
	"math/big"
	"reflect"
)

// The decoders of this file and of container.go walk a value and a Go type side
// by side. They are ours and not v5's, which takes 300 for an int8 as 44, gives
// an any field other types than DecodeAny, allocates arrays by their claim and
// maps by claims that nobody checked (see guardedReader), and cannot say where in
// a value the error was.

// decodeValue stores the value at b[i:] in v, which can be set, and returns the
// offset after it. depth is how many more levels the value may have. b may be
// unchecked: each head is read by readToken, which looks at the bytes left.
func decodeValue(b []byte, i int, v reflect.Value, depth int) (next int, err error) {
	t, j, err := readToken(b, i)
	if err != nil {
		return i, brokenValue(err)
	}
	switch v.Kind() {
	case reflect.Pointer:
		if t.kind == kindNil {
			v.SetZero()
			return j, nil
		}
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		if v.Elem().Kind() == reflect.Pointer {
			if depth == 0 { // a type that is a pointer to itself
				return i, ErrTooDeep
			}
			depth--
		}
		return decodeValue(b, i, v.Elem(), depth)
	case reflect.Interface:
		return decodeInterface(b, i, v, depth)
	}
	if next, done, err := decodeOwn(b, i, t, j, v); done || err != nil {
		return next, err
	}
	if classOf(v.Type()).foreignDec || t.kind == kindExt && v.Kind() != reflect.Map {
		// An ext into a struct works if its type is registered with v5.
		if next, err = skip(b, i, depth); err != nil {
			return i, err
		}
		return next, decodeForeign(b[i:next], v)
	}
	switch v.Kind() {
	case reflect.Slice:
		return decodeSlice(b, t, j, v, depth)
	case reflect.Array:
		return decodeArray(b, t, j, v, depth)
	case reflect.Map:
		return decodeMap(b, t, j, v, depth)
	case reflect.Struct:
		return decodeStruct(b, t, j, v, depth)
	}
	if err := decodeScalar(b[j:], t, v); err != nil {
		return i, err
	}
	return j + contentLen(t), nil
}

// contentLen is the number of content bytes after the head of a scalar: only text
// has some, for numbers are all head.
func contentLen(t token) int {
	if t.kind == kindStr || t.kind == kindBin {
		return t.n
	}
	return 0
}

// decodeScalar stores a value of a basic kind; content begins with the content
// of a str or bin. The rules are those of the functions in decode.go, which serve
// the predeclared types: no number is cut, no kind is taken for another.
func decodeScalar(content []byte, t token, v reflect.Value) error {
	switch v.Kind() {
	case reflect.Bool:
		if t.kind != kindBool {
			return t.mismatch(kindBool)
		}
		v.SetBool(t.bits != 0)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if t = t.integral(); t.kind != kindInt {
			return t.mismatch(kindInt)
		}
		if n := int64(t.bits); (n < 0) != t.neg || v.OverflowInt(n) {
			return rangeError(t, v.Kind().String())
		}
		v.SetInt(int64(t.bits))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		if t = t.integral(); t.kind != kindInt {
			return t.mismatch(kindInt)
		}
		if t.neg || v.OverflowUint(t.bits) {
			return rangeError(t, v.Kind().String())
		}
		v.SetUint(t.bits)
	case reflect.Float32, reflect.Float64:
		f, ok := t.float()
		if !ok {
			return t.mismatch(kindFloat)
		}
		// Losing digits in a float32 is what its user chose; becoming infinite is
		// not.
		if !math.IsInf(f, 0) && v.OverflowFloat(f) {
			return &TypeError{Want: v.Kind().String(), Got: pythonFloat(f), err: ErrRange}
		}
		v.SetFloat(f)
	case reflect.String:
		s, err := t.text(content)
		if err != nil {
			return err
		}
		v.SetString(s)
	default: // chan, func, complex: registration refuses them long before
		return &TypeError{Want: "nothing, for a " + v.Type().String() + " cannot be received", Got: t.kind.String()}
	}
	return nil
}

// decodeInterface stores into an interface: any takes what DecodeAny returns,
// error takes a str as its text. What the interface held is replaced, not filled:
// a peer must not choose by its value which Go type is written to.
func decodeInterface(b []byte, i int, v reflect.Value, depth int) (next int, err error) {
	got, next, err := decodeAny(b, i, depth)
	if err != nil {
		return i, err
	}
	if s, ok := got.(string); ok && v.Type() == typeError {
		got = errors.New(s)
	}
	if got == nil {
		v.SetZero()
		return next, nil
	}
	rv := reflect.ValueOf(got)
	if !rv.Type().AssignableTo(v.Type()) {
		return i, &TypeError{Want: v.Type().String(), Got: Kind(b[i:])}
	}
	v.Set(rv)
	return next, nil
}

// decodeOwn stores into those of ownTypes which by their kind would be read as
// something else, maps, arrays or text; done is false for others. t and j are the
// token at b[i:] and the offset after its head.
func decodeOwn(b []byte, i int, t token, j int, v reflect.Value) (next int, done bool, err error) {
	switch v.Type() {
	case typeRaw, typeV5Raw:
		if next, err = Skip(b, i); err != nil {
			return i, true, err
		}
		v.SetBytes(append([]byte{}, b[i:next]...))
		return next, true, nil
	case typeExt:
		if t.kind != kindExt {
			return i, true, t.mismatch(kindExt)
		}
		v.Set(reflect.ValueOf(Ext{Type: t.ext, Data: append([]byte{}, b[j:j+t.n]...)}))
		return j + t.n, true, nil
	case typeBinKey:
		if t.kind != kindBin && t.kind != kindStr {
			return i, true, t.mismatch(kindBin)
		}
		v.SetString(string(b[j : j+t.n]))
		return j + t.n, true, nil
	case typeTime:
		if t.kind == kindExt && t.ext == timestampExt {
			if when, ok := parseTime(b[j : j+t.n]); ok {
				v.Set(reflect.ValueOf(when))
				return j + t.n, true, nil
			}
		}
		return i, true, &TypeError{Want: "timestamp", Got: t.kind.String()}
	case typeBigInt:
		if t.kind != kindInt {
			return i, true, t.mismatch(kindInt)
		}
		n := v.Addr().Interface().(*big.Int)
		if n.SetUint64(t.bits); t.neg {
			n.SetInt64(int64(t.bits))
		}
		return j, true, nil
	}
	return i, false, nil
}
