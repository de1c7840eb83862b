package pyprint

import (
	"math"
	"strconv"
)

// A value is one of: nil, bool, int64, uint64 (only above math.MaxInt64), float64, string (str), []byte (bytes),
// []any (list), *Dict, Ext, Timestamp. These are what Python's msgpack makes of the wire types.

// Ext is an application-defined msgpack extension, Python's msgpack.ExtType.
type Ext struct {
	Code int8
	Data []byte
}

// Timestamp is msgpack's extension -1, Python's msgpack.Timestamp.
type Timestamp struct {
	Seconds int64
	Nanos   uint32 // always below 1e9; anything else stays an Ext
}

// Dict is a map in the order of its first insertions, as Python's dict: setting a key again replaces the value and
// keeps the place. It is not safe for concurrent use.
type Dict struct {
	keys   []any
	values []any
	index  map[dictKey]int
}

// dictKey is the identity of a hashable value: equal dictKeys are equal in Python. Numbers of all kinds share an
// identity (1 == 1.0 == True), str and bytes do not.
type dictKey struct {
	kind byte   // 'n'one, 'i'nteger, 'f'loat, 's'tr, 'b'ytes, 'x' ext, 't'imestamp
	text string // content of str, bytes and ext
	num  uint64 // bits of a number
	sub  uint32 // sign of an integer, code of an ext, nanoseconds of a timestamp
}

// Len returns the number of keys.
func (d *Dict) Len() int { return len(d.keys) }

// At returns the i-th pair in insertion order.
func (d *Dict) At(i int) (key, value any) { return d.keys[i], d.values[i] }

// Get returns the value of a str key.
func (d *Dict) Get(key string) (any, bool) {
	i, ok := d.index[dictKey{kind: 's', text: key}]
	if !ok {
		return nil, false
	}
	return d.values[i], true
}

// set adds or replaces a pair. It reports false if the key cannot be a dict key (a list or dict).
func (d *Dict) set(key, value any) bool {
	id, hashable, comparable := identity(key)
	if !hashable {
		return false
	}
	if comparable {
		if i, ok := d.index[id]; ok {
			d.values[i] = value
			return true
		}
		if d.index == nil {
			d.index = make(map[dictKey]int)
		}
		d.index[id] = len(d.keys)
	}
	d.keys = append(d.keys, key)
	d.values = append(d.values, value)
	return true
}

// identity returns the dict identity of v. comparable is false for NaN, which equals nothing, so that every NaN is
// a key of its own.
func identity(v any) (id dictKey, hashable, comparable bool) {
	switch v := v.(type) {
	case nil:
		return dictKey{kind: 'n'}, true, true
	case bool:
		if v {
			return dictKey{kind: 'i', num: 1}, true, true
		}
		return dictKey{kind: 'i'}, true, true
	case int64:
		return intKey(v), true, true
	case uint64:
		return dictKey{kind: 'i', num: v}, true, true
	case float64:
		switch {
		case v != v:
			return dictKey{}, true, false
		case v == math.Trunc(v) && v >= -1<<63 && v < 1<<63:
			return intKey(int64(v)), true, true
		case v == math.Trunc(v) && v >= 0 && v < 1<<64:
			return dictKey{kind: 'i', num: uint64(v)}, true, true
		}
		return dictKey{kind: 'f', num: math.Float64bits(v)}, true, true
	case string:
		return dictKey{kind: 's', text: v}, true, true
	case []byte:
		return dictKey{kind: 'b', text: string(v)}, true, true
	case Ext:
		return dictKey{kind: 'x', text: string(v.Data), sub: uint32(uint8(v.Code))}, true, true
	case Timestamp:
		return dictKey{kind: 't', num: uint64(v.Seconds), sub: v.Nanos}, true, true
	}
	return dictKey{}, false, false
}

func intKey(v int64) dictKey {
	k := dictKey{kind: 'i', num: uint64(v)}
	if v < 0 {
		k.sub = 1
	}
	return k
}

// typeName is Python's name of the type of v, as type(v).__name__ gives it.
func typeName(v any) string {
	switch v.(type) {
	case nil:
		return "NoneType"
	case bool:
		return "bool"
	case int64, uint64:
		return "int"
	case float64:
		return "float"
	case string:
		return "str"
	case []byte:
		return "bytes"
	case []any:
		return "list"
	case *Dict:
		return "dict"
	case Ext:
		return "ExtType"
	}
	return "Timestamp"
}

// appendInt appends an int64 or uint64 in decimal.
func appendInt(b []byte, v any) []byte {
	if u, ok := v.(uint64); ok {
		return strconv.AppendUint(b, u, 10)
	}
	return strconv.AppendInt(b, v.(int64), 10)
}
