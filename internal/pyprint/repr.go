package pyprint

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// lowerHex are the digits of escapes: Python writes them in lower case.
const lowerHex = "0123456789abcdef"

// AppendRepr appends Python's repr of the one msgpack value in raw, dict keys in pprint's sorted order.
// On error it returns b as it was.
func AppendRepr(b, raw []byte) ([]byte, error) {
	v, err := Decode(raw)
	if err != nil {
		return b, err
	}
	return appendRepr(b, v), nil
}

// Quote returns repr of a str.
func Quote(s string) string { return string(appendStrRepr(nil, s)) }

// AppendStr appends Python's str of a decoded value: a str's own characters, the repr of everything else.
func AppendStr(b []byte, v any) []byte {
	if s, ok := v.(string); ok {
		return append(b, s...)
	}
	return appendReprOf(b, v, false)
}

// appendRepr appends repr(v) as pprint shows it on one line: the keys of dicts sorted.
func appendRepr(b []byte, v any) []byte { return appendReprOf(b, v, true) }

// appendReprOf appends repr(v), the keys of dicts sorted or, as repr itself has them, in their own order.
func appendReprOf(b []byte, v any, sorted bool) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "None"...)
	case bool:
		if v {
			return append(b, "True"...)
		}
		return append(b, "False"...)
	case int64, uint64:
		return appendInt(b, v)
	case float64:
		return appendFloat(b, v)
	case string:
		return appendStrRepr(b, v)
	case []byte:
		return appendBytesRepr(b, v)
	case []any:
		b = append(b, '[')
		for i, e := range v {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = appendReprOf(b, e, sorted)
		}
		return append(b, ']')
	case *Dict:
		b = append(b, '{')
		for i, j := range v.order(sorted) {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = appendReprOf(b, v.keys[j], sorted)
			b = append(b, ": "...)
			b = appendReprOf(b, v.values[j], sorted)
		}
		return append(b, '}')
	// These two are classes of Python's msgpack, one a named tuple; both show their fields by name.
	case Ext:
		b = append(b, "ExtType(code="...)
		b = strconv.AppendInt(b, int64(v.Code), 10)
		b = append(b, ", data="...)
		return append(appendBytesRepr(b, v.Data), ')')
	case Timestamp:
		b = append(b, "Timestamp(seconds="...)
		b = strconv.AppendInt(b, v.Seconds, 10)
		b = append(b, ", nanoseconds="...)
		return append(strconv.AppendUint(b, uint64(v.Nanos), 10), ')')
	}
	return b
}

// appendFloat appends repr of a float: the shortest digits that read back, an exponent from 1e16 up and below 1e-4,
// and always a sign that it is a float.
func appendFloat(b []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(b, "nan"...)
	case math.IsInf(f, 1):
		return append(b, "inf"...)
	case math.IsInf(f, -1):
		return append(b, "-inf"...)
	}
	// The exponent must be that of the shortest digits, not of f: 9.999999999999999e15 and 1e16 lie side by side.
	n := len(b)
	b = strconv.AppendFloat(b, f, 'e', -1, 64)
	e := strings.LastIndexByte(string(b[n:]), 'e')
	exp, _ := strconv.Atoi(string(b[n+e+1:]))
	if exp < -4 || exp >= 16 {
		return b
	}
	// The digits are the same in both notations: the shortest that read back as f.
	b = strconv.AppendFloat(b[:n], f, 'f', -1, 64)
	if strings.IndexByte(string(b[n:]), '.') < 0 {
		b = append(b, ".0"...)
	}
	return b
}

// quoteFor returns the quote that repr chooses: single, unless that alone would need escaping.
func quoteFor(single, double bool) byte {
	if single && !double {
		return '"'
	}
	return '\''
}

// appendStrRepr appends repr of a str. Bytes that are no UTF-8 appear as the lone surrogates \udc80 to \udcff that
// Python's surrogateescape makes of them.
func appendStrRepr(b []byte, s string) []byte {
	// The quotes are chosen by the whole string, so that a string cut in pieces may change them from piece to piece.
	q := quoteFor(strings.IndexByte(s, '\'') >= 0, strings.IndexByte(s, '"') >= 0)
	b = append(b, q)
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == rune(q) || r == '\\':
			b = append(b, '\\', byte(r))
		case r == utf8.RuneError && n == 1:
			b = append(b, `\udc`...)
			b = append(b, lowerHex[s[i]>>4], lowerHex[s[i]&15])
		default:
			b = appendRuneRepr(b, r)
		}
		i += n
	}
	return append(b, q)
}

// appendRuneRepr appends one character, escaped unless Python's str.isprintable holds for it. Go's unicode.IsPrint is
// the same definition: letters, marks, numbers, punctuation, symbols and the ASCII space.
func appendRuneRepr(b []byte, r rune) []byte {
	switch {
	case r == '\n':
		return append(b, `\n`...)
	case r == '\r':
		return append(b, `\r`...)
	case r == '\t':
		return append(b, `\t`...)
	case r >= ' ' && r < 0x7f || r > 0x7f && unicode.IsPrint(r):
		return utf8.AppendRune(b, r)
	case r < 0x100:
		return append(b, '\\', 'x', lowerHex[r>>4], lowerHex[r&15])
	}
	// Beyond Latin-1 an escape has as many digits as the character needs: four, or eight.
	digits := 4
	if r > 0xffff {
		b = append(b, `\U`...)
		digits = 8
	} else {
		b = append(b, `\u`...)
	}
	for shift := 4 * (digits - 1); shift >= 0; shift -= 4 {
		b = append(b, lowerHex[r>>shift&15])
	}
	return b
}

// appendBytesRepr appends repr of a bytes value: b'…', everything outside printable ASCII as \xNN.
func appendBytesRepr(b, s []byte) []byte {
	var single, double bool
	for _, c := range s {
		single = single || c == '\''
		double = double || c == '"'
	}
	q := quoteFor(single, double)
	b = append(b, 'b', q)
	for _, c := range s {
		switch {
		case c == q || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\r':
			b = append(b, `\r`...)
		case c == '\t':
			b = append(b, `\t`...)
		case c < ' ' || c >= 0x7f:
			b = append(b, '\\', 'x', lowerHex[c>>4], lowerHex[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, q)
}
