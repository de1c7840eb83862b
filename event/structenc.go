package event

import "reflect"

// appendStruct appends a struct as a map of its fields in their order, or as an
// array if its tag says as_array.
func appendStruct(b []byte, v reflect.Value, depth int) ([]byte, error) {
	fs, err := fieldsOf(v.Type())
	if err == nil {
		err = checkContainer(len(fs.list), depth)
	}
	if err != nil {
		return b, &ValueError{Type: v.Type().String(), Err: err}
	}
	if fs.asArray {
		b = AppendArrayHeader(b, len(fs.list))
		for _, f := range fs.list {
			if b, err = f.append(b, v, depth-1); err != nil {
				return b, err
			}
		}
		return b, nil
	}
	// The head names the number of pairs, so what is left out is counted first.
	n := len(fs.list)
	if fs.omitsSome {
		n = 0
		for _, f := range fs.list {
			if !f.omitted(v) {
				n++
			}
		}
	}
	b = AppendMapHeader(b, n)
	for _, f := range fs.list {
		if fs.omitsSome && f.omitted(v) {
			continue
		}
		b = AppendString(b, f.name)
		if b, err = f.append(b, v, depth-1); err != nil {
			return b, err
		}
	}
	return b, nil
}

// append appends the field's value; a field of a nil embedded struct is nil.
func (sf *structField) append(b []byte, strct reflect.Value, depth int) ([]byte, error) {
	v, ok := sf.get(strct)
	if !ok {
		return AppendNil(b), nil
	}
	return appendReflected(b, v, depth)
}

// get returns the field in v; ok is false if it lies in a nil embedded struct.
func (sf *structField) get(v reflect.Value) (_ reflect.Value, ok bool) {
	for i, x := range sf.index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return v, false
			}
			v = v.Elem()
		}
		v = v.Field(x)
	}
	return v, true
}

// omitted reports whether the field is left out, in a struct where some are. A
// field of a nil embedded struct is left out there and nil elsewhere: odd, but
// v5's bytes, which a test compares.
func (sf *structField) omitted(strct reflect.Value) bool {
	v, ok := sf.get(strct)
	return !ok || sf.omitEmpty && isEmpty(v)
}

// isEmpty is v5's meaning of omitempty: zero, without elements, what an IsZero
// method says, or a struct whose fields are all left out. An interface is as empty
// as what it holds; an array only if its type has no elements. IsZero is the
// user's code and may panic, which appendReflect catches.
func isEmpty(v reflect.Value) bool {
	for v.Kind() == reflect.Interface {
		if v.IsNil() {
			return true
		}
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Chan, reflect.Func:
		if v.IsNil() {
			return true
		}
	}
	if z, ok := v.Interface().(interface{ IsZero() bool }); ok {
		return z.IsZero()
	}
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr,
		reflect.Float32, reflect.Float64:
		return v.IsZero()
	case reflect.Struct:
		fs, err := fieldsOf(v.Type())
		if err != nil || !fs.omitsSome {
			return err == nil && len(fs.list) == 0
		}
		for _, f := range fs.list {
			if !f.omitted(v) {
				return false
			}
		}
		return true
	}
	return false
}
