package event

import (
	"fmt"
	"reflect"
)

// presizeBytes bounds what a slice is pre-sized to before its elements are seen:
// an element may be one byte on the wire and a large struct in memory.
const presizeBytes = 64 << 10

// decodeSlice stores an array, whose head was t and whose elements begin at
// b[i:], in a slice; a bin or str in a slice of bytes. The slice is a new one and
// grows with the elements that are really there.
func decodeSlice(b []byte, t token, i int, v reflect.Value, depth int) (next int, err error) {
	switch {
	case t.kind == kindNil:
		v.SetZero()
		return i, nil
	case v.Type().Elem().Kind() == reflect.Uint8 && (t.kind == kindBin || t.kind == kindStr):
		v.SetBytes(append([]byte{}, b[i:i+t.n]...))
		return i + t.n, nil
	case v.Type().Elem().Kind() == reflect.Uint8:
		return i, t.mismatch(kindBin)
	case t.kind != kindArray:
		return i, t.mismatch(kindArray)
	case depth == 0:
		return i, ErrTooDeep
	}
	elem := v.Type().Elem()
	// By the first wrong element, if not before, the memory taken is in
	// proportion to the bytes that were sent.
	first := min(t.n, max(1, presizeBytes/max(1, int(elem.Size()))))
	s := reflect.MakeSlice(v.Type(), 0, first)
	zero := reflect.Zero(elem)
	for n := range t.n {
		s = reflect.Append(s, zero)
		if i, err = decodeValue(b, i, s.Index(n), depth-1); err != nil {
			return i, at(err, indexStep(n))
		}
	}
	v.Set(s)
	return i, nil
}

// decodeArray stores an array, or bytes, of at most the target's length; what is
// left of the target is zeroed.
func decodeArray(b []byte, t token, i int, v reflect.Value, depth int) (next int, err error) {
	isBytes := v.Type().Elem().Kind() == reflect.Uint8
	switch {
	case isBytes && t.kind != kindBin && t.kind != kindStr:
		return i, t.mismatch(kindBin)
	case !isBytes && t.kind != kindArray:
		return i, t.mismatch(kindArray)
	case t.n > v.Len():
		return i, &TypeError{
			Want: fmt.Sprintf("%s of at most %d", t.kind, v.Len()),
			Got:  fmt.Sprintf("%s of %d", t.kind, t.n),
		}
	case !isBytes && depth == 0:
		return i, ErrTooDeep
	}
	v.SetZero() // elements beyond those that come must not keep old values
	if isBytes {
		copy(v.Bytes(), b[i:i+t.n])
		return i + t.n, nil
	}
	for n := range t.n {
		if i, err = decodeValue(b, i, v.Index(n), depth-1); err != nil {
			return i, at(err, indexStep(n))
		}
	}
	return i, nil
}

// decodeMap stores a map in a new map; of a repeated key the last value counts.
// Keys may be of any type that Go can compare; a list or map that comes as a key
// of an interface type would panic in SetMapIndex and is refused before.
func decodeMap(b []byte, t token, i int, v reflect.Value, depth int) (next int, err error) {
	switch {
	case t.kind == kindNil:
		v.SetZero()
		return i, nil
	case t.kind != kindMap:
		return i, t.mismatch(kindMap)
	case depth == 0:
		return i, ErrTooDeep
	}
	// New keys and values each time: SetMapIndex copies, but what they point to
	// would be shared.
	keyType, elemType := v.Type().Key(), v.Type().Elem()
	m := reflect.MakeMapWithSize(v.Type(), min(t.n, maxPresize))
	for range t.n {
		key, elem := reflect.New(keyType).Elem(), reflect.New(elemType).Elem()
		start := i
		if keyType.Kind() == reflect.Interface {
			i, err = decodeKey(b, i, key)
		} else {
			i, err = decodeValue(b, i, key, depth-1)
		}
		if err != nil {
			return i, at(err, "key")
		}
		if !key.Comparable() { // an array or struct with an interface inside
			return i, at(ErrKey, "key")
		}
		if i, err = decodeValue(b, i, elem, depth-1); err != nil {
			return i, at(err, keyStep(b, start))
		}
		m.SetMapIndex(key, elem)
	}
	v.Set(m)
	return i, nil
}

// decodeKey stores a map key of an interface type, with DecodeAny's rules.
func decodeKey(b []byte, i int, key reflect.Value) (next int, err error) {
	k, next, err := anyKey(b, i)
	if err != nil {
		return i, err
	}
	if k == nil {
		return next, nil
	}
	rv := reflect.ValueOf(k)
	if !rv.Type().AssignableTo(key.Type()) {
		return i, &TypeError{Want: key.Type().String(), Got: Kind(b[i:])}
	}
	key.Set(rv)
	return next, nil
}

// keyStep shows the map key at b[i:] in the path of an error.
func keyStep(b []byte, i int) string {
	const most = 64 // an error text is no place for a long key
	t, j, err := readToken(b, i)
	switch {
	case err != nil:
		return "[?]"
	case t.kind == kindStr && t.n <= most:
		return fmt.Sprintf("[%q]", b[j:j+t.n])
	case t.kind == kindInt:
		return "[" + intText(t) + "]"
	}
	return "[" + t.kind.String() + "]"
}
