package event

import (
	"fmt"
	"math"
)

// Parse reads the event at the start of b into e; what e held is forgotten.
// Bytes after the event are ignored, as the Python peer ignores them.
//
// It accepts what Python's Event.unpack accepts, and more leniently treats map
// keys that are no text: in the header they are skipped, elsewhere they are
// data. Text is not checked to be UTF-8. After an error e holds nothing of use,
// except after ErrName, when only the name is missing.
//
// Parse allocates only for errors and for names that are no text.
func Parse(b []byte, e *Event) error {
	*e = Event{Version: 1}
	i := 1 // behind the usual head: an array of exactly 3 in one byte
	if len(b) == 0 || b[0] != 0x93 {
		n, next, err := ArrayLen(b)
		if err != nil {
			return fmt.Errorf("reading the event: %w", err)
		}
		if n != 3 {
			return fmt.Errorf("%w: an event has 3 elements, this one has %d", ErrFormat, n)
		}
		i = next
	}
	i, err := e.parseHeader(b, i)
	if err != nil {
		return err
	}
	i, nameErr := e.parseName(b, i)
	if nameErr != nil && i < 0 {
		return nameErr
	}
	end, err := Skip(b, i)
	if err != nil {
		return fmt.Errorf("args of event %q: %w", e.Name, err)
	}
	e.Args = b[i:end:end]
	return nameErr
}

// The first bytes of each pair as both known peers write it: a fixstr key. The
// comparison with these spares the general route in the usual header.
const (
	wireMessageID  = "\xaa" + KeyMessageID
	wireResponseTo = "\xab" + KeyResponseTo
	wireVersion    = "\xa1" + KeyVersion
)

// parseHeader reads the header map at b[start:] and returns the offset after it.
// Python makes a dict of it and looks at three keys; what else is there is for
// Lookup.
func (e *Event) parseHeader(b []byte, start int) (int, error) {
	if start >= len(b) {
		return start, fmt.Errorf("header: %w", ErrTruncated)
	}
	pairs, i := int(b[start]&0x0f), start+1
	if b[start]&0xf0 != 0x80 {
		t, next, err := readToken(b, start)
		if err != nil {
			return start, fmt.Errorf("header: %w", err)
		}
		if t.kind != kindMap {
			return start, fmt.Errorf("%w: the header is %s, want map", ErrFormat, t.kind)
		}
		pairs, i = t.n, next
	}
	for range pairs {
		next, err := e.parsePair(b, i)
		if err != nil {
			return start, err
		}
		if next-start > MaxHeaderLen {
			return start, fmt.Errorf("%w: a header of more than %d bytes", ErrFormat, MaxHeaderLen)
		}
		i = next
	}
	e.Header = b[start:i:i]
	return i, nil
}

// parsePair reads one header pair and returns the offset after it. A repeated
// key overwrites, as it does in Python.
func (e *Event) parsePair(b []byte, i int) (next int, err error) {
	switch {
	case hasPrefix(b, i, wireMessageID):
		e.ID, next, err = parseID(b, i+len(wireMessageID), KeyMessageID)
		return next, err
	case hasPrefix(b, i, wireVersion):
		return e.parseVersion(b, i+len(wireVersion))
	case hasPrefix(b, i, wireResponseTo):
		e.ResponseTo, next, err = parseID(b, i+len(wireResponseTo), KeyResponseTo)
		return next, err
	}
	key, isText, next, err := readKey(b, i)
	if err != nil {
		return i, fmt.Errorf("header key: %w", err)
	}
	if isText {
		switch string(key) {
		case KeyMessageID:
			e.ID, next, err = parseID(b, next, KeyMessageID)
			return next, err
		case KeyResponseTo:
			e.ResponseTo, next, err = parseID(b, next, KeyResponseTo)
			return next, err
		case KeyVersion:
			return e.parseVersion(b, next)
		}
	}
	if next, err = Skip(b, next); err != nil {
		return i, fmt.Errorf("header key %q: %w", key, err)
	}
	return next, nil
}

// hasPrefix reports whether b[i:] begins with prefix; the conversion in the
// comparison does not allocate.
func hasPrefix(b []byte, i int, prefix string) bool {
	return len(b)-i >= len(prefix) && string(b[i:i+len(prefix)]) == prefix
}

// parseID returns the id at b[i:] as encoded, nil for msgpack nil. Lists and
// maps are refused: one such response_to leaves a Python server deaf for ever,
// and no key can be made of them here either.
func parseID(b []byte, i int, key string) (id []byte, next int, err error) {
	// Ids of both known peers: a bin or str with a length byte.
	if len(b)-i >= 2 && (b[i] == 0xc4 || b[i] == 0xd9) {
		next = i + 2 + int(b[i+1])
		if next <= len(b) && next-i <= MaxIDLen {
			return b[i:next:next], next, nil
		}
	}
	t, next, err := readToken(b, i)
	if err != nil {
		return nil, i, fmt.Errorf("%s: %w", key, err)
	}
	switch t.kind {
	case kindNil:
		return nil, next, nil
	case kindArray, kindMap:
		return nil, i, fmt.Errorf("%w: %s is %s", ErrID, key, t.kind)
	case kindStr, kindBin, kindExt:
		next += t.n
	}
	if next-i > MaxIDLen {
		return nil, i, fmt.Errorf("%w: %s of %d bytes, at most %d", ErrID, key, next-i, MaxIDLen)
	}
	return b[i:next:next], next, nil
}

// parseVersion reads the value of the header key v. A v that is no int ends the
// Python peer's task without an answer; here it is an error of the event.
func (e *Event) parseVersion(b []byte, i int) (next int, err error) {
	if i < len(b) && b[i] < 0x80 {
		e.Version = int(b[i])
		return i + 1, nil
	}
	t, next, err := readToken(b, i)
	if err != nil {
		return i, fmt.Errorf("header key v: %w", err)
	}
	switch {
	case t.kind != kindInt:
		return i, fmt.Errorf("%w: header key v is %s, want int", ErrFormat, t.kind)
	case t.neg:
		e.Version = int(max(int64(t.bits), math.MinInt32))
	default: // any version beyond ours is handled alike
		e.Version = int(min(t.bits, math.MaxInt32))
	}
	return next, nil
}
