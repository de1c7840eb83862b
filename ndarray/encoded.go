package ndarray

import (
	"errors"
	"fmt"
	"math"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/zrpc-go/zrpc/event"
)

var (
	// ErrFormat: the value is no map as msgpack-numpy writes them.
	ErrFormat = errors.New("not a NumPy array")
	// ErrType: an element type that is unknown, refused or not the one asked for.
	ErrType = errors.New("NumPy element type")
	// ErrShape: a shape that its elements do not fill.
	ErrShape = errors.New("array shape")
)

const (
	// MaxDims is NumPy's own bound on dimensions, and so on what a peer's shape
	// may cost.
	MaxDims = 64

	// maxElements keeps the number of elements, times the largest element, within
	// an int.
	maxElements = math.MaxInt / 16
)

// Encoded is an array as it travels: for element types that Go has none for, and
// for programs that learn the type from the array. As gives it a Go type. The zero
// value is Python's None, both ways.
type Encoded struct {
	Type  string // NumPy's name of the element type, byte order first: "<f8", "|b1", "<M8[ns]"
	Shape []int  // the length of each dimension; empty: a single element
	Data  []byte // the elements in row-major order
}

// check reads the type and says whether the bytes fill the shape with n elements.
func (e Encoded) check() (d dtype, n int, err error) {
	if d, err = parseType(e.Type); err != nil {
		return d, 0, err
	}
	n, ok := count(e.Shape)
	if !ok || d.size > 0 && n > math.MaxInt/d.size || n*d.size != len(e.Data) {
		return d, 0, fmt.Errorf("%w: %d bytes do not fill %v with elements %q", ErrShape, len(e.Data), e.Shape, e.Type)
	}
	return d, n, nil
}

// EncodeMsgpack writes the array as msgpack-numpy does. It is called by package
// event, and by msgpack/v5. Bytes that do not fill the shape are ErrShape.
func (e Encoded) EncodeMsgpack(enc *msgpack.Encoder) error {
	if e.Type == "" && len(e.Shape) == 0 && len(e.Data) == 0 {
		return enc.EncodeNil()
	}
	if _, _, err := e.check(); err != nil {
		return err
	}
	// The order of the keys is Python's, so that equal arrays have equal bytes.
	b := make([]byte, 0, 64+len(e.Type)+9*len(e.Shape)+len(e.Data))
	b = event.AppendMapHeader(b, 5)
	b = event.AppendBool(event.AppendBin(b, []byte("nd")), true)
	b = event.AppendString(event.AppendBin(b, []byte("type")), e.Type)
	b = event.AppendBin(event.AppendBin(b, []byte("kind")), nil)
	b = event.AppendArrayHeader(event.AppendBin(b, []byte("shape")), len(e.Shape))
	for _, d := range e.Shape {
		b = event.AppendInt(b, int64(d))
	}
	b = event.AppendBin(event.AppendBin(b, []byte("data")), e.Data)
	_, err := enc.Writer().Write(b)
	return err
}

// DecodeMsgpack reads what msgpack-numpy wrote: an array, or a NumPy scalar as an
// array without dimensions. Keys may be bin or str. Data is a copy.
func (e *Encoded) DecodeMsgpack(dec *msgpack.Decoder) error {
	raw, err := dec.DecodeRaw()
	if err != nil {
		return err
	}
	var m map[string]event.Raw // takes bin keys too
	if err := event.Decode(raw, &m); err != nil {
		return fmt.Errorf("%w: %w", ErrFormat, err)
	}
	var array bool
	if event.Decode(m["nd"], &array) != nil {
		return fmt.Errorf("%w: a map without nd; does the peer use msgpack-numpy?", ErrFormat)
	}
	// Before the type is read: for these two it is a list and no name.
	if kind, _ := event.Text(m["kind"]); len(kind) > 0 {
		if string(kind) == "O" {
			return fmt.Errorf("%w: objects are sent as pickles, which run code; send numbers or plain lists", ErrType)
		}
		return fmt.Errorf("%w: records (kind %q) have no form here; send one array for each field", ErrType, clip(string(kind)))
	}
	got := Encoded{Shape: []int{}}
	name, ok := event.Text(m["type"])
	data, ok2 := event.Text(m["data"])
	if !ok || !ok2 {
		return fmt.Errorf("%w: type is %s and data %s, want str and bin", ErrFormat, event.Kind(m["type"]), event.Kind(m["data"]))
	}
	got.Type, got.Data = string(name), data // raw, and so its copies in m, are ours
	if array {
		if n, _, err := event.ArrayLen(m["shape"]); err != nil {
			return fmt.Errorf("%w: shape is %s, want array", ErrFormat, event.Kind(m["shape"]))
		} else if n > MaxDims {
			return fmt.Errorf("%w: %d dimensions, %d is the most", ErrShape, n, MaxDims)
		}
		if err := event.Decode(m["shape"], &got.Shape); err != nil {
			return fmt.Errorf("%w: %w", ErrShape, err)
		}
	}
	if _, _, err := got.check(); err != nil {
		return err
	}
	*e = got
	return nil
}
