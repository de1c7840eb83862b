package event

import "fmt"

// Skip returns the offset just after the value at b[i:]. It is the one check
// that all input passes: it does not recurse, it stops at MaxDepth and MaxNodes,
// and a declared length that the bytes left cannot hold is ErrTruncated.
func Skip(b []byte, i int) (next int, err error) { return skip(b, i, MaxDepth) }

// skip is Skip with the limit on depth as an argument, for values that stand
// inside others. After an error the offset returned is i.
func skip(b []byte, i, maxDepth int) (int, error) {
	// Most arguments are a scalar, or a short array of short scalars: both are
	// settled here, by table, without the stack that nesting needs.
	if uint(i) >= uint(len(b)) {
		return i, ErrTruncated
	}
	c := b[i]
	if next := i + int(sizes[c]); next != i {
		if next > len(b) {
			return i, ErrTruncated
		}
		return next, nil
	}
	if c&0xf0 == 0x90 && maxDepth > 0 {
		next := i + 1
		n := int(c & 0x0f)
		for ; n > 0; n-- {
			if next >= len(b) {
				return i, ErrTruncated
			}
			s := int(sizes[b[next]])
			if s == 0 { // something longer or nested: start over, below
				break
			}
			next += s
		}
		if n == 0 {
			if next > len(b) {
				return i, ErrTruncated
			}
			return next, nil
		}
	}
	return skipNested(b, i, maxDepth)
}

// sizes is the whole length of a value, by its first byte, where that alone
// decides it; 0 elsewhere.
var sizes = func() (s [256]uint8) {
	for c := range 256 {
		switch {
		case c < 0x80 || c >= 0xe0 || c == 0xc0 || c == 0xc2 || c == 0xc3:
			s[c] = 1
		case c >= 0xa0 && c < 0xc0:
			s[c] = uint8(1 + c&0x1f)
		case c >= 0xca && c <= 0xd3:
			s[c] = 1 + widths[c-0xc0]
		case c >= 0xd4 && c <= 0xd8:
			s[c] = uint8(2 + 1<<(c-0xd4))
		}
	}
	return s
}()

// skipNested is skip for everything. pending[d] counts the values still to come
// at depth d; the stack is an array of fixed size, so hostile nesting costs no
// memory, and Go's own stack is not used at all. Time is bounded by the bytes:
// each step consumes at least one.
func skipNested(b []byte, i, maxDepth int) (int, error) {
	var pending [MaxDepth + 1]int32
	depth, nodes := 0, 0 // levels entered; elements announced so far
	pending[0] = 1
	start := i
	for {
		for pending[depth] == 0 { // leave the levels that are complete
			if depth == 0 {
				if i > len(b) {
					return start, ErrTruncated
				}
				return i, nil
			}
			depth--
		}
		pending[depth]--
		if i < len(b) {
			if s := int(sizes[b[i]]); s != 0 {
				i += s
				continue // an overrun shows at the next value or at the end
			}
		}
		t, next, err := readToken(b, i)
		if err != nil {
			return start, err
		}
		i = next
		switch t.kind {
		case kindArray, kindMap:
			n := t.n
			if t.kind == kindMap {
				n *= 2
			}
			if depth >= maxDepth {
				return start, fmt.Errorf("%w: more than %d levels", ErrTooDeep, maxDepth)
			}
			if nodes += n; nodes > MaxNodes {
				return start, fmt.Errorf("%w: more than %d", ErrTooManyNodes, MaxNodes)
			}
			depth++
			pending[depth] = int32(n) // at most MaxNodes
		case kindStr, kindBin, kindExt:
			i += t.n
		}
	}
}
