package services

import (
	"math"
	"math/big"
	"time"
)

// number is an operand as Python's arithmetic sees it: an integer of any size, or a float. bool counts as 0 or 1.
type number struct {
	i *big.Int // nil: a float
	f float64  // set if i is nil
}

// toNumber takes a decoded argument; ok is false if v is no number.
func toNumber(v any) (n number, ok bool) {
	switch v := v.(type) {
	case int64:
		return number{i: big.NewInt(v)}, true
	case int:
		return number{i: big.NewInt(int64(v))}, true
	case uint64:
		return number{i: new(big.Int).SetUint64(v)}, true
	case bool:
		if v {
			return number{i: big.NewInt(1)}, true
		}
		return number{i: new(big.Int)}, true
	case float64:
		return number{f: v}, true
	case float32:
		return number{f: float64(v)}, true
	}
	return number{}, false
}

// float returns the value as a float, rounded to nearest as Python's conversion does.
func (n number) float() float64 {
	if n.i == nil {
		return n.f
	}
	f, _ := new(big.Float).SetInt(n.i).Float64()
	return f
}

// isFloat tells the two kinds apart: an operator with a float on either side works on floats.
func (n number) isFloat() bool { return n.i == nil }

// integer returns i as the value to send. msgpack carries -2^63 to 2^64-1; a result outside is an error, never a
// wrapped value, and the error is the one that a Python server answers when its packer meets such a result.
func integer(i *big.Int) (any, error) {
	switch {
	case i.IsInt64():
		return i.Int64(), nil
	case i.IsUint64():
		return i.Uint64(), nil
	}
	return nil, overflowError("Integer value out of range")
}

// pyType returns the name that Python gives the type of v, for error texts.
func pyType(v any) string {
	switch v.(type) {
	case nil:
		return "NoneType"
	case bool:
		return "bool"
	case int, int64, uint64:
		return "int"
	case float32, float64:
		return "float"
	case string:
		return "str"
	case []byte:
		return "bytes"
	case []any:
		return "list"
	case map[string]any, map[any]any:
		return "dict"
	case time.Time:
		return "Timestamp"
	}
	return "ExtType" // the one kind of msgpack value that is left
}

// maxSeconds bounds what a sleep may be asked for: more does not fit a time.Duration (292 years).
const maxSeconds = float64(math.MaxInt64 / int64(time.Second))

// duration turns a number of seconds into a Duration, with the errors of Python's time.sleep.
func duration(v any) (time.Duration, error) {
	n, ok := toNumber(v)
	if !ok {
		return 0, typeError("'%s' object cannot be interpreted as an integer", pyType(v))
	}
	s := n.float()
	switch {
	case math.IsNaN(s):
		return 0, valueError("Invalid value NaN (not a number)")
	case s >= maxSeconds || s <= -maxSeconds:
		return 0, overflowError("timestamp out of range for platform time_t")
	case s < 0:
		return 0, valueError("sleep length must be non-negative")
	}
	// Rounded up: a sleep may last longer than asked, never shorter.
	return time.Duration(math.Ceil(s * 1e9)), nil
}
