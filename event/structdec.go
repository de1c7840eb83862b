package event

import (
	"fmt"
	"reflect"
)

// decodeStruct stores a map, or an array of all fields, in a struct; nil zeroes
// it. Keys that name no field are passed over, whatever their type.
func decodeStruct(b []byte, t token, i int, v reflect.Value, depth int) (next int, err error) {
	if t.kind == kindNil {
		v.SetZero()
		return i, nil
	}
	fields, err := fieldsOf(v.Type())
	switch {
	case err != nil:
		return i, err
	case t.kind != kindMap && t.kind != kindArray:
		return i, t.mismatch(kindMap)
	case depth == 0:
		return i, ErrTooDeep
	case t.kind == kindArray:
		if t.n != len(fields.list) {
			return i, &TypeError{
				Want: fmt.Sprintf("map, or array of %d", len(fields.list)),
				Got:  fmt.Sprintf("array of %d", t.n),
			}
		}
		for _, f := range fields.list {
			if i, err = decodeField(b, i, v, f, depth-1); err != nil {
				return i, err
			}
		}
		return i, nil
	}
	// The order of keys is the peer's. Fields that do not come keep their value,
	// so that a caller can preset defaults, as with encoding/json.
	for range t.n {
		key, isText, next, err := readKey(b, i)
		if err != nil {
			return i, err
		}
		i = next
		f := fields.byName[string(key)]
		if f == nil || !isText {
			i, err = skip(b, i, depth-1)
		} else {
			i, err = decodeField(b, i, v, f, depth-1)
		}
		if err != nil {
			return i, err
		}
	}
	return i, nil
}

// decodeField stores one field. Unlike elsewhere nil empties a field of any
// kind: a dict says so of what it does not have, and v5 reads it so. A Raw field
// keeps the nil itself, for whoever passes the value on.
func decodeField(b []byte, i int, strct reflect.Value, f *structField, depth int) (next int, err error) {
	if i < len(b) && b[i] == 0xc0 {
		v, ok := f.get(strct)
		if !ok {
			return i + 1, nil // nothing to empty in an embedded struct that is nil
		}
		if v.Type() != typeRaw && v.Type() != typeV5Raw {
			v.SetZero()
			return i + 1, nil
		}
	}
	v, err := f.at(strct)
	if err != nil {
		return i, err
	}
	if i, err = decodeValue(b, i, v, depth); err != nil {
		return i, at(err, "."+f.name)
	}
	return i, nil
}

// at returns the field in v, making embedded pointers on the way. It fails for a
// pointer to an unexported struct type, which reflection may not set.
func (sf *structField) at(v reflect.Value) (reflect.Value, error) {
	for i, x := range sf.index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				if !v.CanSet() {
					return v, fmt.Errorf("cannot set the embedded pointer to %s: export the type", v.Type().Elem())
				}
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(x)
	}
	return v, nil
}
