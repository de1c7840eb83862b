// Package ndarray carries NumPy arrays to and from Python programs that use the
// msgpack-numpy package.
//
// An Array is a parameter or a result like any other value:
//
//	srv.Handle("scale", func(a ndarray.Array[float64], by float64) ndarray.Array[float64] {
//		for i := range a.Data {
//			a.Data[i] *= by
//		}
//		return a
//	})
//
// The Python side calls msgpack_numpy.patch() before it imports zerorpc, and then
// passes and gets arrays. On the wire an array is a map with keys of type bin:
//
//	nd     true; false for a NumPy scalar, which has no kind and no shape
//	type   NumPy's name of the element type: "<f8"
//	kind   empty; "V" for records, "O" for pickled objects
//	shape  a list of dimensions
//	data   the elements in row-major (C) order, as bin
//
// Element types are bool and Go's int, uint, float and complex types of a fixed
// size, in either byte order. An Encoded takes every other that has a fixed size
// (half floats, dates, text) as bytes. Records are refused, and pickled objects
// above all: unpickling runs what the peer sent.
package ndarray
