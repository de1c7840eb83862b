package event

import (
	"encoding/binary"
	"time"

	"github.com/vmihailenco/msgpack/v5"
)

// Ext is a msgpack extension value. DecodeAny returns one for every type but the
// timestamp; Python calls it ExtType.
type Ext struct {
	Type int8
	Data []byte
}

// EncodeMsgpack lets an Ext stand in a value that msgpack/v5 encodes.
func (x Ext) EncodeMsgpack(enc *msgpack.Encoder) error {
	_, err := enc.Writer().Write(AppendExt(nil, x.Type, x.Data))
	return err
}

// timestampExt is the extension type of the msgpack specification's timestamp.
const timestampExt = -1

// Forms of a timestamp, by the length of their data.
const (
	timestamp32 = 4  // seconds
	timestamp64 = 8  // 30 bits of nanoseconds, 34 of seconds
	timestamp96 = 12 // 32 bits of nanoseconds, 64 of seconds, signed
)

// AppendTime appends a timestamp, ext type -1 of the msgpack specification, in its
// smallest form. The location and the
// monotonic clock are not sent.
func AppendTime(b []byte, t time.Time) []byte {
	sec, nsec := t.Unix(), uint64(t.Nanosecond())
	switch {
	case uint64(sec)>>34 != 0: // before 1970, too: the sign is a high bit
		b = append(b, 0xc7, timestamp96, 0xff)
		b = binary.BigEndian.AppendUint32(b, uint32(nsec))
		return binary.BigEndian.AppendUint64(b, uint64(sec))
	case nsec != 0 || sec>>32 != 0:
		return binary.BigEndian.AppendUint64(append(b, 0xd7, 0xff), nsec<<34|uint64(sec))
	}
	return binary.BigEndian.AppendUint32(append(b, 0xd6, 0xff), uint32(sec))
}

// parseTime reads the data of a timestamp; the time is in UTC. ok is false for
// lengths and nanoseconds that the specification does not allow.
func parseTime(data []byte) (t time.Time, ok bool) {
	var sec int64
	var nsec uint64
	switch len(data) {
	case timestamp32:
		sec = int64(binary.BigEndian.Uint32(data))
	case timestamp64:
		v := binary.BigEndian.Uint64(data)
		sec, nsec = int64(v&(1<<34-1)), v>>34
	case timestamp96:
		nsec = uint64(binary.BigEndian.Uint32(data))
		sec = int64(binary.BigEndian.Uint64(data[4:]))
	default:
		return t, false
	}
	if nsec >= uint64(time.Second) {
		return t, false
	}
	return time.Unix(sec, int64(nsec)).UTC(), true
}

// extValue is an extension as a Go value: time.Time for a sound timestamp, an
// Ext with its own copy of data for all else.
func extValue(typ int8, data []byte) any {
	if typ == timestampExt {
		if t, ok := parseTime(data); ok {
			return t
		}
	}
	return Ext{Type: typ, Data: append([]byte{}, data...)}
}
