package event

import (
	"bytes"
	"cmp"
	"fmt"
	"reflect"
	"slices"
)

// appendReflect appends the values that appendAny has no case for. Methods of
// the user's types may panic on the way; that is an error.
func appendReflect(b []byte, v any, depth int) (out []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			out, err = b, &ValueError{Type: fmt.Sprintf("%T", v), Err: fmt.Errorf("panic while encoding: %v", p)}
		}
	}()
	return appendReflected(b, reflect.ValueOf(v), depth)
}

// appendReflected appends named types, pointers, structs, and slices, arrays and
// maps of any element. Types with their own methods go on to msgpack/v5.
func appendReflected(b []byte, v reflect.Value, depth int) ([]byte, error) {
	switch c := classOf(v.Type()); {
	case c.own:
		return appendAny(b, v.Interface(), depth)
	case c.foreignEnc:
		return appendForeign(b, v, depth)
	}
	switch v.Kind() {
	case reflect.Bool:
		return AppendBool(b, v.Bool()), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return AppendInt(b, v.Int()), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return AppendUint(b, v.Uint()), nil
	case reflect.Float32, reflect.Float64:
		return AppendFloat64(b, v.Float()), nil
	case reflect.String:
		return appendString(b, v.String())
	case reflect.Struct:
		return appendStruct(b, v, depth)
	case reflect.Pointer:
		return appendPointer(b, v, depth)
	case reflect.Interface:
		if v.IsNil() {
			return AppendNil(b), nil
		}
		// What an error is made of is its own affair; v5 sends the text as well.
		if v.Type() == typeError {
			return appendString(b, v.Interface().(error).Error())
		}
		return appendAny(b, v.Interface(), depth)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return appendBytes(b, v.Bytes())
		}
		if v.IsNil() {
			return AppendNil(b), nil
		}
		return appendArray(b, v, depth)
	case reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return appendByteArray(b, v), nil
		}
		return appendArray(b, v, depth)
	case reflect.Map:
		if v.IsNil() {
			return AppendNil(b), nil
		}
		return appendMap(b, v, depth)
	}
	return b, &ValueError{Type: v.Type().String()}
}

// appendPointer follows a pointer. One to another pointer or to an interface
// costs a level, for it may be a cycle without any array or map.
func appendPointer(b []byte, v reflect.Value, depth int) ([]byte, error) {
	if v.IsNil() {
		return AppendNil(b), nil
	}
	if k := v.Elem().Kind(); k == reflect.Pointer || k == reflect.Interface {
		if err := checkContainer(1, depth); err != nil {
			return b, &ValueError{Type: v.Type().String(), Err: err}
		}
		depth--
	}
	return appendReflected(b, v.Elem(), depth)
}

// appendArray appends a slice, which is not nil, or an array.
func appendArray(b []byte, v reflect.Value, depth int) ([]byte, error) {
	n := v.Len()
	if err := checkContainer(n, depth); err != nil {
		return b, &ValueError{Type: v.Type().String(), Err: err}
	}
	b = AppendArrayHeader(b, n)
	for i := range n {
		var err error
		if b, err = appendReflected(b, v.Index(i), depth-1); err != nil {
			return b, err
		}
	}
	return b, nil
}

// appendByteArray appends an array of bytes as bin. An array that is not
// addressable, such as one in an interface, gives no slice to copy from.
func appendByteArray(b []byte, v reflect.Value) []byte {
	b = AppendBinHeader(b, v.Len())
	for i := range v.Len() {
		b = append(b, byte(v.Index(i).Uint()))
	}
	return b
}

// appendMap appends the pairs in the order of compareKeys.
func appendMap(b []byte, v reflect.Value, depth int) ([]byte, error) {
	if err := checkContainer(v.Len(), depth); err != nil {
		return b, &ValueError{Type: v.Type().String(), Err: err}
	}
	// Keys are encoded first, apart from the values, because their order is known
	// only then.
	type pair struct {
		key   []byte
		value reflect.Value
	}
	var pairs []pair
	for it := v.MapRange(); it.Next(); {
		key, err := appendReflected(nil, it.Key(), depth-1)
		if err != nil {
			return b, err
		}
		pairs = append(pairs, pair{key, it.Value()})
	}
	slices.SortFunc(pairs, func(x, y pair) int { return compareKeys(x.key, y.key) })
	b = AppendMapHeader(b, len(pairs))
	for _, p := range pairs {
		b = append(b, p.key...)
		var err error
		if b, err = appendReflected(b, p.value, depth-1); err != nil {
			return b, err
		}
	}
	return b, nil
}

// compareKeys orders encoded map keys: text last, by its content, for the
// encoding puts the length first; all else by its bytes, which is the order of
// positive numbers.
func compareKeys(x, y []byte) int {
	xText, xOK := Text(x)
	yText, yOK := Text(y)
	switch {
	case xOK && yOK:
		return cmp.Or(bytes.Compare(xText, yText), bytes.Compare(x, y))
	case xOK:
		return 1
	case yOK:
		return -1
	}
	return bytes.Compare(x, y)
}
