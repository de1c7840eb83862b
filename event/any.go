package event

import (
	"fmt"

	"github.com/vmihailenco/msgpack/v5"
)

// BinKey is a map key that was sent as bin: it stays apart from the str of the
// same bytes, as it does in Python. It is sent as bin again.
type BinKey string

// EncodeMsgpack lets a BinKey stand in a value that msgpack/v5 encodes.
func (k BinKey) EncodeMsgpack(enc *msgpack.Encoder) error { return enc.EncodeBytes([]byte(k)) }

// DecodeAny returns a value as the plain Go value nearest to it:
//
//	nil, bool, float    nil, bool, float64
//	int                 int64, or uint64 beyond its range
//	str, bin            string, []byte
//	array               []any
//	map                 map[string]any if all keys are str, else map[any]any,
//	                    whose bin keys are BinKey
//	ext                 time.Time in UTC for a timestamp, else Ext
//
// Text is returned as it came, UTF-8 or not. Of a repeated key the last value
// counts. A key that is a list, map or unknown ext is ErrKey. The result shares
// no memory with raw.
func DecodeAny(raw []byte) (any, error) {
	v, _, err := decodeAny(raw, 0, MaxDepth)
	return v, err
}

// decodeAny decodes the value at b[i:]; depth is how many levels it may have. It
// recurses, which the bound on depth makes safe, and returns the offset after the
// value. A float of 32 bits and an int of any form come out as the widest type,
// so callers need one case each.
func decodeAny(b []byte, i, depth int) (v any, next int, err error) {
	t, i, err := readToken(b, i)
	if err != nil {
		return nil, i, err
	}
	switch t.kind {
	case kindBool:
		return t.bits != 0, i, nil
	case kindInt:
		if !t.neg && int64(t.bits) < 0 {
			return t.bits, i, nil
		}
		return int64(t.bits), i, nil
	case kindFloat:
		f, _ := t.float()
		return f, i, nil
	case kindStr:
		return string(b[i : i+t.n]), i + t.n, nil
	case kindBin:
		return append([]byte{}, b[i:i+t.n]...), i + t.n, nil
	case kindExt:
		return extValue(t.ext, b[i:i+t.n]), i + t.n, nil
	case kindArray:
		if depth == 0 {
			return nil, i, ErrTooDeep
		}
		return anyArray(b, i, t.n, depth-1)
	case kindMap:
		if depth == 0 {
			return nil, i, ErrTooDeep
		}
		return anyMap(b, i, t.n, depth-1)
	}
	return nil, i, nil // kindNil
}

// anyArray decodes n elements at b[i:], each of at most depth levels. It is
// pre-sized by the count only up to a bound, because the bytes of an unchecked
// value may not be there.
func anyArray(b []byte, i, n, depth int) (any, int, error) {
	s := make([]any, 0, min(n, maxPresize))
	for range n {
		v, next, err := decodeAny(b, i, depth)
		if err != nil {
			return nil, i, err
		}
		s = append(s, v)
		i = next
	}
	return s, i, nil
}

// anyMap decodes n pairs. It begins with string keys, the usual case, and moves
// to keys of any type at the first other key.
func anyMap(b []byte, i, n, depth int) (any, int, error) {
	m := make(map[string]any, min(n, maxPresize))
	for done := range n {
		t, j, err := readToken(b, i)
		if err != nil {
			return nil, i, err
		}
		if t.kind != kindStr {
			mixed := make(map[any]any, min(n, maxPresize))
			for k, v := range m {
				mixed[k] = v
			}
			return anyMixedMap(b, i, n-done, depth, mixed)
		}
		v, next, err := decodeAny(b, j+t.n, depth)
		if err != nil {
			return nil, i, err
		}
		m[string(b[j:j+t.n])] = v
		i = next
	}
	return m, i, nil
}

// anyMixedMap decodes n more pairs at b[i:] into m.
func anyMixedMap(b []byte, i, n, depth int, m map[any]any) (any, int, error) {
	for range n {
		k, next, err := anyKey(b, i)
		if err != nil {
			return nil, i, err
		}
		v, next, err := decodeAny(b, next, depth)
		if err != nil {
			return nil, i, err
		}
		m[k] = v
		i = next
	}
	return m, i, nil
}

// anyKey decodes a value that is fit to be a key of a map[any]any, where a slice
// or a map would panic.
func anyKey(b []byte, i int) (key any, next int, err error) {
	if k := Kind(b[i:]); k == "array" || k == "map" {
		return nil, i, fmt.Errorf("%w: %s", ErrKey, k)
	}
	v, next, err := decodeAny(b, i, 0)
	if err != nil {
		return nil, i, err
	}
	switch k := v.(type) { // the two that Go cannot compare
	case []byte:
		return BinKey(k), next, nil
	case Ext:
		return nil, i, fmt.Errorf("%w: ext type %d", ErrKey, k.Type)
	}
	return v, next, nil
}
