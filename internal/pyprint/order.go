package pyprint

import (
	"bytes"
	"cmp"
	"math/big"
	"slices"
)

// sorted returns the indexes of the pairs in pprint's order: by key; keys that Python cannot compare go by the name of
// their type; keys that compare as neither less nor greater keep the order they came in.
//
// Python sorts with "<" alone. Where that is no order (True < 0.5 by number, but bytes between them by name; NaN) the
// outcome depends on the sorting algorithm, and ours may differ.
func (d *Dict) sorted() []int {
	order := d.order(false)
	slices.SortStableFunc(order, func(i, j int) int { return compareKeys(d.keys[i], d.keys[j]) })
	return order
}

// order returns the indexes of the pairs in pprint's order, or in the order they came in.
func (d *Dict) order(sorted bool) []int {
	if sorted {
		return d.sorted()
	}
	order := make([]int, len(d.keys))
	for i := range order {
		order[i] = i
	}
	return order
}

// compareKeys orders two dict keys as pprint's _safe_key does.
func compareKeys(a, b any) int {
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return cmp.Compare(x, y) // UTF-8 sorts as its code points do
		}
	case []byte:
		if y, ok := b.([]byte); ok {
			return bytes.Compare(x, y)
		}
	case Ext:
		if y, ok := b.(Ext); ok { // a named tuple: field by field
			return cmp.Or(cmp.Compare(x.Code, y.Code), bytes.Compare(x.Data, y.Data))
		}
	}
	if c, ok := compareNumbers(a, b); ok {
		return c
	}
	return cmp.Compare(qualifiedName(a), qualifiedName(b))
}

// qualifiedName is what Python's str(type(v)) contains: the module counts for types that are not built in.
func qualifiedName(v any) string {
	switch v.(type) {
	case Ext, Timestamp:
		return "msgpack.ext." + typeName(v)
	}
	return typeName(v)
}

// compareNumbers compares bools, ints and floats by value, exactly, as Python does. ok is false if one is no number.
// NaN is neither less nor greater than anything.
func compareNumbers(a, b any) (c int, ok bool) {
	x, xNaN, okX := number(a)
	y, yNaN, okY := number(b)
	if !okX || !okY {
		return 0, false
	}
	if xNaN || yNaN {
		return 0, true
	}
	return x.Cmp(y), true
}

// number returns v as an exact number. Speed does not matter: number keys are rare, as zerorpc peers refuse them.
func number(v any) (f *big.Float, nan, ok bool) {
	switch v := v.(type) {
	case bool:
		f = new(big.Float)
		if v {
			f.SetInt64(1)
		}
	case int64:
		f = new(big.Float).SetInt64(v)
	case uint64:
		f = new(big.Float).SetUint64(v)
	case float64:
		if v != v {
			return nil, true, true
		}
		f = new(big.Float).SetFloat64(v)
	default:
		return nil, false, false
	}
	return f, false, true
}
