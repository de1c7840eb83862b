package event

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
)

// errTooLong is a length that msgpack's 32 bits cannot announce.
var errTooLong = fmt.Errorf("longer than %d", uint64(maxLen))

// appendString is AppendString that refuses what AppendString cannot announce.
func appendString(b []byte, s string) ([]byte, error) {
	if uint64(len(s)) > maxLen {
		return b, &ValueError{Type: "string", Err: errTooLong}
	}
	return AppendString(b, s), nil
}

// appendBytes appends a bin, or nil for a nil slice.
func appendBytes(b, data []byte) ([]byte, error) {
	if data == nil {
		return AppendNil(b), nil
	}
	if uint64(len(data)) > maxLen {
		return b, &ValueError{Type: "[]byte", Err: errTooLong}
	}
	return AppendBin(b, data), nil
}

// appendExt is AppendExt that refuses what AppendExt cannot announce.
func appendExt(b []byte, x Ext) ([]byte, error) {
	if uint64(len(x.Data)) > maxLen {
		return b, &ValueError{Type: "event.Ext", Err: errTooLong}
	}
	return AppendExt(b, x.Type, x.Data), nil
}

// appendBig appends an integer of any size if 64 bits, signed or not, hold it.
// Others are refused as Python's packer refuses them, with an OverflowError, and
// not sent as a float that looks right.
func appendBig(b []byte, v *big.Int) ([]byte, error) {
	switch {
	case v == nil:
		return AppendNil(b), nil
	case v.IsInt64():
		return AppendInt(b, v.Int64()), nil
	case v.IsUint64():
		return AppendUint(b, v.Uint64()), nil
	}
	return b, &ValueError{Type: "*big.Int", Err: fmt.Errorf("%w; beyond 64 bits send its text or bytes", ErrRange)}
}

// appendNumber appends the number that a json.Number spells: an integer if it
// looks like one and fits, else a float. Gateways keep JSON numbers so, because
// 1 and 1.0 are two things in Python and 2^63 is no float64.
func appendNumber(b []byte, v json.Number) ([]byte, error) {
	if n, err := strconv.ParseInt(string(v), 10, 64); err == nil {
		return AppendInt(b, n), nil
	}
	if n, err := strconv.ParseUint(string(v), 10, 64); err == nil {
		return AppendUint(b, n), nil
	}
	if _, ok := new(big.Int).SetString(string(v), 10); ok && len(v) > 0 {
		return b, &ValueError{Type: "json.Number", Err: ErrRange}
	}
	f, err := strconv.ParseFloat(string(v), 64)
	if err != nil {
		return b, &ValueError{Type: "json.Number", Err: err}
	}
	return AppendFloat64(b, f), nil
}

// checkContainer refuses an array or map of n elements or pairs that no receiver
// would take, or that stands too deep; depth is the number of levels left.
func checkContainer(n, depth int) error {
	if depth <= 0 {
		return ErrTooDeep
	}
	if n > MaxNodes {
		return ErrTooManyNodes
	}
	return nil
}

// float returns a number token as float64. Integers count: JavaScript peers send
// 1.0 as 1.
func (t token) float() (f float64, ok bool) {
	switch {
	case t.kind == kindFloat:
		return math.Float64frombits(t.bits), true
	case t.kind != kindInt:
		return 0, false
	case t.neg:
		return float64(int64(t.bits)), true
	}
	return float64(t.bits), true
}
