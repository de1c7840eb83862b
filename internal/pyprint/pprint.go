package pyprint

import "unicode/utf8"

// Width is the line length that pprint aims at, in characters.
const Width = 80

// AppendPretty appends pprint.pformat of the one msgpack value in raw, without a final newline.
// On error it returns b as it was.
func AppendPretty(b, raw []byte) ([]byte, error) {
	v, err := Decode(raw)
	if err != nil {
		return b, err
	}
	return AppendPrettyValue(b, v), nil
}

// AppendPrettyValue is AppendPretty for a value that Decode returned.
func AppendPrettyValue(b []byte, v any) []byte {
	p := printer{out: b}
	p.format(v, 0, 0, 0)
	return p.out
}

// printer is pprint.PrettyPrinter with its default settings. indent is the column the value begins at, allowance the
// number of characters that must fit behind it on its last line (closing brackets, a comma), level the nesting.
//
// All recursion is bounded by the depth of a decoded tree.
type printer struct {
	out []byte // what has been written; the caller's buffer, extended
}

// format writes v on one line if it fits, else in the broken form of its type.
func (p *printer) format(v any, indent, allowance, level int) {
	mark := len(p.out)
	if p.oneLine(v, Width-indent-allowance) >= 0 {
		return
	}
	p.out = p.out[:mark]
	switch v := v.(type) {
	case []any:
		p.list(v, indent, allowance+1, level+1)
	case *Dict:
		p.dict(v, indent, allowance+1, level+1)
	case string:
		p.str(v, indent, allowance, level+1)
	case []byte:
		p.bytes(v, indent, allowance, level+1)
	default: // nothing else can be broken
		p.out = appendRepr(p.out, v)
	}
}

// oneLine appends repr(v) and returns how many of left characters remain, or a negative number as soon as v is known
// not to fit; the output is then incomplete. Stopping early keeps deeply nested values linear: pprint asks this
// question again at every level.
func (p *printer) oneLine(v any, left int) int {
	switch v := v.(type) {
	case []any:
		left = p.put("[", left)
		for i, e := range v {
			if i > 0 {
				left = p.put(", ", left)
			}
			if left = p.oneLine(e, left); left < 0 {
				return left
			}
		}
		return p.put("]", left)
	case *Dict:
		// A pair takes six characters at least, "k: v" and ", " or the braces: do not sort what cannot fit.
		// Sorting costs the most of all here, and an outer level will ask again.
		if left < 0 || len(v.keys) > left/6 {
			return -1
		}
		left = p.put("{", left)
		for i, j := range v.sorted() {
			if i > 0 {
				left = p.put(", ", left)
			}
			left = p.oneLine(v.keys[j], left)
			left = p.put(": ", left)
			if left = p.oneLine(v.values[j], left); left < 0 {
				return left
			}
		}
		return p.put("}", left)
	// A lower bound of the width spares writing out what is obviously too long.
	case string:
		if len(v)/utf8.UTFMax > left {
			return -1
		}
	case []byte:
		if len(v) > left {
			return -1
		}
	case Ext:
		if len(v.Data) > left {
			return -1
		}
	}
	n := len(p.out)
	p.out = appendRepr(p.out, v)
	return left - utf8.RuneCount(p.out[n:])
}

// put appends ASCII text and counts it.
func (p *printer) put(s string, left int) int {
	p.out = append(p.out, s...)
	return left - len(s)
}

// newline ends the line and indents the next one.
func (p *printer) newline(indent int) {
	p.out = append(p.out, '\n')
	for range indent {
		p.out = append(p.out, ' ')
	}
}

// list writes one element a line.
func (p *printer) list(l []any, indent, allowance, level int) {
	p.out = append(p.out, '[')
	for i, e := range l {
		if i > 0 {
			p.out = append(p.out, ',')
			p.newline(indent + 1)
		}
		behind := 1 // the comma; the last element has what stands behind the list as well
		if i == len(l)-1 {
			behind = allowance
		}
		p.format(e, indent+1, behind, level)
	}
	p.out = append(p.out, ']')
}

// dict writes one pair a line; values begin behind their key.
func (p *printer) dict(d *Dict, indent, allowance, level int) {
	p.out = append(p.out, '{')
	for i, j := range d.sorted() {
		if i > 0 {
			p.out = append(p.out, ',')
			p.newline(indent + 1)
		}
		n := len(p.out)
		p.out = appendRepr(p.out, d.keys[j])
		// A key is never broken, even if it is wider than the page.
		width := utf8.RuneCount(p.out[n:])
		p.out = append(p.out, ": "...)
		behind := 1
		if i == len(d.keys)-1 {
			behind = allowance
		}
		p.format(d.values[j], indent+1+width+2, behind, level)
	}
	p.out = append(p.out, '}')
}
