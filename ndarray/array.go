package ndarray

import (
	"fmt"

	"github.com/vmihailenco/msgpack/v5"
)

// Element is what an Array may hold. Go's int and uint are not among them: NumPy's
// types have sizes.
type Element interface {
	bool | int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 |
		float32 | float64 | complex64 | complex128
}

// Array is an array of any number of dimensions. Its zero value has none and, unlike
// NumPy's, no element; it is what a None is received as, and is sent as an empty
// array of one dimension.
type Array[T Element] struct {
	Shape []int // the length of each dimension; empty: a single element
	Data  []T   // the elements, those of the last dimension side by side
}

// New returns an array of zeros. It panics like make if a length is negative, or
// if there would be more elements than memory can hold.
func New[T Element](shape ...int) Array[T] {
	n, ok := count(shape)
	if !ok {
		panic(fmt.Sprintf("ndarray: New: no array has the shape %v", shape))
	}
	return Array[T]{Shape: shape, Data: make([]T, n)}
}

// Of returns an array of one dimension, or of the given shape, which holds data
// itself and no copy. A shape that data does not fill is ErrShape.
func Of[T Element](data []T, shape ...int) (Array[T], error) {
	if len(shape) == 0 {
		shape = []int{len(data)}
	}
	a := Array[T]{Shape: shape, Data: data}
	return a, a.check()
}

// At returns the element at an index of as many numbers as there are dimensions.
// It panics, like indexing a slice, if there is none.
func (a Array[T]) At(index ...int) T { return a.Data[a.offset(index)] }

// Set sets the element at an index; as At.
func (a Array[T]) Set(v T, index ...int) { a.Data[a.offset(index)] = v }

func (a Array[T]) offset(index []int) int {
	if len(index) != len(a.Shape) {
		panic(fmt.Sprintf("ndarray: index %v in an array of %d dimensions", index, len(a.Shape)))
	}
	at := 0 // row-major: each dimension multiplies what those before it came to
	for i, n := range index {
		if n < 0 || n >= a.Shape[i] {
			panic(fmt.Sprintf("ndarray: index %v out of range of shape %v", index, a.Shape))
		}
		at = at*a.Shape[i] + n
	}
	return at
}

// check says whether the elements fill the shape.
func (a Array[T]) check() error {
	if n, ok := count(a.Shape); !ok || n != len(a.Data) {
		return fmt.Errorf("%w: %d elements do not fill %v", ErrShape, len(a.Data), a.Shape)
	}
	return nil
}

// count is the number of elements of a shape; ok is false for a negative
// dimension, too many of them, and a number beyond what an int holds.
func count(shape []int) (n int, ok bool) {
	if len(shape) > MaxDims {
		return 0, false
	}
	n = 1
	for _, d := range shape {
		switch {
		case d < 0:
			return 0, false
		case d == 0: // go on: another dimension may be negative
			n = 0
		case n > maxElements/d:
			return 0, false
		default:
			n *= d
		}
	}
	return n, true
}

// EncodeMsgpack writes the array as msgpack-numpy does, in little-endian order.
// It is called by package event, and by msgpack/v5. An array whose elements do not
// fill its shape is ErrShape.
func (a Array[T]) EncodeMsgpack(enc *msgpack.Encoder) error {
	if a.Shape == nil && len(a.Data) == 0 {
		a.Shape = []int{0}
	}
	if err := a.check(); err != nil {
		return err
	}
	return Encoded{Type: typeName[T](), Shape: a.Shape, Data: appendElements(a.Data)}.EncodeMsgpack(enc)
}

// DecodeMsgpack reads an array of exactly this element type, or a NumPy scalar
// of it. The array shares no memory with what was received.
func (a *Array[T]) DecodeMsgpack(dec *msgpack.Decoder) error {
	var e Encoded
	if err := e.DecodeMsgpack(dec); err != nil {
		return err
	}
	got, err := As[T](e)
	if err != nil {
		return err
	}
	*a = got
	return nil
}
