package method

import (
	"reflect"

	"github.com/zrpc-go/zrpc/event"
)

// decodeSlot decodes into place, which must be addressable and hold the zero
// value of its type. event.Decode knows the usual types by their pointers, and
// taking the pointer of a place allocates nothing.
func decodeSlot(raw []byte, place reflect.Value) error {
	return event.Decode(raw, place.Addr().Interface())
}

// fillSlot is decodeSlot for an argument of a call that o, unless nil, owns.
func fillSlot(raw []byte, place reflect.Value, o Owner) (err error) {
	if o != nil && place.Type() == handedType {
		if args := o.LendArgs(); args != nil {
			p := place.Addr().Interface().(**event.Bytes)
			*p, err = partOf(args, raw)
			return err
		}
	}
	return decodeSlot(raw, place)
}

// slotEncoder returns the function that encodes values of type t. The
// predeclared types are not boxed for it; a type that is named after one may
// speak for itself, so package event looks at it.
func slotEncoder(t reflect.Type) encoder[reflect.Value] {
	if t.PkgPath() != "" {
		return encodeBoxed
	}
	switch k := t.Kind(); {
	case k == reflect.String:
		return func(b []byte, v reflect.Value) ([]byte, error) { return appendText(b, v.String()) }
	case k == reflect.Bool:
		return func(b []byte, v reflect.Value) ([]byte, error) { return event.AppendBool(b, v.Bool()), nil }
	case k >= reflect.Int && k <= reflect.Int64:
		return func(b []byte, v reflect.Value) ([]byte, error) { return event.AppendInt(b, v.Int()), nil }
	case k >= reflect.Uint && k <= reflect.Uint64:
		return func(b []byte, v reflect.Value) ([]byte, error) { return event.AppendUint(b, v.Uint()), nil }
	case k == reflect.Float32 || k == reflect.Float64:
		return func(b []byte, v reflect.Value) ([]byte, error) { return event.AppendFloat64(b, v.Float()), nil }
	}
	return encodeBoxed
}

func encodeBoxed(b []byte, v reflect.Value) ([]byte, error) {
	return event.AppendValue(b, v.Interface())
}
