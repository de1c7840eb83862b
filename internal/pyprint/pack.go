package pyprint

import (
	"encoding/binary"

	"github.com/zrpc-go/zrpc/event"
)

// AppendValue appends a value tree as msgpack, as Python's packer writes it: ints in their smallest form, floats in 64
// bits, dicts in their order.
func AppendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return event.AppendNil(b)
	case bool:
		return event.AppendBool(b, v)
	case int64:
		return event.AppendInt(b, v)
	case uint64:
		return event.AppendUint(b, v)
	case float64:
		return event.AppendFloat64(b, v)
	case string:
		return event.AppendString(b, v)
	case []byte:
		return event.AppendBin(b, v)
	case []any:
		b = event.AppendArrayHeader(b, len(v))
		for _, e := range v {
			b = AppendValue(b, e)
		}
		return b
	case *Dict:
		b = event.AppendMapHeader(b, len(v.keys))
		for i, k := range v.keys { // in their order: a peer may show them so
			b = AppendValue(AppendValue(b, k), v.values[i])
		}
		return b
	case Ext:
		return event.AppendExt(b, v.Code, v.Data)
	// Ext -1 is msgpack's own; its layouts are in the specification.
	case Timestamp:
		return event.AppendExt(b, -1, v.encode())
	}
	panic("pyprint: not a value tree") // a programming error: no input leads here
}

// encode returns the shortest of the three layouts that holds t.
func (t Timestamp) encode() []byte {
	switch {
	case t.Nanos == 0 && t.Seconds >= 0 && t.Seconds < 1<<32:
		return binary.BigEndian.AppendUint32(nil, uint32(t.Seconds))
	case t.Seconds >= 0 && t.Seconds < 1<<34:
		return binary.BigEndian.AppendUint64(nil, uint64(t.Nanos)<<34|uint64(t.Seconds))
	}
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(nil, t.Nanos), uint64(t.Seconds))
}
