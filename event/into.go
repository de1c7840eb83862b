package event

import "fmt"

// The decoders of this file serve the containers that methods take most, without
// reflection. Elements are cut out with Skip and handed on as values of their own,
// so that one function serves as decoder of a value and of an element.

// sliceInto stores an array whose elements decode makes. The slice is always a
// new one, so what the target held before stays as it is for others that share
// it. The target is not touched if there is an error.
func sliceInto[T any](raw []byte, p *[]T, decode func([]byte) (T, error)) error {
	if p == nil {
		return nilTarget[[]T]()
	}
	t, i, err := readToken(raw, 0)
	switch {
	case err != nil:
		return brokenValue(err)
	case t.kind == kindNil:
		*p = nil
		return nil
	case t.kind != kindArray:
		return t.mismatch(kindArray)
	}
	s := make([]T, 0, min(t.n, maxPresize))
	for n := range t.n {
		next, err := Skip(raw, i)
		if err != nil {
			return err
		}
		v, err := decode(raw[i:next])
		if err != nil {
			return at(err, indexStep(n))
		}
		s = append(s, v)
		i = next
	}
	*p = s
	return nil
}

// indexStep is an element in the path of an error.
func indexStep(i int) string { return fmt.Sprintf("[%d]", i) }

// mapInto stores a map with text keys whose values decode makes. A bin key is
// taken as decodeString takes it; a key that is no text is a *TypeError, because
// the target has no place for it. The map is always a new one: the keys of a
// value are those that came, not those that were there.
func mapInto[T any](raw []byte, p *map[string]T, decode func([]byte) (T, error)) error {
	if p == nil {
		return nilTarget[map[string]T]()
	}
	t, i, err := readToken(raw, 0)
	switch {
	case err != nil:
		return brokenValue(err)
	case t.kind == kindNil:
		*p = nil
		return nil
	case t.kind != kindMap:
		return t.mismatch(kindMap)
	}
	m := make(map[string]T, min(t.n, maxPresize))
	for range t.n {
		start := i // for the path of an error about the value
		key, err := decodeString(raw[i:])
		if err != nil {
			return at(err, "key")
		}
		if i, err = Skip(raw, i); err != nil {
			return err
		}
		next, err := Skip(raw, i)
		if err != nil {
			return err
		}
		v, err := decode(raw[i:next])
		if err != nil {
			return at(err, keyStep(raw, start))
		}
		m[key] = v
		i = next
	}
	*p = m
	return nil
}
