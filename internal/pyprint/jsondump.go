package pyprint

import (
	"bytes"
	"fmt"
	"math"
	"unicode/utf8"
)

// AppendJSON appends json.dumps of the one msgpack value in raw: ASCII only, ", " and ": " between parts, NaN and
// Infinity as Python spells them. Dict keys keep their order. bytes, extension types and timestamps have no JSON form:
// a *TypeError says so, and b is returned as it was.
func AppendJSON(b, raw []byte) ([]byte, error) {
	v, err := Decode(raw)
	if err != nil {
		return b, err
	}
	out, err := appendJSON(b, v)
	if err != nil {
		return b, err
	}
	return out, nil
}

// TypeError is a value that JSON cannot carry, with Python's words.
type TypeError struct{ Msg string }

func (e *TypeError) Error() string { return "TypeError: " + e.Msg }

// appendJSON appends one value of a tree. On error b holds what was written until then; the exported caller cuts it off.
func appendJSON(b []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case bool:
		if v {
			return append(b, "true"...), nil
		}
		return append(b, "false"...), nil
	case int64, uint64:
		return appendInt(b, v), nil
	case float64:
		return appendJSONFloat(b, v), nil
	case string:
		return appendJSONString(b, v), nil
	case []any:
		return appendJSONList(b, v)
	case *Dict:
		return appendJSONDict(b, v)
	case Ext: // a named tuple is a list to Python's json, and its data are bytes
		return b, notSerializable([]byte(nil))
	}
	return b, notSerializable(v)
}

// notSerializable is what json.dumps raises for a type it does not know.
func notSerializable(v any) error {
	return &TypeError{fmt.Sprintf("Object of type %s is not JSON serializable", typeName(v))}
}

// appendJSONList writes a list on one line: json.dumps breaks lines only when asked to indent.
func appendJSONList(b []byte, l []any) (_ []byte, err error) {
	b = append(b, '[')
	for i, e := range l {
		if i > 0 {
			b = append(b, ", "...)
		}
		if b, err = appendJSON(b, e); err != nil {
			return b, err
		}
	}
	return append(b, ']'), nil
}

// appendJSONDict writes the pairs in the order they came in. Keys that become the same text, 1 and "1", both appear, as
// they do in Python.
func appendJSONDict(b []byte, d *Dict) (_ []byte, err error) {
	b = append(b, '{')
	for i, k := range d.keys {
		if i > 0 {
			b = append(b, ", "...)
		}
		switch k := k.(type) {
		case string:
			b = appendJSONString(b, k)
		case nil, bool, int64, uint64, float64: // JSON knows string keys only: Python writes the scalar in quotes
			b = append(b, '"')
			b, _ = appendJSON(b, k)
			b = append(b, '"')
		default:
			return b, &TypeError{"keys must be str, int, float, bool or None, not " + typeName(k)}
		}
		b = append(b, ": "...)
		if b, err = appendJSON(b, d.values[i]); err != nil {
			return b, err
		}
	}
	return append(b, '}'), nil
}

// appendJSONFloat is float.__repr__ but for the three values that JSON itself cannot express; Python writes them in
// JavaScript's words, which its own reader takes back.
func appendJSONFloat(b []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(b, "NaN"...)
	case math.IsInf(f, 1):
		return append(b, "Infinity"...)
	case math.IsInf(f, -1):
		return append(b, "-Infinity"...)
	}
	return appendFloat(b, f)
}

// appendJSONString appends s in quotes with everything outside printable ASCII escaped, characters above U+FFFF as a
// surrogate pair. Bytes that are no UTF-8 appear as the lone surrogates of Python's surrogateescape.
func appendJSONString(b []byte, s string) []byte {
	// The characters that have an escape of one letter, and the letters. "/" has one as well, which no writer uses.
	const short = "\"\\\n\r\t\f\b"
	const letter = "\"\\nrtfb"
	b = append(b, '"')
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch j := bytes.IndexRune([]byte(short), r); {
		case r == utf8.RuneError && n == 1:
			b = appendJSONEscape(b, 0xdc00+rune(s[i]))
		case j >= 0 && r < utf8.RuneSelf:
			b = append(b, '\\', letter[j])
		case r >= ' ' && r <= '~':
			b = append(b, byte(r))
		case r > 0xffff:
			r -= 0x10000
			b = appendJSONEscape(b, 0xd800+r>>10)
			b = appendJSONEscape(b, 0xdc00+r&0x3ff)
		default:
			b = appendJSONEscape(b, r)
		}
		i += n
	}
	return append(b, '"')
}

// appendJSONEscape appends \uXXXX for one UTF-16 code unit.
func appendJSONEscape(b []byte, r rune) []byte {
	return append(b, '\\', 'u', lowerHex[r>>12&15], lowerHex[r>>8&15], lowerHex[r>>4&15], lowerHex[r&15])
}
