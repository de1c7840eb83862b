package event

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// parseName reads the event name at b[i:] and returns the offset after it, or a
// negative offset if the event cannot be read any further. Text in one byte's
// head, up to 31 bytes, is the usual case and is only sliced.
func (e *Event) parseName(b []byte, i int) (next int, err error) {
	if i < len(b) && b[i]&0xe0 == 0xa0 {
		end := i + 1 + int(b[i]&0x1f)
		if end <= len(b) {
			e.Name = b[i+1 : end : end]
			return end, nil
		}
	}
	t, j, err := readToken(b, i)
	if err != nil {
		return -1, fmt.Errorf("event name: %w", err)
	}
	switch t.kind {
	case kindStr, kindBin, kindExt:
		next = j + t.n
		if t.n > MaxNameLen { // before any text is made of it
			return next, fmt.Errorf("%w: %d bytes, at most %d", ErrName, t.n, MaxNameLen)
		}
	case kindArray, kindMap:
		if next, err = Skip(b, i); err != nil {
			return -1, fmt.Errorf("event name: %w", err)
		}
		return next, &NameError{Kind: t.kind.String()}
	default:
		next = j
	}
	if t.kind == kindStr {
		e.Name = b[j:next:next]
		return next, nil
	}
	e.Name = []byte(pythonText(t, b[j:next]))
	return next, nil
}

// pythonText is what Python's str makes of a scalar. A Python server looks the
// name up as such and answers NameError with this text, which callers compare.
func pythonText(t token, content []byte) string {
	switch t.kind {
	case kindNil:
		return "None"
	case kindBool:
		if t.bits != 0 {
			return "True"
		}
		return "False"
	case kindInt:
		return intText(t)
	case kindFloat:
		return pythonFloat(math.Float64frombits(t.bits))
	case kindBin:
		return pythonBytes(content)
	}
	if v, ok := extValue(t.ext, content).(time.Time); ok {
		return fmt.Sprintf("Timestamp(seconds=%d, nanoseconds=%d)", v.Unix(), v.Nanosecond())
	}
	return fmt.Sprintf("ExtType(code=%d, data=%s)", t.ext, pythonBytes(content))
}

// intText returns a kindInt token in decimal.
func intText(t token) string {
	if t.neg {
		return strconv.FormatInt(int64(t.bits), 10)
	}
	return strconv.FormatUint(t.bits, 10)
}

// pythonFloat is repr(float): the shortest digits that round-trip, with an
// exponent below 1e-4 and from 1e16 on, and always with a sign that it is a float.
func pythonFloat(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// pythonBytes is repr(bytes): quoted with ' unless that alone would have to be
// escaped, and everything but printable ASCII in hex.
func pythonBytes(p []byte) string {
	quote := byte('\'')
	if strings.Contains(string(p), "'") && !strings.Contains(string(p), `"`) {
		quote = '"'
	}
	s := append(make([]byte, 0, len(p)+3), 'b', quote)
	for _, c := range p {
		switch {
		case c == quote || c == '\\':
			s = append(s, '\\', c)
		case c == '\t':
			s = append(s, '\\', 't')
		case c == '\n':
			s = append(s, '\\', 'n')
		case c == '\r':
			s = append(s, '\\', 'r')
		case c < ' ' || c > '~':
			s = fmt.Appendf(s, `\x%02x`, c)
		default:
			s = append(s, c)
		}
	}
	return string(append(s, quote))
}
