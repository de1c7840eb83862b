package event

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"time"

	"github.com/vmihailenco/msgpack/v5"
)

// AppendValue appends the encoding of a Go value.
//
// Integers take their smallest form and floats 64 bits; a nil pointer, slice,
// map or interface is nil; a string is str and a []byte or byte array is bin;
// time.Time is a timestamp; *big.Int an integer if 64 bits hold it; Raw is
// written verbatim; an error in a variable of type error is its text. Maps are
// written in the order of their keys, so equal values have equal bytes. Structs
// are maps, by the rules of msgpack/v5's tags (`msgpack:"name,omitempty"`). Types
// with methods of msgpack/v5, with encoding.BinaryMarshaler or TextMarshaler, or
// registered with v5 are encoded by v5.
//
// What msgpack has no form for (chan, func, complex), nesting beyond MaxDepth
// (cycles among it) and a method that panics are a *ValueError; then b is
// returned as it was.
func AppendValue(b []byte, v any) ([]byte, error) {
	out, err := appendAny(b, v, maxSendDepth)
	if err != nil {
		return b, err
	}
	return out, nil
}

// appendAny is AppendValue where v may have depth more levels. After an error
// the slice returned is of no use.
func appendAny(b []byte, v any, depth int) ([]byte, error) {
	// Ordered by how often methods use them. What is not here goes by reflection.
	switch v := v.(type) {
	case nil:
		return AppendNil(b), nil
	case bool:
		return AppendBool(b, v), nil
	case string:
		return appendString(b, v)
	case []byte:
		return appendBytes(b, v)
	case int:
		return AppendInt(b, int64(v)), nil
	case int64:
		return AppendInt(b, v), nil
	case int32:
		return AppendInt(b, int64(v)), nil
	case uint64:
		return AppendUint(b, v), nil
	case uint32:
		return AppendUint(b, uint64(v)), nil
	case float64:
		return AppendFloat64(b, v), nil
	case float32:
		return AppendFloat64(b, float64(v)), nil
	case Raw:
		return appendRaw(b, v, depth)
	case msgpack.RawMessage:
		return appendRaw(b, v, depth)
	case json.Number: // a string kind, but it means a number
		return appendNumber(b, v)
	case time.Time:
		return AppendTime(b, v), nil
	case Ext:
		return appendExt(b, v)
	case BinKey:
		return appendBytes(b, []byte(v))
	case *Bytes:
		return appendShared(b, v)
	case *big.Int:
		return appendBig(b, v)
	case big.Int:
		return appendBig(b, &v)
	case []string:
		return appendSlice(b, v, depth, func(b []byte, s string, _ int) ([]byte, error) { return appendString(b, s) })
	case []int:
		return appendSlice(b, v, depth, func(b []byte, n, _ int) ([]byte, error) { return AppendInt(b, int64(n)), nil })
	case []float64:
		return appendSlice(b, v, depth, func(b []byte, f float64, _ int) ([]byte, error) { return AppendFloat64(b, f), nil })
	case []any:
		return appendSlice(b, v, depth, appendAny)
	case map[string]any:
		return appendStringMap(b, v, depth, appendAny)
	case map[string]string:
		return appendStringMap(b, v, depth, func(b []byte, s string, _ int) ([]byte, error) { return appendString(b, s) })
	}
	return appendReflect(b, v, depth)
}

// appendSlice appends s with one function for its elements. The depth that elem
// is given is what is left inside the array.
func appendSlice[T any](b []byte, s []T, depth int, elem func([]byte, T, int) ([]byte, error)) ([]byte, error) {
	if s == nil {
		return AppendNil(b), nil
	}
	if err := checkContainer(len(s), depth); err != nil {
		return b, &ValueError{Type: fmt.Sprintf("%T", s), Err: err}
	}
	b = AppendArrayHeader(b, len(s))
	for _, v := range s {
		var err error
		if b, err = elem(b, v, depth-1); err != nil {
			return b, err
		}
	}
	return b, nil
}

// appendStringMap appends m in the order of its keys. Sorting costs less than it
// saves: answers can be compared, cached and recorded by their bytes.
func appendStringMap[T any](b []byte, m map[string]T, depth int, elem func([]byte, T, int) ([]byte, error)) ([]byte, error) {
	if m == nil {
		return AppendNil(b), nil
	}
	if err := checkContainer(len(m), depth); err != nil {
		return b, &ValueError{Type: fmt.Sprintf("%T", m), Err: err}
	}
	b = AppendMapHeader(b, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		var err error
		if b, err = appendString(b, k); err != nil {
			return b, err
		}
		if b, err = elem(b, m[k], depth-1); err != nil {
			return b, err
		}
	}
	return b, nil
}
