package method

import (
	"fmt"
	"unicode/utf8"

	"github.com/zrpc-go/zrpc/event"
)

// spread returns args, which is no array, as the array of arguments that a
// Python server would make of it by f(*args): the characters of a str, the
// numbers of a bin, the keys of a map, code and data of an ext. What cannot be
// iterated is refused in Python's words.
//
// The elements are counted before anything is allocated.
func (m *Method) spread(args []byte) ([]byte, error) {
	switch event.Kind(args) {
	case "str":
		return m.spreadText(args)
	case "bin": // iterating Python's bytes gives ints
		data, ok := event.Text(args)
		if !ok {
			return nil, event.ErrFormat
		}
		out, err := m.header(len(data))
		if err != nil {
			return nil, err
		}
		for _, c := range data {
			out = event.AppendUint(out, uint64(c))
		}
		return out, nil
	case "map":
		return m.spreadMap(args)
	case "ext":
		return m.spreadExt(args)
	case "nil":
		return nil, m.notIterable("NoneType")
	case "invalid":
		return nil, event.ErrFormat
	}
	return nil, m.notIterable(event.Kind(args)) // bool, int, float are called so in Python too
}

// notIterable names the type in Python's way, because the caller reads it there.
func (m *Method) notIterable(python string) error {
	return m.listError(fmt.Sprintf("argument after * must be an iterable, not %s", python))
}

// header starts the array of n arguments, or says that the method does not take so many.
func (m *Method) header(n int) ([]byte, error) {
	if n < m.minArg || n > m.maxArg {
		return nil, m.countError(n)
	}
	return event.AppendArrayHeader(nil, n), nil
}

// spreadText makes a str of each character, as Python counts them.
func (m *Method) spreadText(args []byte) ([]byte, error) {
	text, ok := event.Text(args)
	if !ok {
		return nil, event.ErrFormat
	}
	out, err := m.header(utf8.RuneCount(text))
	if err != nil {
		return nil, err
	}
	for len(text) > 0 {
		// A byte that is no UTF-8 counts as one character and stays as it is.
		_, size := utf8.DecodeRune(text)
		out = event.AppendString(out, string(text[:size]))
		text = text[size:]
	}
	return out, nil
}

// spreadMap takes the keys as they are encoded and skips the values. A key that
// is there twice counts twice; Python would have merged it.
func (m *Method) spreadMap(args []byte) ([]byte, error) {
	n, off, err := event.MapLen(args)
	if err != nil {
		return nil, err
	}
	out, err := m.header(n)
	if err != nil {
		return nil, err
	}
	for range n {
		next, err := event.Skip(args, off)
		if err != nil {
			return nil, err
		}
		out = append(out, args[off:next]...)
		if off, err = event.Skip(args, next); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// spreadExt takes apart an ext, whose type in Python is a tuple of code and data.
func (m *Method) spreadExt(args []byte) ([]byte, error) {
	x, err := event.DecodeAny(args)
	if err != nil {
		return nil, err
	}
	// Python has a named tuple for an ext, but not for the timestamp.
	e, ok := x.(event.Ext)
	if !ok {
		return nil, m.notIterable("Timestamp")
	}
	out, err := m.header(2)
	if err != nil {
		return nil, err
	}
	return event.AppendBin(event.AppendInt(out, int64(e.Type)), e.Data), nil
}
