package ndarray

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
)

// dtype is the name of an element type, read.
type dtype struct {
	order byte // < little-endian, > big-endian, | without
	kind  byte // b i u f c, and m M S U V, which only an Encoded holds
	size  int  // of one element, in bytes
}

// maxItem bounds the bytes of one element. Those with a Go type have 16 at most;
// NumPy's text may be as long as it likes, and a number of more digits than this
// has would overflow.
const maxItem = 1 << 20

// parseType reads a name such as "<f8", "|S3" or "<M8[ns]".
func parseType(name string) (dtype, error) {
	bad := fmt.Errorf("%w: %q", ErrType, clip(name))
	if len(name) < 3 {
		return dtype{}, bad
	}
	d := dtype{order: name[0], kind: name[1]}
	digits := name[2:]
	end := 0
	for end < len(digits) && '0' <= digits[end] && digits[end] <= '9' {
		end++
	}
	n, err := strconv.Atoi(digits[:end])
	if err != nil || n > maxItem {
		return d, bad
	}
	rest := digits[end:]
	switch d.kind {
	case 'b', 'i', 'u', 'f', 'c', 'S', 'V':
		if rest != "" {
			return d, bad
		}
	case 'U': // counted in code points, of four bytes each
		if rest != "" {
			return d, bad
		}
		n *= 4
	case 'm', 'M': // the unit is in brackets
		if rest != "" && (rest[0] != '[' || rest[len(rest)-1] != ']') {
			return d, bad
		}
	default:
		return d, bad
	}
	switch d.order {
	case '<', '>':
	case '|':
		if n > 1 && d.kind != 'S' && d.kind != 'V' {
			return d, bad
		}
	default:
		return d, bad
	}
	d.size = n
	return d, nil
}

// clip bounds what an error quotes of a peer's words.
func clip(s string) string { return s[:min(len(s), 32)] }

// typeName is NumPy's name of T in little-endian order.
func typeName[T Element]() string {
	switch any(*new(T)).(type) {
	case bool:
		return "|b1"
	case int8:
		return "|i1"
	case int16:
		return "<i2"
	case int32:
		return "<i4"
	case int64:
		return "<i8"
	case uint8:
		return "|u1"
	case uint16:
		return "<u2"
	case uint32:
		return "<u4"
	case uint64:
		return "<u8"
	case float32:
		return "<f4"
	case float64:
		return "<f8"
	case complex64:
		return "<c8"
	}
	return "<c16"
}

// As returns the elements of e as a Go type, which must be of the kind and size
// that e has: no number is widened, cut or rounded. Its Data is a copy, and its
// Shape is e's.
func As[T Element](e Encoded) (Array[T], error) {
	have, n, err := e.check()
	if err != nil {
		return Array[T]{}, err
	}
	// Kind and size are compared, not the name: the byte order is the peer's choice.
	want, _ := parseType(typeName[T]())
	if have.kind != want.kind || have.size != want.size {
		return Array[T]{}, fmt.Errorf("%w: is an array of %q, want %q, Go's %T", ErrType, e.Type, typeName[T](), *new(T))
	}
	var order binary.ByteOrder = binary.LittleEndian
	if have.order == '>' {
		order = binary.BigEndian
	}
	a := Array[T]{Shape: e.Shape, Data: make([]T, n)} // n was checked against the bytes
	switch data := any(a.Data).(type) {
	case []complex64: // package binary would go by reflection
		for i := range data {
			data[i] = complex(math.Float32frombits(order.Uint32(e.Data[8*i:])), math.Float32frombits(order.Uint32(e.Data[8*i+4:])))
		}
	case []complex128:
		for i := range data {
			data[i] = complex(math.Float64frombits(order.Uint64(e.Data[16*i:])), math.Float64frombits(order.Uint64(e.Data[16*i+8:])))
		}
	default:
		if _, err := binary.Decode(e.Data, order, a.Data); err != nil {
			return Array[T]{}, fmt.Errorf("%w: %w", ErrFormat, err)
		}
	}
	return a, nil
}

// appendElements returns the bytes of data in little-endian order.
func appendElements[T Element](data []T) []byte {
	le := binary.LittleEndian
	b := make([]byte, 0, len(data)*binary.Size(*new(T)))
	switch data := any(data).(type) {
	case []complex64:
		for _, c := range data {
			b = le.AppendUint32(le.AppendUint32(b, math.Float32bits(real(c))), math.Float32bits(imag(c)))
		}
		return b
	case []complex128:
		for _, c := range data {
			b = le.AppendUint64(le.AppendUint64(b, math.Float64bits(real(c))), math.Float64bits(imag(c)))
		}
		return b
	}
	b, _ = binary.Append(b, le, data) // fails for types without a size only
	return b
}
