package event

import (
	"encoding/binary"
	"fmt"
	"io"
	"reflect"
	"slices"

	"github.com/vmihailenco/msgpack/v5"
)

// This file is the only one that lets github.com/vmihailenco/msgpack/v5 encode
// or decode. v5 recurses and allocates as it is told and calls methods of the
// user's types; here its input is bounded, its output checked and its panics
// made errors.

// appendForeign appends v as msgpack/v5 encodes it, if that is one sound value
// of at most depth levels.
func appendForeign(b []byte, v reflect.Value, depth int) (out []byte, err error) {
	if !v.CanAddr() { // v5 finds methods of *T only so
		p := reflect.New(v.Type())
		p.Elem().Set(v)
		v = p.Elem()
	}
	out, err = encodeForeign(b, v)
	if err == nil { // a method of the user's may have written anything
		var end int
		end, err = skip(out, len(b), depth)
		if err == nil && end != len(out) {
			err = fmt.Errorf("%w: it was encoded as more than one value", ErrFormat)
		}
	}
	if err != nil {
		return b, &ValueError{Type: v.Type().String(), Err: err}
	}
	return out, nil
}

// encodeForeign has msgpack/v5 append v. A panic is an error.
func encodeForeign(b []byte, v reflect.Value) (out []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			out, err = b, fmt.Errorf("panic while encoding: %v", p)
		}
	}()
	w := sliceWriter{b}
	enc := msgpack.GetEncoder()
	enc.Reset(&w)
	enc.UseCompactInts(true)
	enc.SetSortMapKeys(true)
	if err := enc.EncodeValue(v); err != nil {
		return b, err
	}
	msgpack.PutEncoder(enc) // not after a panic: its state is unknown then
	return w.b, nil
}

// sliceWriter appends. It has WriteByte, which spares v5 an adapter.
type sliceWriter struct{ b []byte }

// Write appends p and never fails.
func (w *sliceWriter) Write(p []byte) (int, error) {
	w.b = append(w.b, p...)
	return len(p), nil
}

// WriteByte appends c and never fails.
func (w *sliceWriter) WriteByte(c byte) error {
	w.b = append(w.b, c)
	return nil
}

// decodeForeign has msgpack/v5 decode the one value raw into v, which is
// addressable. raw was checked by skip, so v5's recursion is bounded and every
// length outside ext data is true. v5 may keep nothing of raw: its reader copies.
func decodeForeign(raw []byte, v reflect.Value) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic while decoding %s: %v", v.Type(), p)
		}
	}()
	dec := msgpack.GetDecoder()
	dec.Reset(&guardedReader{b: raw, traps: extTraps(raw)})
	if err := dec.DecodeValue(v); err != nil {
		return fmt.Errorf("is %s, cannot become %s: %w", Kind(raw), v.Type(), err)
	}
	msgpack.PutDecoder(dec)
	return nil
}

// guardedReader reads a checked value for msgpack/v5. v5, told to decode a map,
// passes over the head of an ext value and takes the ext's data for the map;
// that data is not checked, and a length in it of four billion would be
// allocated at once. Map heads are read byte by byte and ext data in bulk, so
// such a head shows as a byte read at the start of ext data.
type guardedReader struct {
	b     []byte
	i     int
	traps []int // offsets that ReadByte must not read, ascending
}

// Read gives out content in bulk, ext data among it.
func (r *guardedReader) Read(p []byte) (int, error) {
	if r.i == len(r.b) {
		return 0, io.EOF
	}
	n := copy(p, r.b[r.i:])
	r.i += n
	return n, nil
}

// ReadByte gives out heads, and fails at a trap. Honest input has next to none, but
// a peer may send nothing else, so they are not looked at one by one.
func (r *guardedReader) ReadByte() (byte, error) {
	if r.i == len(r.b) {
		return 0, io.EOF
	}
	if _, trap := slices.BinarySearch(r.traps, r.i); trap {
		return 0, fmt.Errorf("%w: ext data read as a map", ErrFormat)
	}
	r.i++
	return r.b[r.i-1], nil
}

// UnreadByte steps back; v5 peeks so.
func (r *guardedReader) UnreadByte() error {
	if r.i == 0 {
		return io.ErrNoProgress
	}
	r.i--
	return nil
}

// extTraps returns the offsets of ext data that begins like a map or array with
// more elements than bytes.
func extTraps(b []byte) (traps []int) {
	for i := 0; i < len(b); {
		t, next, err := readToken(b, i)
		if err != nil {
			return traps
		}
		i = next
		switch t.kind {
		case kindStr, kindBin:
			i += t.n
		case kindExt:
			if i+5 <= len(b) && (b[i] == 0xdf || b[i] == 0xdd) && uint64(binary.BigEndian.Uint32(b[i+1:])) > uint64(len(b)) {
				traps = append(traps, i)
			}
			i += t.n
		}
	}
	return traps
}
